"""scikit-learn: most of its APIs have the role of their module; the others are named."""

from thruway.program.knowledge.table import Table

# Imports that only switch on what another module then has: name → that module, and what it has.
ENABLES = {
    "enable_halving_search_cv": ("sklearn.model_selection", "Halving"),
    "enable_iterative_imputer": ("sklearn.impute", "IterativeImputer"),
}

TABLE = Table(
    library="sklearn",
    modules={
        "ingest": "sklearn.datasets",
        "transform": """
            sklearn.preprocessing sklearn.impute sklearn.decomposition sklearn.feature_extraction
            sklearn.feature_selection sklearn.compose sklearn.pipeline sklearn.random_projection
            sklearn.kernel_approximation sklearn.manifold sklearn.cross_decomposition
        """,
        "train": """
            sklearn.linear_model sklearn.ensemble sklearn.tree sklearn.svm sklearn.neighbors
            sklearn.naive_bayes sklearn.neural_network sklearn.discriminant_analysis sklearn.cluster
            sklearn.mixture sklearn.gaussian_process sklearn.kernel_ridge sklearn.isotonic
            sklearn.multiclass sklearn.multioutput sklearn.semi_supervised sklearn.calibration
            sklearn.dummy sklearn.covariance sklearn.frozen sklearn.experimental
        """,
        "evaluate": "sklearn.metrics sklearn.inspection",
        "split": "sklearn.cross_validation",
        "tune": "sklearn.grid_search",
    },
    roles={
        "split": """
            sklearn.model_selection: train_test_split KFold StratifiedKFold GroupKFold
            StratifiedGroupKFold RepeatedKFold RepeatedStratifiedKFold ShuffleSplit
            StratifiedShuffleSplit GroupShuffleSplit LeaveOneOut LeavePOut LeaveOneGroupOut
            LeavePGroupsOut TimeSeriesSplit PredefinedSplit BaseCrossValidator check_cv
        """,
        "tune": """
            sklearn.model_selection: GridSearchCV RandomizedSearchCV HalvingGridSearchCV
            HalvingRandomSearchCV ParameterGrid ParameterSampler TunedThresholdClassifierCV
            FixedThresholdClassifier
        """,
        "evaluate": """
            sklearn.model_selection: cross_val_score cross_validate learning_curve validation_curve
            permutation_test_score LearningCurveDisplay ValidationCurveDisplay
            sklearn.calibration: calibration_curve CalibrationDisplay
            sklearn.cross_validation: cross_val_score
        """,
        "predict": """
            sklearn.model_selection: cross_val_predict sklearn.cross_validation: cross_val_predict
        """,
        "train": "sklearn.base: clone sklearn.cross_decomposition: PLSRegression",
        "transform": """
            sklearn.cluster: FeatureAgglomeration sklearn.neural_network: BernoulliRBM
            sklearn.ensemble: RandomTreesEmbedding sklearn.base: TransformerMixin
        """,
        "prepare": """
            sklearn.utils: shuffle resample sklearn.utils.class_weight: compute_class_weight
            compute_sample_weight
            sklearn.metrics: pairwise_distances euclidean_distances
            sklearn.metrics.pairwise: pairwise_distances euclidean_distances cosine_similarity
            pairwise_kernels linear_kernel rbf_kernel
        """,
        "explore": """
            sklearn.tree: plot_tree export_text export_graphviz
            sklearn.inspection: PartialDependenceDisplay DecisionBoundaryDisplay
            sklearn.utils: estimator_html_repr
        """,
        "export": "sklearn.datasets: dump_svmlight_file sklearn.externals.joblib: dump",
        "ingest": "sklearn.externals.joblib: load",
    },
    effects={
        "options:sklearn": "sklearn: set_config config_context",
        "outside:network": """
            sklearn.datasets: fetch_openml fetch_california_housing fetch_20newsgroups fetch_covtype
            fetch_20newsgroups_vectorized fetch_kddcup99 fetch_lfw_pairs fetch_lfw_people
            fetch_olivetti_faces fetch_rcv1 fetch_species_distributions
        """,
        "figure": """
            sklearn.tree: plot_tree
            sklearn.metrics: ConfusionMatrixDisplay RocCurveDisplay PrecisionRecallDisplay
            DetCurveDisplay plot_confusion_matrix plot_roc_curve plot_precision_recall_curve
        """,
    },
    parameters="""
        sklearn.model_selection: KFold(n_splits) StratifiedKFold(n_splits) GroupKFold(n_splits)
        TimeSeriesSplit(n_splits) ShuffleSplit(n_splits) StratifiedShuffleSplit(n_splits)
        GridSearchCV(estimator,param_grid) RandomizedSearchCV(estimator,param_distributions)
        cross_val_score(estimator,X,y)
        sklearn.linear_model: LogisticRegression(penalty) Ridge(alpha) Lasso(alpha)
        ElasticNet(alpha) RidgeClassifier(alpha) SGDClassifier(loss) SGDRegressor(loss)
        HuberRegressor(epsilon) LassoCV() RidgeCV(alphas)
        sklearn.ensemble: RandomForestClassifier(n_estimators) RandomForestRegressor(n_estimators)
        ExtraTreesClassifier(n_estimators) ExtraTreesRegressor(n_estimators)
        BaggingClassifier(estimator,n_estimators) BaggingRegressor(estimator,n_estimators)
        AdaBoostClassifier(estimator) AdaBoostRegressor(estimator)
        HistGradientBoostingClassifier(loss)
        HistGradientBoostingRegressor(loss)
        sklearn.tree: export_graphviz(decision_tree,out_file) plot_tree(decision_tree)
        sklearn.neighbors: KNeighborsClassifier(n_neighbors) KNeighborsRegressor(n_neighbors)
        sklearn.neural_network: MLPClassifier(hidden_layer_sizes,activation)
        MLPRegressor(loss,hidden_layer_sizes,activation)
        sklearn.cluster: KMeans(n_clusters) MiniBatchKMeans(n_clusters) DBSCAN(eps)
        AgglomerativeClustering(n_clusters) SpectralClustering(n_clusters)
        sklearn.mixture: GaussianMixture(n_components)
        sklearn.decomposition: PCA(n_components) TruncatedSVD(n_components) NMF(n_components)
        FastICA(n_components) KernelPCA(n_components) LatentDirichletAllocation(n_components)
        sklearn.manifold: TSNE(n_components)
        sklearn.preprocessing: PolynomialFeatures(degree) Normalizer(norm)
        MinMaxScaler(feature_range)
        KBinsDiscretizer(n_bins)
        sklearn.feature_selection: VarianceThreshold(threshold) SelectKBest(score_func)
        SelectPercentile(score_func)
        sklearn.kernel_ridge: KernelRidge(alpha)
        sklearn.datasets: load_svmlight_file(f) load_files(container_path) fetch_openml(name)
        sklearn.utils: resample() shuffle()
        sklearn.externals.joblib: dump(value,filename) load(filename)
    """,
    lift={
        "path": """
            sklearn.datasets: load_svmlight_file.f load_files.container_path dump_svmlight_file.f
            sklearn.tree: export_graphviz.out_file
            sklearn.externals.joblib: dump.filename load.filename
        """,
        "seed": "sklearn.utils: shuffle.random_state resample.random_state",
        "hyperparameter": "sklearn.utils: resample.n_samples",
    },
    tunable=frozenset({"train", "tune", "transform", "split", "evaluate", "predict", "ingest"}),
    gone="""
        sklearn.cross_validation: cross_val_score cross_val_predict
        sklearn.externals.joblib: dump load
        sklearn.metrics: plot_confusion_matrix plot_roc_curve plot_precision_recall_curve
        sklearn.model_selection: HalvingGridSearchCV HalvingRandomSearchCV
    """,
)
