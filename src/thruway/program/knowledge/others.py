"""Libraries beside the main ones, as far as their calls decide a role or set a stream."""

from thruway.program.knowledge.table import Table

TABLES = (
    Table(
        library="joblib",
        roles={"ingest": "joblib: load", "export": "joblib: dump"},
        parameters="joblib: dump(value,filename) load(filename)",
        lift={"path": "joblib: dump.filename load.filename"},
    ),
    Table(
        library="scipy",
        modules={"explore": "scipy.stats", "prepare": "scipy.sparse scipy.special"},
        roles={
            "ingest": "scipy.io: loadmat scipy.sparse: load_npz",
            "export": "scipy.io: savemat scipy.sparse: save_npz",
            "tune": "scipy.optimize: minimize differential_evolution",
        },
        parameters="scipy.io: loadmat(file_name) savemat(file_name,mdict)",
        lift={"path": "scipy.io: loadmat.file_name savemat.file_name"},
    ),
    Table(
        library="catboost",
        roles={
            "train": "catboost: CatBoostClassifier CatBoostRegressor CatBoost CatBoostRanker",
            "prepare": "catboost: Pool",
            "evaluate": "catboost: cv",
        },
        tunable=frozenset({"train"}),
    ),
    Table(
        library="imblearn",
        modules={
            "transform": """
                imblearn.over_sampling imblearn.under_sampling imblearn.combine imblearn.pipeline
            """,
            "train": "imblearn.ensemble",
            "evaluate": "imblearn.metrics",
        },
        roles={"transform": "imblearn.over_sampling: SMOTE ADASYN RandomOverSampler"},
        tunable=frozenset({"transform", "train"}),
    ),
    Table(
        library="skrub",
        modules={"ingest": "skrub.datasets"},
        roles={
            "prepare": "skrub: deduplicate fuzzy_join Joiner AggJoiner Cleaner",
            "transform": """
                skrub: TableVectorizer tabular_pipeline GapEncoder MinHashEncoder StringEncoder
                DatetimeEncoder ToDatetime ApplyToCols SelectCols DropCols
            """,
            "explore": "skrub: TableReport column_associations",
        },
        tunable=frozenset({"transform"}),
    ),
    Table(
        library="optuna",
        roles={"tune": "optuna: create_study optuna.samplers: TPESampler RandomSampler"},
        modules={"tune": "optuna", "explore": "optuna.visualization"},
        effects={"options:optuna": "optuna.logging: set_verbosity"},
        lift={"seed": "optuna.samplers: TPESampler.seed RandomSampler.seed"},
        tunable=frozenset({"tune"}),
    ),
    Table(
        library="hyperopt",
        roles={"tune": "hyperopt: fmin Trials space_eval"},
        modules={"tune": "hyperopt"},
    ),
    Table(
        library="plotly",
        modules={"explore": "plotly"},
        roles={"explore": "plotly.express: scatter line bar histogram box"},
    ),
    Table(
        library="missingno",
        modules={"explore": "missingno"},
        roles={"explore": "missingno: matrix bar heatmap dendrogram"},
    ),
    Table(
        library="shap",
        modules={"explore": "shap"},
        roles={"explore": "shap: summary_plot TreeExplainer Explainer"},
    ),
    Table(
        library="torch",
        roles={
            "ingest": "torch: load",
            "export": "torch: save",
            "train": "torch.nn: Sequential Linear Module torch.optim: SGD Adam AdamW",
        },
        effects={
            "random:torch": """
                torch: manual_seed rand randn randint randperm normal bernoulli
                torch.cuda: manual_seed manual_seed_all
            """,
            "options:torch": "torch: set_printoptions set_default_dtype set_num_threads",
        },
        parameters="torch: manual_seed(seed) load(f) save(obj,f)",
        lift={
            "seed": "torch: manual_seed.seed",
            "path": "torch: load.f save.f",
            "hyperparameter": "torch.optim: SGD.lr Adam.lr AdamW.lr",
        },
    ),
    Table(
        library="tensorflow",
        modules={"train": "tensorflow.keras"},
        roles={
            "ingest": "tensorflow.keras.models: load_model",
            "transform": "tensorflow.keras.utils: to_categorical",
        },
        effects={
            "random:tensorflow": """
                tensorflow.random: set_seed normal uniform tensorflow: set_random_seed
                tensorflow.compat.v1: set_random_seed
            """,
        },
        parameters="""
            tensorflow.random: set_seed(seed) tensorflow.keras.models:
            load_model(filepath)
        """,
        lift={
            "seed": "tensorflow.random: set_seed.seed",
            "path": "tensorflow.keras.models: load_model.filepath",
        },
        tunable=frozenset({"train"}),
    ),
    Table(
        library="keras",
        modules={"train": "keras"},
        roles={"ingest": "keras.models: load_model"},
        effects={"random:tensorflow": "keras.utils: set_random_seed"},
        parameters="keras.models: load_model(filepath)",
        lift={"path": "keras.models: load_model.filepath"},
        tunable=frozenset({"train"}),
    ),
    Table(
        library="requests",
        roles={"ingest": "requests: get post"},
        effects={"outside:network": "requests: get post put delete request Session"},
    ),
    Table(
        library="sqlalchemy",
        roles={"ingest": "sqlalchemy: create_engine"},
    ),
    Table(
        library="IPython",
        roles={"explore": "IPython.display: display HTML Markdown Image"},
    ),
)
