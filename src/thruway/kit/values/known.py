"""What a stream of objects may name, so that reading it cannot run a stranger's code.

`objects/3` is pickle's own stream, written when all that it names is in the tables below, and read
by an unpickler that finds nothing else. A name is listed with what may be done with it:

- **made**: a class, made without being called (`cls.__new__(cls)`), then given its attributes;
- **called**: a class or function, called with what the stream holds; **restored**: and then given
  a state;
- **filled**: made or called, and then given items;
- **named**: held as a value (a type, a ufunc, a metric), never touched while reading.

What gets in: constructors that only keep what they are given. What does not: whatever looks up
names (`getattr`, `operator`), imports, opens, evaluates or unpickles; whatever calls what it is
given (`functools.partial`, `map`); classes that free memory by an address they hold (XGBoost's
`DMatrix`, LightGBM's `Dataset`); plans that carry functions (Polars' lazy frames).

Arrays and dtypes are not in the list: NumPy restores both from states that can lie about what is
a pointer. `rebuild` makes them from checked parts instead.

`*` stands for every class that a module defines and that is nothing but its attributes. It leaves
out classes with a `__new__` or a `__del__` of their own, which are listed by name where needed.

Source: the idea is that of `torch.load(weights_only=True)` and of skops.
"""

from __future__ import annotations

import builtins
import functools
import importlib
import re
from typing import Any, NamedTuple

from thruway.kit.values import origin

ANY = "*"


class Known(NamedTuple):
    """What of some modules a stream may name; names are separated by spaces."""

    modules: str  # a regular expression for the whole dotted name
    made: str = ""
    called: str = ""
    restored: str = ""
    filled: str = ""
    named: str = ""


_ERRORS = " ".join(
    name
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, Exception) and kind.__name__ == name
)

STANDARD = (
    Known(
        "builtins",
        made="object",
        called="complex range slice",
        restored=_ERRORS,
        named=(
            f"{_ERRORS} bool int float complex str bytes bytearray list tuple dict set frozenset "
            "range slice object Ellipsis NotImplemented"
        ),
    ),
    Known(
        "collections",
        made="UserDict UserList UserString ChainMap",
        restored="OrderedDict defaultdict Counter deque",
        filled="OrderedDict defaultdict Counter deque",
        named="OrderedDict defaultdict Counter deque",
    ),
    Known(
        "datetime",
        called="date datetime time timedelta timezone",
        named="date datetime time timedelta",
    ),
    Known("decimal", called="Decimal", named="Decimal"),
    Known("fractions", called="Fraction", named="Fraction"),
    Known("uuid", made="UUID", named="UUID"),
    Known("re", called="_compile"),
    Known(
        r"pathlib(\._local)?", called="PurePath PurePosixPath PureWindowsPath PosixPath WindowsPath"
    ),
    Known("array", called="_array_reconstructor", named="array"),
    Known("random", restored="Random"),
    Known(
        "ipaddress",
        called="IPv4Address IPv6Address IPv4Network IPv6Network IPv4Interface IPv6Interface",
    ),
    Known("_io", made="BytesIO StringIO"),
    Known("types", restored="SimpleNamespace"),
    Known("zoneinfo", named="ZoneInfo"),
    Known("pytz", called="_UTC _p FixedOffset"),
    Known(r"dateutil\.relativedelta", made="relativedelta"),
)

NUMPY = (
    Known(
        "numpy",
        made="poly1d",
        named=(
            "ndarray matrix recarray record generic number bool bool_ object_ str_ bytes_ void "
            "int8 int16 int32 int64 uint8 uint16 uint32 uint64 intc uintc longlong ulonglong "
            "float16 float32 float64 longdouble float128 complex64 complex128 clongdouble "
            "complex256 datetime64 timedelta64"
        ),
    ),
    Known(r"numpy\.rec(ords)?|numpy\.core\.records", named="recarray record"),
    Known(r"numpy\.matrixlib\.defmatrix", named="matrix"),
    Known(r"numpy\._?core\.multiarray", called="scalar"),
    Known(r"numpy\._core\._internal", called="_convert_to_stringdtype_kwargs"),
    Known(r"numpy\.ma(\.core)?", called="MaskedConstant", named="MaskedArray"),
    Known(
        r"numpy\.polynomial\.(polynomial|chebyshev|legendre|laguerre|hermite|hermite_e)",
        made="Polynomial Chebyshev Legendre Laguerre Hermite HermiteE",
    ),
    Known(
        r"numpy\.random\._pickle",
        called="__generator_ctor",
        restored="__bit_generator_ctor __generator_ctor __randomstate_ctor",
        named="__bit_generator_ctor",
    ),
    Known(
        r"numpy\.random\._(mt19937|pcg64|philox|sfc64)",
        named="MT19937 PCG64 PCG64DXSM Philox SFC64",
    ),
    Known(
        r"numpy\.random\.bit_generator",
        restored="__pyx_unpickle_SeedSequence",
        named="SeedSequence",
    ),
    Known(r"numpy\.random\.mtrand", named="_rand"),
)

