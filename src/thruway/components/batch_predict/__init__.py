"""`batch_predict`: predictions for many rows, with little memory, and taken up where it stopped."""

from thruway.components.batch_predict.batch_predict import InferenceResult, batch_predict

__all__ = ["InferenceResult", "batch_predict"]
