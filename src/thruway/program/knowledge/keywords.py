"""Keywords of estimators, splitters and searches whose literals can become parameters.

What says how much is printed, how many processes run, or along which axis, is not among them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from thruway.program.knowledge.table import LiftKind

SEEDS = "random_state seed random_seed bagging_seed feature_fraction_seed data_random_seed"

THRESHOLDS = "threshold"

HYPERPARAMETERS = """
    C alpha alpha_1 alpha_2 l1_ratio penalty loss kernel degree gamma coef0 epsilon nu shrinking
    tol max_iter n_iter n_iter_no_change fit_intercept solver dual multi_class class_weight
    learning_rate learning_rate_init eta eta0 power_t momentum nesterovs_momentum
    hidden_layer_sizes activation batch_size early_stopping validation_fraction
    n_estimators num_boost_round max_depth min_samples_split min_samples_leaf max_features
    max_leaf_nodes min_weight_fraction_leaf min_impurity_decrease ccp_alpha criterion splitter
    bootstrap oob_score max_samples subsample subsample_freq subsample_for_bin
    colsample_bytree colsample_bylevel colsample_bynode min_child_weight min_child_samples
    min_split_gain reg_alpha reg_lambda reg_param lambda_l1 lambda_l2 max_delta_step
    scale_pos_weight base_score num_leaves num_parallel_tree max_bin min_data_in_leaf
    feature_fraction bagging_fraction bagging_freq boosting_type booster objective tree_method
    grow_policy importance_type eval_metric metric num_class early_stopping_rounds max_bins
    l2_regularization iterations depth l2_leaf_reg border_count rsm algorithm
    n_neighbors weights leaf_size p radius n_clusters n_init init eps min_samples linkage affinity
    distance_threshold bandwidth damping preference branching_factor min_cluster_size
    n_components covariance_type reg_covar perplexity early_exaggeration whiten svd_solver
    n_bins encode strategy fill_value degree interaction_only include_bias n_knots
    quantile_range feature_range with_mean with_std norm output_distribution n_quantiles
    handle_unknown drop min_frequency max_categories unknown_value
    ngram_range max_df min_df analyzer stop_words sublinear_tf use_idf smooth_idf n_features
    score_func k percentile k_best n_features_to_select step
    test_size train_size n_splits n_repeats cv scoring refit n_candidates factor n_trials
    var_smoothing fit_prior priors shrinkage store_covariance smoothing
    contamination support_fraction novelty voting stack_method final_estimator passthrough
    n_alphas alphas Cs l1_ratios gcv_mode huber_loss quantile power link method sampling_strategy
    k_neighbors max_trials n_nearest_features initial_strategy
    """

KEYWORDS: dict[str, LiftKind] = {
    **dict.fromkeys(HYPERPARAMETERS.split(), "hyperparameter"),
    **dict.fromkeys(SEEDS.split(), "seed"),
    **dict.fromkeys(THRESHOLDS.split(), "threshold"),
}
