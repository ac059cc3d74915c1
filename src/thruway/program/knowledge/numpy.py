"""NumPy: its arrays, its files, its global random stream and its print options."""

from thruway.program.knowledge.table import Table

STREAM = """
    numpy.random: rand randn randint random random_sample ranf sample random_integers choice bytes
    shuffle permutation beta binomial chisquare dirichlet exponential f gamma geometric gumbel
    hypergeometric laplace logistic lognormal logseries multinomial multivariate_normal
    negative_binomial noncentral_chisquare noncentral_f normal pareto poisson power rayleigh
    standard_cauchy standard_exponential standard_gamma standard_normal standard_t triangular
    uniform vonmises wald weibull zipf seed set_state get_state
"""

TABLE = Table(
    library="numpy",
    modules={"prepare": "numpy"},
    roles={
        "ingest": "numpy: load loadtxt genfromtxt fromfile fromregex memmap",
        "export": "numpy: save savez savez_compressed savetxt",
        "prepare": """
            numpy: array asarray concatenate vstack hstack column_stack row_stack stack where select
            log log1p log2 log10 exp expm1 sqrt square power clip digitize histogram reshape ravel
            zeros ones full empty arange linspace logspace eye identity meshgrid nan_to_num isnan
            unique sort argsort argmax argmin transpose expand_dims squeeze repeat tile vectorize
            c_ r_ float32 float64 int32 int64 delete insert append split array_split percentile
            quantile median mean std var sum min max round
        """,
    },
    effects={
        "random:numpy": STREAM,
        "options:numpy": "numpy: set_printoptions seterr printoptions errstate",
        "argument:0": """
            numpy: put place putmask copyto fill_diagonal put_along_axis
            numpy.random: shuffle
        """,
    },
    parameters="""
        numpy: load(file) loadtxt(fname) genfromtxt(fname) fromfile(file) memmap(filename)
        save(file,arr) savez(file) savez_compressed(file) savetxt(fname,X) clip(a,a_min,a_max)
        numpy.random: seed(seed) RandomState(seed) default_rng(seed)
    """,
    lift={
        "path": """
            numpy: load.file loadtxt.fname genfromtxt.fname fromfile.file memmap.filename save.file
            savez.file savez_compressed.file savetxt.fname
        """,
        "seed": "numpy.random: seed.seed RandomState.seed default_rng.seed",
    },
    gone="numpy: row_stack numpy.random: random_integers",
)
