"""Metaflow: a flow whose steps are processes, and whose attributes are artifacts."""

import work
from metaflow import FlowSpec, step


class Tabular(FlowSpec):
    @step
    def start(self):
        self.rows = work.ingest("rows.csv")
        self.next(self.split)

    @step
    def split(self):
        self.train, self.test = work.split(self.rows)
        self.next(self.scale)

    @step
    def scale(self):
        self.train_scaled, self.test_scaled = work.scale(self.train, self.test)
        self.next(self.fit)

    @step
    def fit(self):
        self.model = work.fit(self.train_scaled)
        self.next(self.end)

    @step
    def end(self):
        self.score = tuple(work.evaluate(self.model, self.test_scaled))
        print(self.score)


if __name__ == "__main__":
    Tabular()
