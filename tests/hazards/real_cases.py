"""Hazards that a fork cannot show: other processes of the program's own, memory on a disk.

name → (why it is hard, program). Each program ends in `RESULT`, a plain value.
"""

CASES = {
    "a memory map": (
        "an array that is a file",
        """
        # %%
        import numpy as np
        np.save("m.npy", np.zeros(3))
        m = np.load("m.npy", mmap_mode="r+")
        # %%
        m[0] = 7
        # %%
        m.flush()
        # %%
        RESULT = np.load("m.npy").tolist()
        """,
    ),
    "a grid search of one's own class with two jobs": (
        "the class travels to other processes",
        """
        # %%
        import numpy as np
        from sklearn.base import BaseEstimator, RegressorMixin
        from sklearn.model_selection import GridSearchCV
        class Constant(RegressorMixin, BaseEstimator):
            def __init__(self, value=0.0):
                self.value = value
            def fit(self, X, y):
                self.fitted_ = True
                return self
            def predict(self, X):
                return np.full(len(X), self.value)
        # %%
        X, y = np.arange(6.0).reshape(-1, 1), np.full(6, 2.0)
        search = GridSearchCV(Constant(), {"value": [0.0, 2.0]}, cv=2, n_jobs=2, scoring="neg_mean_squared_error")
        # %%
        search.fit(X, y)
        # %%
        RESULT = [search.best_params_, search.best_estimator_.fitted_]
        """,
    ),
    "joblib.Parallel over a function of the program": (
        "the function travels to other processes",
        """
        # %%
        from joblib import Parallel, delayed
        factor = 3
        def work(v):
            return v * factor
        # %%
        out = Parallel(n_jobs=2)(delayed(work)(v) for v in range(3))
        # %%
        RESULT = out
        """,
    ),
    "instances and classes of the program are printed": (
        "their text says where the class is defined",
        """
        # %%
        from dataclasses import dataclass
        class Box:
            pass
        @dataclass
        class Point:
            x: int = 1
        # %%
        print(Box(), Box, [Point()])
        box = Box()
        box
        # %%
        class Log:
            kept = []
            def add(self, n):
                Log.kept.append(n)
        log = Log()
        log.add(len(vars(box)))
        print(log, Log)
        RESULT = Log.kept
        """,
    ),
}
