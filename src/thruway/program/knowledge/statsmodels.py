"""statsmodels: models by array and by formula, tests, and diagnostic plots."""

from thruway.program.knowledge.table import Table

TABLE = Table(
    library="statsmodels",
    modules={
        "ingest": "statsmodels.datasets statsmodels.api.datasets",
        "explore": "statsmodels.graphics statsmodels.stats",
        "train": """
            statsmodels.formula statsmodels.regression statsmodels.discrete statsmodels.genmod
            statsmodels.tsa.arima statsmodels.tsa.statespace statsmodels.tsa.holtwinters
            statsmodels.tsa.vector_ar statsmodels.tsa.ar_model statsmodels.robust
        """,
        "evaluate": "statsmodels.tools.eval_measures",
    },
    roles={
        "train": """
            statsmodels.api: OLS WLS GLS GLSAR RLM GLM Logit Probit MNLogit Poisson NegativeBinomial
            QuantReg MixedLM GEE PHReg
            statsmodels.tsa.api: ARIMA SARIMAX VAR AutoReg ExponentialSmoothing SimpleExpSmoothing
            Holt
        """,
        "prepare": """
            statsmodels.api: add_constant statsmodels.tools.tools: add_constant
            statsmodels.tools: add_constant
            statsmodels.tsa.tsatools: detrend lagmat add_trend
        """,
        "explore": """
            statsmodels.api: qqplot ProbPlot
            statsmodels.tsa.stattools: adfuller acf pacf kpss grangercausalitytests
            statsmodels.tsa.seasonal: seasonal_decompose STL
        """,
    },
    effects={
        "formula": """
            statsmodels.formula.api: ols wls gls glsar rlm glm logit probit mnlogit poisson
            negativebinomial quantreg mixedlm gee phreg
        """,
        "figure": "statsmodels.api: qqplot statsmodels.graphics.tsaplots: plot_acf plot_pacf",
    },
    parameters="""
        statsmodels.api: OLS(endog,exog) WLS(endog,exog) GLM(endog,exog) Logit(endog,exog)
        Probit(endog,exog) QuantReg(endog,exog)
        statsmodels.formula.api: ols(formula,data) logit(formula,data) glm(formula,data)
    """,
    lift={"hyperparameter": "statsmodels.tsa.api: ARIMA.order SARIMAX.order"},
    tunable=frozenset({"train"}),
)
