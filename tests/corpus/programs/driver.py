"""An object that drives the whole program through itself."""

import json

import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler


class Study:
    """Who buys: load, prepare, train and report."""

    features = ["age", "income", "visits"]

    def __init__(self, path, share=0.75, C=1.0):
        self.path = path
        self.share = share
        self.C = C
        self.scores = {}

    def load(self):
        self.people = pd.read_csv(self.path).dropna()
        print(f"{len(self.people)} people")

    def split(self):
        count = int(len(self.people) * self.share)
        self.train, self.test = self.people[:count], self.people[count:]

    def fit(self):
        self.scaler = StandardScaler().fit(self.train[self.features])
        self.model = LogisticRegression(C=self.C)
        self.model.fit(self.scaler.transform(self.train[self.features]), self.train["bought"])

    def score(self, name, people):
        X = self.scaler.transform(people[self.features])
        self.scores[name] = round(self.model.score(X, people["bought"]), 3)

    def run(self, file="scores.json"):
        """Everything, in its order."""
        self.load()
        self.split()

        # the model
        self.fit()

        # how good it is
        self.score("train", self.train)
        self.score("test", self.test)
        with open(file, "w") as out:
            json.dump(self.scores, out)
        return self.scores


if __name__ == "__main__":
    print(Study("people.csv", C=0.5).run())