SCIPY = (
    Known(
        r"scipy\.sparse(\._?(csr|csc|coo|bsr|dia|lil|arrays|matrix))?",
        made=(
            "csr_matrix csc_matrix coo_matrix bsr_matrix dia_matrix lil_matrix "
            "csr_array csc_array coo_array bsr_array dia_array lil_array"
        ),
    ),
    Known(r"scipy\.interpolate\._bsplines", made="BSpline"),
    Known(r"scipy\._lib\.array_api_compat\.numpy\._aliases", named="asarray"),
)

_FRAMES = "DataFrame Series"
_INDEXES = (
    "Index RangeIndex MultiIndex CategoricalIndex DatetimeIndex TimedeltaIndex PeriodIndex "
    "IntervalIndex NumericIndex Int64Index UInt64Index Float64Index"
)
_ARRAYS = (
    "Categorical DatetimeArray TimedeltaArray PeriodArray IntervalArray StringArray "
    "NumpyExtensionArray PandasArray"
)
_MASKED_ARRAYS = (
    "IntegerArray FloatingArray BooleanArray SparseArray ArrowExtensionArray ArrowStringArray "
    "ArrowStringArrayNumpySemantics"
)
_DTYPES = (
    "Int8Dtype Int16Dtype Int32Dtype Int64Dtype UInt8Dtype UInt16Dtype UInt32Dtype UInt64Dtype "
    "Float32Dtype Float64Dtype BooleanDtype StringDtype CategoricalDtype DatetimeTZDtype "
    "IntervalDtype PeriodDtype SparseDtype ArrowDtype NumpyEADtype PandasDtype"
)
_OFFSETS = (
    "Day Hour Minute Second Milli Micro Nano BusinessDay BusinessHour BusinessMonthBegin "
    "BusinessMonthEnd BYearBegin BYearEnd BQuarterBegin BQuarterEnd BHalfYearBegin BHalfYearEnd "
    "HalfYearBegin HalfYearEnd MonthBegin MonthEnd QuarterBegin QuarterEnd YearBegin YearEnd Week "
    "WeekOfMonth LastWeekOfMonth SemiMonthBegin SemiMonthEnd FY5253 FY5253Quarter Easter "
    "DateOffset"
)

PANDAS = (
    Known(
        r"pandas(\.arrays|\.core\.(frame|series|arrays\.[\w.]+|dtypes\.dtypes|indexes\.\w+))?",
        made=f"{_FRAMES} {_MASKED_ARRAYS} {_DTYPES}",
        called=f"{_DTYPES} Interval Period",
        restored="DateOffset",
        named=f"{_FRAMES} {_INDEXES} {_ARRAYS} {_MASKED_ARRAYS} Timestamp Timedelta Period "
        "Interval NA NaT",
    ),
    Known(r"pandas\.core\.indexes\.base", called="_new_Index"),
    Known(r"pandas\.core\.indexes\.datetimes", called="_new_DatetimeIndex"),
    Known(r"pandas\.core\.indexes\.timedeltas", called="_new_TimedeltaIndex"),
    Known(r"pandas\.core\.indexes\.period", called="_new_PeriodIndex"),
    Known(r"pandas\.core\.indexes\.interval", called="_new_IntervalIndex"),
    Known(r"pandas\.core\.internals\.managers", made="SingleBlockManager", called="BlockManager"),
    Known(r"pandas\._libs\.internals", called="_unpickle_block"),
    Known(r"pandas\._libs\.arrays", restored="__pyx_unpickle_NDArrayBacked"),
    Known(r"pandas\._libs\.interval", called="Interval", restored="__pyx_unpickle_IntervalMixin"),
    Known(r"pandas\._libs\.missing", named="NA"),
    Known(r"pandas\._libs\.sparse", called="IntIndex BlockIndex"),
    Known(r"pandas\._libs\.tslibs\.nattype", called="_nat_unpickle __nat_unpickle"),
    Known(r"pandas\._libs\.tslibs\.timestamps", called="_unpickle_timestamp", named="Timestamp"),
    Known(r"pandas\._libs\.tslibs\.timedeltas", called="_timedelta_unpickle", named="Timedelta"),
    Known(r"pandas\._libs\.tslibs\.period", called="Period"),
    Known(r"pandas\._libs\.tslibs\.offsets", made=_OFFSETS, called=_OFFSETS, restored=_OFFSETS),
)

