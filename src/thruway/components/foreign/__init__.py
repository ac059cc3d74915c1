"""Components of other systems as steps: what the functions that `thruway import` writes call.

`kubeflow` runs a component that a YAML file describes, `airflow` an operator, `tfx` the executor of
a component. None of the three systems is imported before such a step runs.
"""
