"""LightGBM: the scikit-learn face and the native one."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="lightgbm",
    roles={
        "train": """
            lightgbm: LGBMClassifier LGBMRegressor LGBMRanker LGBMModel Booster train
            early_stopping log_evaluation record_evaluation reset_parameter
            lightgbm.sklearn: LGBMClassifier LGBMRegressor LGBMRanker
        """,
        "prepare": "lightgbm: Dataset",
        "evaluate": "lightgbm: cv",
        "explore": """
            lightgbm: plot_importance plot_metric plot_tree create_tree_digraph
            plot_split_value_histogram
        """,
    },
    effects={
        "figure": "lightgbm: plot_importance plot_metric plot_tree plot_split_value_histogram",
    },
    parameters="""
        lightgbm: train(params,train_set,num_boost_round) cv(params,train_set,num_boost_round)
        Dataset(data,label) early_stopping(stopping_rounds) LGBMClassifier(boosting_type)
        LGBMRegressor(boosting_type)
    """,
    lift={
        "hyperparameter": "lightgbm: early_stopping.stopping_rounds cv.nfold",
        "path": "lightgbm: Booster.model_file",
    },
    tunable=frozenset({"train", "evaluate"}),
)
