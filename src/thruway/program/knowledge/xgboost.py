"""XGBoost: the scikit-learn face and the native one."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="xgboost",
    roles={
        "train": """
            xgboost: XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor Booster
            XGBModel train
            xgboost.sklearn: XGBClassifier XGBRegressor XGBRanker
        """,
        "prepare": "xgboost: DMatrix QuantileDMatrix",
        "evaluate": "xgboost: cv",
        "explore": "xgboost: plot_importance plot_tree to_graphviz",
    },
    modules={"train": "xgboost.dask xgboost.callback"},
    effects={
        "options:xgboost": "xgboost: set_config config_context",
        "figure": "xgboost: plot_importance plot_tree",
    },
    parameters="""
        xgboost: train(params,dtrain,num_boost_round)
        cv(params,dtrain,num_boost_round,nfold)
    """,
    lift={"hyperparameter": "xgboost: cv.nfold", "path": "xgboost: Booster.model_file"},
    tunable=frozenset({"train", "evaluate"}),
)