ARROW = (
    Known(
        r"pyarrow\.lib",
        called=(
            "_restore_array chunked_array _reconstruct_table _reconstruct_record_batch py_buffer "
            "schema field scalar type_for_alias struct dictionary list_ large_list list_view "
            "large_list_view map_ binary decimal32 decimal64 decimal128 decimal256 timestamp "
            "time32 time64 duration dense_union sparse_union union run_end_encoded"
        ),
    ),
)

POLARS = (
    Known(r"polars\.dataframe\.frame", made="DataFrame"),
    Known(r"polars\.series\.series", made="Series"),
    Known(r"polars\.datatypes\.classes", made=ANY, named=ANY),
)

SKLEARN = (
    Known(
        r"sklearn\.(?!callback|conftest|datasets|experimental|externals|inspection|tests|utils)"
        r"(?!.*\btests\b)[\w.]+",
        made=ANY,
    ),
    Known(r"sklearn\.utils\._bunch", made="Bunch", filled="Bunch"),
    Known(
        r"sklearn\.utils\._metadata_requests",
        made="MetadataRequest MethodMetadataRequest MetadataRouter MethodMapping",
    ),
    Known(
        r"sklearn\.linear_model\._passive_aggressive",
        made="PassiveAggressiveClassifier PassiveAggressiveRegressor",
    ),
    Known(
        r"sklearn\.(impute\._iterative|gaussian_process\.kernels)",
        made="_ImputerTriplet Hyperparameter",
    ),
    Known(r"sklearn\.tree\._tree", restored="Tree"),
    Known(
        r"sklearn\.(neighbors\._(kd|ball)_tree|metrics\._dist_metrics)",
        restored="newObj",
        named=ANY,
    ),
    Known(
        r"sklearn\._loss\._loss",
        called=(
            "CyHalfSquaredError CyAbsoluteError CyPinballLoss CyHuberLoss CyHalfPoissonLoss "
            "CyHalfGammaLoss CyHalfTweedieLoss CyHalfTweedieLossIdentity CyHalfBinomialLoss "
            "CyExponentialLoss CyHalfMultinomialLoss"
        ),
        restored=(
            "__pyx_unpickle_CyHalfSquaredError __pyx_unpickle_CyAbsoluteError "
            "__pyx_unpickle_CyPinballLoss __pyx_unpickle_CyHuberLoss "
            "__pyx_unpickle_CyHalfPoissonLoss __pyx_unpickle_CyHalfGammaLoss "
            "__pyx_unpickle_CyHalfTweedieLoss __pyx_unpickle_CyHalfTweedieLossIdentity "
            "__pyx_unpickle_CyHalfBinomialLoss __pyx_unpickle_CyExponentialLoss "
            "__pyx_unpickle_CyHalfMultinomialLoss"
        ),
        named=ANY,
    ),
    Known(
        r"sklearn\.linear_model\._sgd_fast",
        called=(
            "Hinge SquaredHinge Log ModifiedHuber SquaredLoss Huber EpsilonInsensitive "
            "SquaredEpsilonInsensitive"
        ),
    ),
    # Functions that estimators hold: scores and inner loops. They compute on arrays.
    Known(
        r"sklearn\.feature_selection\._univariate_selection",
        named="f_classif f_regression f_oneway chi2 r_regression",
    ),
    Known(
        r"sklearn\.feature_selection\._mutual_info",
        named="mutual_info_classif mutual_info_regression",
    ),
    Known(
        r"sklearn\.cluster\._kmeans",
        named="_kmeans_single_lloyd _kmeans_single_elkan",
    ),
    Known(r"sklearn\.metrics\._scorer", named="_passthrough_scorer"),
    Known(
        r"sklearn\.metrics\._classification",
        named=(
            "accuracy_score balanced_accuracy_score brier_score_loss cohen_kappa_score f1_score "
            "fbeta_score hamming_loss hinge_loss jaccard_score log_loss matthews_corrcoef "
            "precision_score recall_score zero_one_loss d2_log_loss_score d2_brier_score "
            "class_likelihood_ratios"
        ),
    ),
    Known(
        r"sklearn\.metrics\._ranking",
        named=(
            "average_precision_score coverage_error dcg_score "
            "label_ranking_average_precision_score label_ranking_loss "
            "ndcg_score roc_auc_score top_k_accuracy_score"
        ),
    ),
    Known(
        r"sklearn\.metrics\._regression",
        named=(
            "d2_absolute_error_score d2_pinball_score d2_tweedie_score explained_variance_score "
            "max_error mean_absolute_error mean_absolute_percentage_error mean_gamma_deviance "
            "mean_pinball_loss mean_poisson_deviance mean_squared_error mean_squared_log_error "
            "mean_tweedie_deviance median_absolute_error r2_score root_mean_squared_error "
            "root_mean_squared_log_error"
        ),
    ),
    Known(
        r"sklearn\.metrics\.cluster\._supervised",
        named=(
            "adjusted_mutual_info_score adjusted_rand_score completeness_score "
            "fowlkes_mallows_score homogeneity_score mutual_info_score "
            "normalized_mutual_info_score rand_score v_measure_score"
        ),
    ),
)

