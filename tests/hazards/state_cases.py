"""Hazards around the program: options, streams, environment, figures, logging.

name → (why it is hard, program). Each program ends in `RESULT`, a plain value.
"""

CASES = {
    "one Generator shared by cells": (
        "every draw moves the one object",
        """
        # %%
        import numpy as np
        rng = np.random.default_rng(3)
        a = int(rng.integers(1000))
        # %%
        b = rng.normal(size=2).round(6).tolist()
        # %%
        RESULT = [a, b, int(rng.integers(1000))]
        """,
    ),
    "a Generator handed to an object": (
        "the object and the name draw from one stream",
        """
        # %%
        import numpy as np
        rng = np.random.default_rng(3)
        class Sampler:
            def __init__(self, rng):
                self.rng = rng
            def draw(self):
                return int(self.rng.integers(1000))
        sampler = Sampler(rng)
        # %%
        a = sampler.draw()
        # %%
        b = int(rng.integers(1000))
        # %%
        RESULT = [a, b, sampler.draw()]
        """,
    ),
    "a RandomState as random_state": (
        "an estimator draws from the program's own instance",
        """
        # %%
        import numpy as np
        from sklearn.model_selection import train_test_split
        rs = np.random.RandomState(7)
        data = list(range(12))
        # %%
        train, test = train_test_split(data, test_size=4, random_state=rs)
        # %%
        again = train_test_split(train, test_size=2, random_state=rs)[1]
        # %%
        RESULT = [test, again, int(rs.randint(100))]
        """,
    ),
    "children of a SeedSequence": (
        "spawning counts",
        """
        # %%
        import numpy as np
        seq = np.random.SeedSequence(5)
        a = np.random.default_rng(seq.spawn(1)[0])
        # %%
        b = np.random.default_rng(seq.spawn(1)[0])
        # %%
        RESULT = [int(a.integers(100)), int(b.integers(100)), seq.n_children_spawned]
        """,
    ),
    "one random.Random shared by cells": (
        "every draw moves the one object",
        """
        # %%
        import random
        r = random.Random(5)
        a = r.random()
        # %%
        items = list(range(5))
        r.shuffle(items)
        # %%
        RESULT = [a, items, r.randint(0, 99)]
        """,
    ),
    "a bound method of a stream": (
        "`rand = rng.random` hides the stream",
        """
        # %%
        import random
        import numpy as np
        random.seed(3)
        np.random.seed(3)
        draw, drawn = random.random, np.random.rand
        a = [draw(), float(drawn())]
        # %%
        b = [draw(), float(drawn())]
        # %%
        RESULT = [a, b]
        """,
    ),
    "streams and estimators without a seed": (
        "random_state=None draws from NumPy's stream",
        """
        # %%
        import numpy as np
        from sklearn.ensemble import RandomForestClassifier
        np.random.seed(1)
        X, y = np.random.rand(30, 2), np.array([0, 1] * 15)
        # %%
        model = RandomForestClassifier(n_estimators=3).fit(X, y)
        # %%
        RESULT = [model.predict_proba(X[:3]).round(6).tolist(), float(np.random.rand())]
        """,
    ),
    "the state of a stream kept and restored": (
        "getstate and setstate",
        """
        # %%
        import random
        import numpy as np
        random.seed(1)
        saved, legacy = random.getstate(), np.random.get_state()
        a = [random.random(), float(np.random.rand())]
        # %%
        random.setstate(saved)
        np.random.set_state(legacy)
        # %%
        RESULT = [a, [random.random(), float(np.random.rand())]]
        """,
    ),
    "seeding in a function": (
        "the seed is set where no text shows it",
        """
        # %%
        import random
        import numpy as np
        def seed_everything(seed):
            random.seed(seed)
            np.random.seed(seed)
        # %%
        seed_everything(11)
        # %%
        a = random.random()
        # %%
        b = float(np.random.rand())
        # %%
        RESULT = [a, b, random.random()]
        """,
    ),
    "PYTHONHASHSEED, os.environ and getenv": (
        "the environment is a dictionary for everybody",
        """
        # %%
        import os
        os.environ["STAGE"] = "dev"
        os.environ.setdefault("REGION", "eu")
        # %%
        name = f"{os.getenv('STAGE')}-{os.environ['REGION']}"
        # %%
        os.environ["STAGE"] = "prod"
        del os.environ["REGION"]
        # %%
        RESULT = [name, os.getenv("STAGE"), os.getenv("REGION")]
        """,
    ),
    "os.environ from a value": (
        "a setting that the data decide",
        """
        # %%
        import os
        count = len([1, 2, 3])
        # %%
        os.environ["COUNT"] = str(count)
        # %%
        seen = os.environ["COUNT"]
        # %%
        RESULT = [seen, os.environ.get("COUNT")]
        """,
    ),
    "os.environ.update in a function": (
        "the setting is made where no text shows it",
        """
        # %%
        import os
        def configure(**values):
            os.environ.update(values)
        # %%
        configure(THE_MODE="fast")
        # %%
        RESULT = os.environ.get("THE_MODE")
        """,
    ),
    "os.chdir": (
        "paths mean something else from there on",
        """
        # %%
        import os
        os.makedirs("work", exist_ok=True)
        os.chdir("work")
        # %%
        with open("a.txt", "w") as f:
            f.write("hello")
        # %%
        RESULT = [open("a.txt").read(), os.path.basename(os.getcwd())]
        """,
    ),
    "os.chdir there and back": (
        "a folder for two cells",
        """
        # %%
        import os
        os.makedirs("work", exist_ok=True)
        os.chdir("work")
        # %%
        with open("a.txt", "w") as f:
            f.write("hello")
        # %%
        os.chdir("..")
        # %%
        RESULT = [os.path.exists("a.txt"), open("work/a.txt").read()]
        """,
    ),
    "sys.path": (
        "modules are found because of it",
        """
        # %%
        import os, sys
        os.makedirs("lib", exist_ok=True)
        with open("lib/tiny_helper_module.py", "w") as f:
            f.write("def f(v):\\n    return v + 1\\n")
        sys.path.insert(0, "lib")
        # %%
        import tiny_helper_module
        # %%
        RESULT = tiny_helper_module.f(3)
        """,
    ),
    "sys.setrecursionlimit": (
        "a limit of the interpreter",
        """
        # %%
        import sys
        sys.setrecursionlimit(3210)
        # %%
        a = sys.getrecursionlimit()
        # %%
        RESULT = a
        """,
    ),
    "sys.argv set by the program": (
        "a notebook that feeds its own parser",
        """
        # %%
        import argparse, sys
        sys.argv = ["prog", "--size", "7"]
        # %%
        parser = argparse.ArgumentParser()
        parser.add_argument("--size", type=int)
        args = parser.parse_args()
        # %%
        RESULT = args.size
        """,
    ),
    "sys.stdout redirected": (
        "prints go elsewhere until it is put back",
        """
        # %%
        import io, sys
        buffer, old = io.StringIO(), sys.stdout
        sys.stdout = buffer
        # %%
        print("hidden")
        # %%
        sys.stdout = old
        # %%
        RESULT = buffer.getvalue()
        """,
    ),
    "warnings filters": (
        "a filter decides whether a warning is an error",
        """
        # %%
        import warnings
        warnings.simplefilter("error", UserWarning)
        # %%
        try:
            warnings.warn("careful")
            outcome = "went on"
        except UserWarning as e:
            outcome = str(e)
        # %%
        warnings.resetwarnings()
        warnings.simplefilter("ignore")
        # %%
        warnings.warn("quiet")
        RESULT = outcome
        """,
    ),
    "warnings.catch_warnings left open": (
        "a context manager entered by hand",
        """
        # %%
        import warnings
        catcher = warnings.catch_warnings(record=True)
        caught = catcher.__enter__()
        warnings.simplefilter("always")
        # %%
        warnings.warn("one")
        # %%
        catcher.__exit__(None, None, None)
        # %%
        RESULT = [str(w.message) for w in caught]
        """,
    ),
    "np.set_printoptions": (
        "how arrays are printed",
        """
        # %%
        import numpy as np
        np.set_printoptions(precision=2, suppress=True)
        # %%
        text = str(np.array([1.23456, 7.0]))
        # %%
        np.set_printoptions(precision=5)
        # %%
        RESULT = [text, str(np.array([1.23456]))]
        """,
    ),
    "np.seterr": (
        "whether a division raises",
        """
        # %%
        import numpy as np
        old = np.seterr(divide="raise")
        # %%
        try:
            np.array([1.0]) / 0
            outcome = "inf"
        except FloatingPointError:
            outcome = "raised"
        # %%
        np.seterr(**old)
        # %%
        with np.errstate(divide="ignore"):
            RESULT = [outcome, float((np.array([1.0]) / 0)[0])]
        """,
    ),
    "pandas options in three spellings": (
        "set_option, attributes, and a context",
        """
        # %%
        import pandas as pd
        pd.set_option("display.max_rows", 7)
        pd.options.display.max_columns = 5
        # %%
        a = [pd.get_option("display.max_rows"), pd.options.display.max_columns]
        with pd.option_context("display.max_rows", 3):
            inside = pd.get_option("display.max_rows")
        # %%
        pd.reset_option("display.max_rows")
        # %%
        RESULT = [a, inside, pd.get_option("display.max_rows"), pd.options.display.max_columns]
        """,
    ),
    "pandas options decide what is printed": (
        "the width of a frame's text",
        """
        # %%
        import pandas as pd
        pd.set_option("display.float_format", "{:.1f}".format)
        df = pd.DataFrame({"x": [1.234, 5.678]})
        # %%
        print(df)
        # %%
        RESULT = df.to_string()
        """,
    ),
    "a pandas option from a value": (
        "a setting that the data decide",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"x": range(9)})
        # %%
        pd.set_option("display.max_rows", len(df) - 2)
        # %%
        RESULT = pd.get_option("display.max_rows")
        """,
    ),
    "the decimal context": (
        "precision of a thread",
        """
        # %%
        import decimal
        from decimal import Decimal, getcontext
        getcontext().prec = 6
        a = str(Decimal(1) / Decimal(7))
        # %%
        getcontext().rounding = decimal.ROUND_DOWN
        # %%
        RESULT = [a, str(Decimal(2) / Decimal(3))]
        """,
    ),
    "a decimal context set whole": (
        "setcontext and localcontext",
        """
        # %%
        import decimal
        decimal.setcontext(decimal.Context(prec=4))
        # %%
        with decimal.localcontext() as ctx:
            ctx.prec = 2
            a = str(decimal.Decimal(1) / 3)
        # %%
        RESULT = [a, str(decimal.Decimal(1) / 3)]
        """,
    ),
    "the locale": (
        "how numbers and texts are sorted and printed",
        """
        # %%
        import locale
        locale.setlocale(locale.LC_ALL, "C")
        # %%
        a = locale.format_string("%.2f", 1234.5, grouping=True)
        # %%
        RESULT = [a, locale.setlocale(locale.LC_NUMERIC)]
        """,
    ),
    "sklearn.set_config": (
        "what transform returns",
        """
        # %%
        import sklearn
        import pandas as pd
        from sklearn.preprocessing import StandardScaler
        sklearn.set_config(transform_output="pandas")
        df = pd.DataFrame({"a": [1.0, 2.0, 3.0]})
        # %%
        out = StandardScaler().fit_transform(df)
        # %%
        RESULT = [type(out).__name__, sklearn.get_config()["transform_output"]]
        """,
    ),
    "sklearn.config_context": (
        "a setting for one block",
        """
        # %%
        import sklearn
        import numpy as np
        from sklearn.preprocessing import MinMaxScaler
        # %%
        with sklearn.config_context(transform_output="pandas"):
            out = MinMaxScaler().fit_transform(np.arange(4.0).reshape(-1, 1))
        # %%
        RESULT = [type(out).__name__, sklearn.get_config()["transform_output"]]
        """,
    ),
    "an attribute of NumPy patched": (
        "`np.float = float`, as old code needs",
        """
        # %%
        import numpy as np
        np.float = float
        np.thruway_answer = 3
        # %%
        a = np.float("1.5")
        # %%
        RESULT = [a, np.thruway_answer]
        """,
    ),
    "a function of a module replaced": (
        "a monkeypatch changes what libraries do",
        """
        # %%
        import math
        old = math.floor
        math.floor = lambda v: -1
        a = math.floor(2.5)
        # %%
        b = math.floor(3.5)
        # %%
        math.floor = old
        # %%
        RESULT = [a, b, math.floor(4.5)]
        """,
    ),
    "a function patched by setattr": (
        "the patch does not look like an assignment",
        """
        # %%
        import json
        setattr(json, "greet", lambda: "hi")
        # %%
        a = json.greet()
        # %%
        RESULT = a
        """,
    ),
    "a method put on DataFrame": (
        "the class belongs to the library",
        """
        # %%
        import pandas as pd
        def count_missing(self):
            return int(self.isna().sum().sum())
        pd.DataFrame.count_missing = count_missing
        # %%
        df = pd.DataFrame({"a": [1, None]})
        # %%
        RESULT = df.count_missing()
        """,
    ),
    "a method of an estimator replaced": (
        "every later use of the class is different",
        """
        # %%
        import numpy as np
        from sklearn.linear_model import LinearRegression
        def predict(self, X):
            return np.full(len(X), 7.0)
        LinearRegression.predict = predict
        # %%
        model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
        # %%
        RESULT = model.predict([[5.0]]).tolist()
        """,
    ),
    "an accessor registered on DataFrame": (
        "a decorator changes a library's class",
        """
        # %%
        import pandas as pd
        @pd.api.extensions.register_dataframe_accessor("tw_geo")
        class Geo:
            def __init__(self, df):
                self._df = df
            def centre(self):
                return float(self._df["x"].mean())
        # %%
        df = pd.DataFrame({"x": [1.0, 3.0]})
        # %%
        RESULT = df.tw_geo.centre()
        """,
    ),
    "rcParams": (
        "how later figures look",
        """
        # %%
        import matplotlib.pyplot as plt
        plt.rcParams["figure.figsize"] = (4, 3)
        plt.rcParams.update({"axes.grid": True})
        # %%
        fig, ax = plt.subplots()
        size = fig.get_size_inches().tolist()
        plt.close(fig)
        # %%
        plt.rc("lines", linewidth=3)
        # %%
        RESULT = [size, plt.rcParams["axes.grid"], plt.rcParams["lines.linewidth"]]
        """,
    ),
    "a style": (
        "plt.style.use sets many at once",
        """
        # %%
        import matplotlib.pyplot as plt
        plt.style.use("ggplot")
        # %%
        a = plt.rcParams["axes.facecolor"]
        # %%
        with plt.style.context("dark_background"):
            b = plt.rcParams["axes.facecolor"]
        # %%
        RESULT = [a, b, plt.rcParams["axes.facecolor"]]
        """,
    ),
    "seaborn's theme": (
        "it sets rcParams and a palette",
        """
        # %%
        import seaborn as sns
        import matplotlib.pyplot as plt
        sns.set_theme(style="whitegrid")
        sns.set_palette("Set2")
        # %%
        a = plt.rcParams["axes.grid"]
        # %%
        RESULT = [a, [round(v, 3) for v in sns.color_palette()[0]]]
        """,
    ),
    "the current figure drawn by two cells of a script": (
        "pyplot keeps a current figure",
        """
        # %%
        import matplotlib.pyplot as plt
        plt.ion()
        fig = plt.figure()
        plt.plot([1, 2])
        # %%
        plt.title("later")
        # %%
        lines = len(fig.axes[0].lines)
        RESULT = [fig.axes[0].get_title(), lines]
        """,
    ),
    "figure and axes objects in several cells": (
        "an artist cannot leave its process",
        """
        # %%
        import matplotlib.pyplot as plt
        fig, axes = plt.subplots(1, 2)
        # %%
        axes[0].plot([1, 2, 3])
        # %%
        axes[1].bar([1, 2], [3, 4])
        # %%
        RESULT = [len(axes[0].lines), len(axes[1].patches)]
        """,
    ),
    "axes kept in a dictionary": (
        "figures inside containers",
        """
        # %%
        import matplotlib.pyplot as plt
        plots = {}
        for name in "ab":
            fig, ax = plt.subplots()
            plots[name] = (fig, ax)
        # %%
        plots["a"][1].plot([1, 2])
        # %%
        RESULT = [len(ax.lines) for _, ax in plots.values()]
        """,
    ),
    "a figure drawn in a function": (
        "no name of the program holds it",
        """
        # %%
        import matplotlib.pyplot as plt
        def draw(v):
            plt.figure()
            plt.plot(v)
            plt.savefig("plot.png")
        # %%
        draw([1, 2, 3])
        # %%
        draw([3, 2, 1])
        # %%
        import os
        RESULT = [os.path.exists("plot.png"), len(plt.get_fignums()) <= 2]
        """,
    ),
    "pandas and seaborn draw on current axes": (
        "no figure is named at all",
        """
        # %%
        import matplotlib.pyplot as plt
        import pandas as pd
        import seaborn as sns
        df = pd.DataFrame({"x": [1, 2, 3], "y": [2.0, 4.0, 1.0]})
        # %%
        sns.scatterplot(data=df, x="x", y="y")
        df.plot(x="x", y="y", ax=plt.gca())
        n = len(plt.gca().lines)
        # %%
        plt.figure()
        ax = df["y"].plot()
        m = len(ax.lines)
        # %%
        RESULT = [n, m]
        """,
    ),
    "log handlers and levels": (
        "logging is configured once for everybody",
        """
        # %%
        import io, logging
        stream = io.StringIO()
        logger = logging.getLogger("work")
        logger.setLevel(logging.INFO)
        logger.addHandler(logging.StreamHandler(stream))
        # %%
        logger.info("first %d", 1)
        logger.debug("not seen")
        # %%
        logger.setLevel(logging.DEBUG)
        # %%
        logger.debug("second")
        RESULT = stream.getvalue().split("\\n")
        """,
    ),
    "logging to a file": (
        "a handler holds an open file",
        """
        # %%
        import logging
        logging.basicConfig(filename="run.log", level=logging.INFO, format="%(levelname)s %(message)s", force=True)
        # %%
        logging.info("one")
        # %%
        logging.warning("two")
        # %%
        logging.shutdown()
        RESULT = open("run.log").read()
        """,
    ),
    "a handler of the program's own class": (
        "records are kept in a list",
        """
        # %%
        import logging
        records = []
        class Keep(logging.Handler):
            def emit(self, record):
                records.append(record.getMessage())
        logging.getLogger("kept").addHandler(Keep())
        # %%
        logging.getLogger("kept").warning("a")
        # %%
        logging.getLogger("kept").warning("b")
        # %%
        RESULT = records
        """,
    ),
    "logging.disable": (
        "a switch for everything",
        """
        # %%
        import logging
        logging.disable(logging.CRITICAL)
        # %%
        a = logging.getLogger("x").isEnabledFor(logging.ERROR)
        # %%
        RESULT = [a, logging.root.manager.disable]
        """,
    ),
    "an open file in two cells": (
        "its place is in the process",
        """
        # %%
        with open("in.txt", "w") as f:
            f.write("a\\nb\\nc\\n")
        source = open("in.txt")
        first = source.readline()
        # %%
        second = source.readline()
        # %%
        rest = source.read()
        source.close()
        # %%
        RESULT = [first, second, rest]
        """,
    ),
    "a csv writer over an open file": (
        "the writer holds the file",
        """
        # %%
        import csv
        out = open("out.csv", "w", newline="")
        writer = csv.writer(out)
        writer.writerow(["a", "b"])
        # %%
        writer.writerow([1, 2])
        # %%
        out.close()
        # %%
        RESULT = open("out.csv").read()
        """,
    ),
    "a StringIO half read": (
        "its place is a part of its value",
        """
        # %%
        import io
        text = io.StringIO("a\\nb\\nc\\n")
        first = text.readline()
        # %%
        second = text.readline()
        # %%
        RESULT = [first, second, text.read()]
        """,
    ),
    "time zones and time.tzset": (
        "the environment and the C library",
        """
        # %%
        import os, time
        os.environ["TZ"] = "Asia/Tokyo"
        time.tzset()
        # %%
        a = time.localtime(0).tm_hour
        # %%
        RESULT = a
        """,
    ),
    "gc and sys settings": (
        "switches of the interpreter",
        """
        # %%
        import gc, sys
        gc.disable()
        sys.set_int_max_str_digits(5000)
        # %%
        a = gc.isenabled()
        # %%
        gc.enable()
        RESULT = [a, sys.get_int_max_str_digits()]
        """,
    ),
    "atexit": (
        "what is to be done at the end",
        """
        # %%
        import atexit
        done = []
        atexit.register(done.append, "end")
        # %%
        done.append("now")
        # %%
        RESULT = list(done)
        """,
    ),
    "a tqdm loop": (
        "a progress bar around an iterable",
        """
        # %%
        from tqdm import tqdm
        tqdm.pandas()
        bar = tqdm(range(4), disable=True)
        total = 0
        # %%
        for n in bar:
            total += n
        # %%
        RESULT = total
        """,
    ),
    "signal handlers": (
        "a handler of the process",
        """
        # %%
        import signal
        hits = []
        signal.signal(signal.SIGUSR1, lambda *_: hits.append(1))
        # %%
        signal.raise_signal(signal.SIGUSR1)
        # %%
        RESULT = hits
        """,
    ),
    "contextvars": (
        "a variable of the context",
        """
        # %%
        import contextvars
        level = contextvars.ContextVar("level", default=0)
        level.set(3)
        # %%
        a = level.get()
        # %%
        RESULT = [a, level.get()]
        """,
    ),
    "threading.local": (
        "state of a thread",
        """
        # %%
        import threading
        state = threading.local()
        state.n = 1
        # %%
        state.n += 1
        # %%
        RESULT = state.n
        """,
    ),
    "csv dialects registered": (
        "another registry of the standard library",
        """
        # %%
        import csv, io
        csv.register_dialect("bars", delimiter="|")
        # %%
        rows = list(csv.reader(io.StringIO("a|b"), dialect="bars"))
        # %%
        RESULT = rows
        """,
    ),
    "copyreg and json encoders": (
        "a default that libraries look up",
        """
        # %%
        import json
        old = json.JSONEncoder.default
        def default(self, o):
            return sorted(o) if isinstance(o, set) else old(self, o)
        json.JSONEncoder.default = default
        # %%
        text = json.dumps({"s": {2, 1}})
        # %%
        RESULT = text
        """,
    ),
}
