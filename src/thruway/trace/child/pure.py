"""What is known to leave its receiver or its arguments alone: the one place to add to."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# Functions of these packages leave their arguments alone, but for the exceptions below.
PACKAGES = _words("""
    numpy pandas sklearn scipy matplotlib seaborn
    math time statistics json re os posix posixpath glob
""")
EXCEPTIONS = _words("""
    put place copyto fill_diagonal putmask put_along_axis shuffle at setfield byteswap resize
    set_printoptions save load eval query piecewise apply_along_axis apply_over_axes vectorize
    frompyfunc fromfunction fromiter nditer require setattr
""")
BUILTINS = _words("""
    print len type isinstance issubclass sorted range enumerate zip sum min max abs round str int
    float complex bool list dict set tuple frozenset repr any all reversed hash id callable
    format divmod pow ord chr bin hex slice
""")
# Methods of frames, series, arrays, indexes, text, dates, containers and estimators.
METHODS = _words("""
    head tail describe info mean median std var sum min max count nunique unique value_counts
    isnull isna notnull notna corr cov copy groupby agg aggregate sample nlargest nsmallest
    sort_values sort_index reset_index set_index rename drop drop_duplicates duplicated dropna
    fillna replace astype round abs clip rank shift diff cumsum cumprod cummax cummin pct_change
    quantile mode skew kurt merge join concat isin between idxmax idxmin argmax argmin argsort
    to_numpy to_list tolist to_dict to_frame to_string item keys values items equals get
    pivot pivot_table melt stack unstack reshape ravel flatten transpose squeeze dot any all
    first last size ngroups nth eq ne lt le gt ge sub mul div select_dtypes memory_usage
    reindex assign mask where iterrows itertuples plot hist boxplot bar barh scatter line pie box
    kde density area rolling expanding resample ewm prod ptp nonzero repeat take searchsorted
    get_group crosstab explode combine_first add_prefix add_suffix
    to_csv to_excel to_parquet to_json to_html to_markdown to_pickle
    lower upper strip lstrip rstrip split rsplit join startswith endswith contains extract title
    format find count cat len zfill splitlines encode decode isdigit isalpha isnumeric index
    strftime date time day_name month_name isocalendar total_seconds normalize to_period
    union intersection difference issubset
    predict predict_proba predict_log_proba score decision_function get_params
    get_feature_names_out
    apply map applymap transform filter pipe
""")
# Of those, the ones that run a function they are given.
CALLBACKS = _words("apply map applymap transform filter pipe agg aggregate")
# Methods of plain estimators that change the estimator, and nothing else.
FITTING = _words("fit fit_transform fit_predict partial_fit")
# Keywords that let a function work on the memory it was given, unless they say True.
COPYING = _words("copy copy_X copy_x overwrite_a overwrite_b overwrite_x")
# Values of pandas that reading does not use up.
PANDAS_TYPES = _words("""
    DataFrame Series Index RangeIndex MultiIndex DatetimeIndex TimedeltaIndex PeriodIndex
    CategoricalIndex IntervalIndex Int64Index Float64Index UInt64Index
    Timestamp Timedelta Period Interval NaTType NAType Categorical
    DataFrameGroupBy SeriesGroupBy
""")
# Methods that change the receiver alone.
BUILDING = _words(
    "append extend insert add update setdefault sort reverse pop remove discard clear"
)
# Functions that give a new object, sharing nothing with their arguments.
MAKERS = _words("""
    list dict set sorted zeros ones empty full zeros_like ones_like empty_like full_like array
    arange linspace column_stack hstack vstack concatenate concat get_dummies read_csv
""")
# Parameters by which an estimator takes another one, which it would then fit too.
HOLDERS = _words("""
    estimator estimators base_estimator final_estimator steps transformers transformer_list
    regressor classifier transformer
""")