BOOSTERS = (
    Known(r"xgboost\.core", made="Booster"),
    Known(r"xgboost\.sklearn", made=ANY),
    Known(r"lightgbm\.basic", made="Booster"),
    Known(r"lightgbm\.sklearn", made=ANY),
)

TORCH = (
    Known(
        "torch",
        called="Size device",
        named=(
            "float16 float32 float64 bfloat16 complex32 complex64 complex128 uint8 uint16 uint32 "
            "uint64 int8 int16 int32 int64 bool float8_e4m3fn float8_e5m2 float8_e4m3fnuz "
            "float8_e5m2fnuz"
        ),
    ),
)

OURS = (
    Known(
        r"thruway\.kit\.values\.rebuild",
        called=(
            "array annotated dtype_of fill laid masked objects row set_gradient singleton storage "
            "subarray structure tensor texts ufunc viewed window words zone"
        ),
    ),
    Known(r"thruway\.kit\.gate", made="Gate"),
    Known(r"thruway\.components\..*", made=ANY),
)

TABLES: tuple[Known, ...] = (
    *STANDARD, *NUMPY, *SCIPY, *PANDAS, *ARROW, *POLARS, *SKLEARN, *BOOSTERS, *TORCH, *OURS,
)  # fmt: skip

# Extension modules that were built with the wrong name for themselves.
_RENAMED = {"_loss": "sklearn._loss._loss"}
_TABLE = tuple((re.compile(row.modules), row) for row in TABLES)
_CONTAINERS = (object, dict, list, tuple, set, frozenset)


class Unlisted(Exception):  # noqa: N818 - what a stream is refused for
    """A stream names, or does with a name, what is not listed."""


def actual(module: str) -> str:
    """Return the name by which a module is found."""
    return _RENAMED.get(module, module)


@functools.lru_cache(maxsize=8192)
def roles(module: str, name: str) -> frozenset[str]:
    """Return what a stream may do with a name of a module, empty when it may not even name it.

    Example:
        >>> sorted(roles("datetime", "date"))
        ['called', 'named']
        >>> roles("os", "system")
        frozenset()
    """
    module = actual(module)
    found: set[str] = set()
    if "." in name:
        return frozenset()  # an attribute of an attribute
    for pattern, row in _TABLE:
        if pattern.fullmatch(module):
            for role, names in zip(row._fields[1:], row[1:], strict=True):
                if name in names.split():
                    found |= {role, "named"} if role != "named" else {role}
                elif names == ANY and _is_its_attributes(module, name, role):
                    found |= {role, "named"}
    return frozenset(found) if found and _is_the_library(module) else frozenset()


def find(module: str, name: str) -> Any:
    """Return what a stream names, if it may.

    Raises:
        Unlisted: it is not in the tables.
    """
    if not roles(module, name):
        raise Unlisted(f"`{module}.{name}` is not among what is known to be harmless")
    return vars(importlib.import_module(actual(module)))[name]


def _is_the_library(module: str) -> bool:
    """Return whether a module is not one of the program's that is called like a library's."""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return not origin.first_party(module)


def _is_its_attributes(module: str, name: str, role: str) -> bool:
    """Return whether a name is a class of just that module which is nothing but its attributes."""
    try:
        kind = vars(importlib.import_module(module)).get(name)
    except ImportError:
        return False
    if not isinstance(kind, type) or actual(kind.__module__) != module or kind.__name__ != name:
        return False
    return role == "named" or not any(map(_acts, kind.__mro__))


def _acts(kind: type) -> bool:
    """Return whether a class does something of its own when it is made or thrown away."""
    if kind in _CONTAINERS:
        return False
    own = vars(kind)
    return "__del__" in own or ("__new__" in own and not _is_named_tuple(kind))


def _is_named_tuple(kind: type) -> bool:
    return issubclass(kind, tuple) and isinstance(getattr(kind, "_fields", None), tuple)
