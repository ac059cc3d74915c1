"""Hazards of data libraries: frames, arrays, estimators and what they share.

name → (why it is hard, program). Each program ends in `RESULT`, a plain value.
"""

CASES = {
    "chained assignment": (
        "whether it writes through depends on the version of pandas",
        """
        # %%
        import warnings
        warnings.simplefilter("ignore")
        import pandas as pd
        df = pd.DataFrame({"a": [1, 2, 3], "b": [4.0, 5.0, 6.0]})
        # %%
        df["a"][0] = 100
        # %%
        df[df["a"] > 1]["b"] = 0.0
        # %%
        RESULT = df.to_dict("list")
        """,
    ),
    "values that hold NumPy's own stream": (
        "they draw from it wherever they are, and others draw between",
        """
        # %%
        import numpy as np
        from scipy.stats import norm, randint
        from sklearn.utils import check_random_state
        np.random.seed(1)
        first = norm.rvs(size=3)
        # %%
        held = {"rng": check_random_state(None), "depth": randint(1, 5)}
        drawn = held["rng"].rand(2)
        # %%
        more = np.random.rand(2)
        # %%
        last = held["depth"].rvs(size=3) + held["rng"].rand(3)
        # %%
        RESULT = [*first, *drawn, *more, *last, np.random.rand()]
        """,
    ),
    "a column taken from a frame and changed": (
        "a view before pandas 3, a copy from then on",
        """
        # %%
        import warnings
        warnings.simplefilter("ignore")
        import pandas as pd
        df = pd.DataFrame({"a": [1, 2, 3]})
        col = df["a"]
        # %%
        col.iloc[0] = 50
        # %%
        df.loc[1, "a"] = 70
        # %%
        RESULT = [df["a"].tolist(), col.tolist()]
        """,
    ),
    "a slice of a frame and its owner": (
        "who sees what",
        """
        # %%
        import warnings
        warnings.simplefilter("ignore")
        import pandas as pd
        df = pd.DataFrame({"a": [1, 2, 3, 4]})
        head = df[:2]
        # %%
        head["a"] = 0
        # %%
        df.iloc[0, 0] = 9
        # %%
        RESULT = [df["a"].tolist(), head["a"].tolist()]
        """,
    ),
    "two names of one frame": (
        "in-place changes show under both",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": [3, 1, 2]})
        same, copy = df, df.copy()
        # %%
        same.sort_values("a", inplace=True)
        # %%
        df["b"] = 1
        # %%
        RESULT = [same.to_dict("list"), list(copy.columns), same is df]
        """,
    ),
    "the values of a frame": (
        "an array that looks into the frame",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
        values = df.to_numpy()
        # %%
        df.loc[0, "a"] = 50.0
        # %%
        RESULT = [values.tolist(), df["a"].tolist()]
        """,
    ),
    "a frame made of an array": (
        "the array and the frame may be one memory",
        """
        # %%
        import numpy as np
        import pandas as pd
        arr = np.zeros((2, 2))
        df = pd.DataFrame(arr, columns=["a", "b"], copy=False)
        # %%
        arr[0, 0] = 8
        # %%
        RESULT = [df.to_numpy().tolist(), arr.tolist()]
        """,
    ),
    "a dictionary of frames": (
        "frames changed inside their container",
        """
        # %%
        import pandas as pd
        frames = {k: pd.DataFrame({"v": [1, 2]}) for k in "ab"}
        first = frames["a"]
        # %%
        frames["a"]["w"] = 5
        # %%
        for frame in frames.values():
            frame["v"] *= 10
        # %%
        RESULT = [list(first.columns), first["v"].tolist(), frames["b"].to_dict("list")]
        """,
    ),
    "a list of frames and a loop": (
        "the loop variable is one of them",
        """
        # %%
        import pandas as pd
        train, test = pd.DataFrame({"a": [1, None]}), pd.DataFrame({"a": [None, 4]})
        both = [train, test]
        # %%
        for df in both:
            df["a"] = df["a"].fillna(0)
        # %%
        df["last"] = True
        # %%
        RESULT = [train.to_dict("list"), test.to_dict("list")]
        """,
    ),
    "a groupby that waits": (
        "it reads the frame when it is asked",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"k": ["a", "a", "b"], "v": [1, 2, 3]})
        groups = df.groupby("k")
        # %%
        sums = groups["v"].sum().to_dict()
        # %%
        df.loc[0, "v"] = 100
        # %%
        RESULT = [sums, groups.size().to_dict()]
        """,
    ),
    "a rolling window kept": (
        "a view of the frame with its own settings",
        """
        # %%
        import pandas as pd
        s = pd.Series([1.0, 2.0, 3.0, 4.0])
        window = s.rolling(2)
        # %%
        RESULT = window.sum().fillna(0).tolist()
        """,
    ),
    "read_csv in chunks": (
        "a reader is used up, and holds an open file",
        """
        # %%
        import pandas as pd
        pd.DataFrame({"v": range(6)}).to_csv("d.csv", index=False)
        reader = pd.read_csv("d.csv", chunksize=2)
        first = next(reader)["v"].sum()
        # %%
        second = next(reader)["v"].sum()
        # %%
        RESULT = [int(first), int(second), [int(c["v"].sum()) for c in reader]]
        """,
    ),
    "itertuples half consumed": (
        "rows of a class that has no name",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": [1, 2, 3]})
        rows = df.itertuples(index=False)
        first = next(rows)
        # %%
        second = next(rows)
        # %%
        RESULT = [first.a, second.a, [r.a for r in rows]]
        """,
    ),
    "attrs and flags of a frame": (
        "what a file format would lose",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": pd.Categorical(["x", "y"], categories=["y", "x"], ordered=True)})
        df.attrs["source"] = {"n": 1}
        df.index.name = "row"
        df.columns.name = "cols"
        # %%
        df.attrs["source"]["n"] = 2
        # %%
        RESULT = [df.attrs, df["a"].cat.ordered, list(df["a"].cat.categories), df.index.name, df.columns.name]
        """,
    ),
    "an index shared by two frames": (
        "renaming one does not rename the other",
        """
        # %%
        import pandas as pd
        a = pd.DataFrame({"x": [1, 2]}, index=["p", "q"])
        b = pd.DataFrame({"y": [3, 4]}, index=a.index)
        # %%
        a.index.name = "key"
        # %%
        RESULT = [a.index.name, b.index.name]
        """,
    ),
    "columns renamed in place": (
        "an attribute of the frame is set",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": [1], "b": [2]})
        same = df
        # %%
        df.columns = ["x", "y"]
        # %%
        same.rename(columns={"x": "z"}, inplace=True)
        # %%
        RESULT = list(df.columns)
        """,
    ),
    "views of an array": (
        "slices, transposes and reshapes are windows",
        """
        # %%
        import numpy as np
        a = np.arange(6.0)
        m, back, half = a.reshape(2, 3), a[::-1], a[::2]
        # %%
        m[0, 0] = 50
        # %%
        back[0] = 70
        half *= 2
        # %%
        RESULT = [a.tolist(), m.tolist(), half.tolist()]
        """,
    ),
    "a structured array and its field": (
        "a field is a view",
        """
        # %%
        import numpy as np
        t = np.zeros(2, dtype=[("x", "f8"), ("n", "i4")])
        x = t["x"]
        # %%
        x[:] = 5
        # %%
        RESULT = t.tolist()
        """,
    ),
    "an array of objects": (
        "its elements are shared",
        """
        # %%
        import numpy as np
        item = [1]
        arr = np.array([item, None], dtype=object)
        # %%
        item.append(2)
        # %%
        arr[1] = item
        # %%
        RESULT = [arr[0], arr[1] is arr[0], arr[0] is item]
        """,
    ),
    "an iterator over an array": (
        "np.nditer and flat keep their place",
        """
        # %%
        import numpy as np
        a = np.arange(4)
        flat = a.flat
        first = int(next(flat))
        # %%
        RESULT = [first, int(next(flat))]
        """,
    ),
    "np.vectorize of a function that reads a global": (
        "an object that holds a function",
        """
        # %%
        import numpy as np
        shift = 3
        def add(v):
            return v + shift
        vec = np.vectorize(add)
        # %%
        shift = 10
        # %%
        RESULT = vec([1, 2]).tolist()
        """,
    ),
    "np.frompyfunc and ufuncs": (
        "a function of a library's class",
        """
        # %%
        import numpy as np
        clip = np.frompyfunc(lambda v: min(v, 2), 1, 1)
        # %%
        a = clip([1, 2, 3]).tolist()
        # %%
        RESULT = a
        """,
    ),
    "a masked array": (
        "the mask is a part of the value",
        """
        # %%
        import numpy as np
        m = np.ma.masked_equal([1, 2, 3], 2)
        # %%
        m[0] = np.ma.masked
        # %%
        RESULT = [m.mask.tolist(), int(m.sum())]
        """,
    ),
    "a pipeline and its scaler used alone": (
        "one object under two names",
        """
        # %%
        import numpy as np
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import Pipeline
        from sklearn.preprocessing import StandardScaler
        X, y = np.arange(8.0).reshape(-1, 1), np.arange(8.0) * 2
        scaler = StandardScaler()
        pipe = Pipeline([("scale", scaler), ("model", LinearRegression())])
        # %%
        pipe.fit(X, y)
        # %%
        mean = float(scaler.mean_[0])
        # %%
        scaler.mean_ = scaler.mean_ + 1
        # %%
        RESULT = [mean, round(float(pipe.predict([[4.0]])[0]), 6), pipe.named_steps["scale"] is scaler]
        """,
    ),
    "a voting classifier of named models": (
        "the ensemble fits clones; the named ones stay as they are",
        """
        # %%
        import numpy as np
        from sklearn.ensemble import VotingClassifier
        from sklearn.linear_model import LogisticRegression
        from sklearn.tree import DecisionTreeClassifier
        X, y = np.arange(12.0).reshape(-1, 1), np.array([0] * 6 + [1] * 6)
        lr, tree = LogisticRegression(), DecisionTreeClassifier(random_state=0)
        vote = VotingClassifier([("lr", lr), ("tree", tree)])
        # %%
        vote.fit(X, y)
        # %%
        tree.fit(X[:4], [0, 1, 0, 1])
        # %%
        RESULT = [vote.predict(X).tolist(), hasattr(lr, "coef_"), int(tree.get_depth()), vote.estimators[1][1] is tree]
        """,
    ),
    "models in a dictionary fitted in a loop": (
        "fitting changes what the dictionary holds",
        """
        # %%
        import numpy as np
        from sklearn.linear_model import LinearRegression, Ridge
        X, y = np.arange(6.0).reshape(-1, 1), np.arange(6.0) * 3
        models = {"ols": LinearRegression(), "ridge": Ridge(alpha=1.0)}
        best = models["ridge"]
        # %%
        for name, model in models.items():
            model.fit(X, y)
        # %%
        scores = {name: round(m.score(X, y), 6) for name, m in models.items()}
        # %%
        RESULT = [scores, hasattr(best, "coef_"), model is best]
        """,
    ),
    "partial_fit over cells": (
        "a model that learns further",
        """
        # %%
        import numpy as np
        from sklearn.linear_model import SGDClassifier
        X, y = np.array([[0.0], [1.0], [2.0], [3.0]]), np.array([0, 0, 1, 1])
        model = SGDClassifier(random_state=0)
        model.partial_fit(X, y, classes=[0, 1])
        # %%
        model.partial_fit(X, y)
        # %%
        same = model
        same.partial_fit(X, y)
        # %%
        RESULT = [model.t_, model.coef_.round(6).tolist()]
        """,
    ),
    "set_params and clone": (
        "parameters changed in place, a copy that is apart",
        """
        # %%
        from sklearn.base import clone
        from sklearn.linear_model import Ridge
        model = Ridge(alpha=1.0)
        other = clone(model)
        # %%
        model.set_params(alpha=5.0)
        # %%
        RESULT = [model.alpha, other.alpha]
        """,
    ),
    "a transformer of the program's own class": (
        "pickled inside an estimator",
        """
        # %%
        import numpy as np
        from sklearn.base import BaseEstimator, TransformerMixin
        from sklearn.linear_model import LinearRegression
        from sklearn.pipeline import make_pipeline
        class Shift(BaseEstimator, TransformerMixin):
            def __init__(self, by=1.0):
                self.by = by
            def fit(self, X, y=None):
                self.seen_ = len(X)
                return self
            def transform(self, X):
                return X + self.by
        # %%
        pipe = make_pipeline(Shift(2.0), LinearRegression())
        # %%
        pipe.fit(np.arange(4.0).reshape(-1, 1), np.arange(4.0))
        # %%
        RESULT = [pipe[0].seen_, round(float(pipe.predict(np.array([[1.0]]))[0]), 6)]
        """,
    ),
    "a transformer that reads a global": (
        "its class cannot live in a module",
        """
        # %%
        import numpy as np
        from sklearn.base import BaseEstimator, TransformerMixin
        limit = float(np.array([1.0, 2.0]).max())
        class Clip(BaseEstimator, TransformerMixin):
            def fit(self, X, y=None):
                return self
            def transform(self, X):
                return np.minimum(X, limit)
        # %%
        clip = Clip().fit([[1.0]])
        # %%
        limit = 3.0
        # %%
        RESULT = clip.transform(np.array([[5.0]])).tolist()
        """,
    ),
    "FunctionTransformer of functions": (
        "it holds a function of the program and a lambda",
        """
        # %%
        import numpy as np
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import FunctionTransformer
        def halve(X):
            return X / 2
        pipe = make_pipeline(FunctionTransformer(halve), FunctionTransformer(lambda X: X + 1))
        # %%
        a = pipe.fit_transform(np.array([[4.0]])).tolist()
        # %%
        RESULT = [a, pipe.transform(np.array([[6.0]])).tolist()]
        """,
    ),
    "joblib.dump and load of one's own class": (
        "the file names a class by its module",
        """
        # %%
        import joblib
        import numpy as np
        from sklearn.base import BaseEstimator, TransformerMixin
        class Add(BaseEstimator, TransformerMixin):
            def __init__(self, by=1):
                self.by = by
            def fit(self, X, y=None):
                return self
            def transform(self, X):
                return np.asarray(X) + self.by
        # %%
        joblib.dump(Add(3).fit([[1]]), "add.joblib")
        # %%
        loaded = joblib.load("add.joblib")
        # %%
        RESULT = [loaded.transform([[1]]).tolist(), isinstance(loaded, Add)]
        """,
    ),
    "a cross-validation splitter that is a generator": (
        "cv.split gives its folds once",
        """
        # %%
        import numpy as np
        from sklearn.model_selection import KFold
        X = np.arange(6)
        folds = KFold(3).split(X)
        first = next(folds)
        # %%
        second = next(folds)
        # %%
        RESULT = [first[1].tolist(), second[1].tolist(), len(list(folds))]
        """,
    ),
    "a column transformer and names of its columns": (
        "estimators in tuples in lists, fitted as clones",
        """
        # %%
        import pandas as pd
        from sklearn.compose import ColumnTransformer
        from sklearn.preprocessing import MinMaxScaler, OneHotEncoder
        df = pd.DataFrame({"n": [1.0, 2.0, 3.0], "c": ["x", "y", "x"]})
        numeric, categorical = ["n"], ["c"]
        scaler = MinMaxScaler()
        ct = ColumnTransformer([("n", scaler, numeric), ("c", OneHotEncoder(), categorical)])
        # %%
        out = ct.fit_transform(df)
        # %%
        numeric.append("extra")
        # %%
        RESULT = [out.tolist() if hasattr(out, "tolist") else out.toarray().tolist(), hasattr(scaler, "min_"), ct.transformers[0][2]]
        """,
    ),
    "a model wrapped by an object that logs": (
        "composition and state",
        """
        # %%
        import numpy as np
        from sklearn.linear_model import LinearRegression
        class Logged:
            log = []
            def __init__(self, model):
                self.model = model
            def fit(self, X, y):
                Logged.log.append("fit")
                self.model.fit(X, y)
                return self
        inner = LinearRegression()
        outer = Logged(inner)
        # %%
        outer.fit([[0.0], [1.0]], [0.0, 2.0])
        # %%
        RESULT = [round(float(inner.coef_[0]), 6), outer.model is inner, Logged.log]
        """,
    ),
    "a model without a seed of its own, dumped": (
        "the file holds NumPy's stream as it was then",
        """
        # %%
        import joblib
        import numpy as np
        from sklearn.ensemble import GradientBoostingRegressor
        X, y = np.arange(20.0).reshape(-1, 1), np.arange(20.0) % 7
        # %%
        model = GradientBoostingRegressor(n_estimators=3, subsample=0.5).fit(X, y)
        # %%
        joblib.dump(model, "the_model")
        # %%
        again = joblib.load("the_model")
        RESULT = [round(float(again.predict(X).sum()), 9), float(again._rng.rand())]
        """,
    ),
    "a vectorizer, which keeps an address": (
        "the identity of the stop words is an attribute",
        """
        # %%
        from sklearn.feature_extraction.text import CountVectorizer
        texts = ["one two", "two three three"]
        # %%
        vectorizer = CountVectorizer(stop_words=["one"])
        # %%
        counts = vectorizer.fit_transform(texts)
        # %%
        RESULT = [counts.toarray().tolist(), vectorizer.get_feature_names_out().tolist()]
        """,
    ),
    "history kept by a callback": (
        "a function called by a library changes a list",
        """
        # %%
        from scipy.optimize import minimize
        path = []
        def note(x):
            path.append(round(float(x[0]), 3))
        # %%
        result = minimize(lambda x: (x[0] - 2) ** 2, [0.0], callback=note)
        # %%
        RESULT = [round(float(result.x[0]), 3), len(path) > 0]
        """,
    ),
    "a lambda handed to apply that counts": (
        "apply runs the program's function with its effects",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": [1, 2, 3]})
        seen = []
        # %%
        df["b"] = df["a"].apply(lambda v: seen.append(v) or v * 2)
        # %%
        RESULT = [df["b"].tolist(), seen]
        """,
    ),
    "DataFrame.query and eval with local names": (
        "the names are in a string",
        """
        # %%
        import pandas as pd
        df = pd.DataFrame({"a": [1, 2, 3]})
        low = 2
        # %%
        kept = df.query("a >= @low")
        # %%
        df.eval("b = a * @low", inplace=True)
        # %%
        RESULT = [kept["a"].tolist(), df["b"].tolist()]
        """,
    ),
    "a frame that holds objects": (
        "cells are lists, shared with names",
        """
        # %%
        import pandas as pd
        item = [1]
        df = pd.DataFrame({"o": [item, [2]]})
        # %%
        df.loc[0, "o"].append(5)
        # %%
        RESULT = [item, df["o"].tolist(), df.loc[0, "o"] is item]
        """,
    ),
    "an archive kept open": (
        "a handle of a library",
        """
        # %%
        import zipfile
        with zipfile.ZipFile("a.zip", "w") as z:
            z.writestr(zipfile.ZipInfo("x.txt"), "hello")
        archive = zipfile.ZipFile("a.zip")
        # %%
        text = archive.read("x.txt").decode()
        # %%
        archive.close()
        RESULT = text
        """,
    ),
}
