"""The components of the data side as steps of one pipeline, run by the engine."""

from __future__ import annotations

import pytest

from thruway.errors import GateFailed

FLOW = """
    from thruway.components import (
        example_diff, infer_schema, merge_statistics, monitor, statistics, validate,
    )

    class Split(NamedTuple):
        train: pd.DataFrame
        eval: pd.DataFrame

    @step
    def load(rows: int) -> pd.DataFrame:
        return pd.DataFrame({
            "id": range(rows),
            "age": [float(i % 60) for i in range(rows)],
            "sex": [("f", "m")[i % 2] for i in range(rows)],
        })

    @step
    def halves(examples: pd.DataFrame) -> Split:
        return Split(examples.iloc[::2], examples.iloc[1::2])

    @step
    def spoil(examples: pd.DataFrame, value: str) -> pd.DataFrame:
        return examples.assign(sex=value)

    @step
    def use(examples: pd.DataFrame, anomalies: Any) -> int:
        return len(examples)

    @pipeline
    def flow(rows: int = 200, value: str = "f"):
        examples = load(rows)
        train, evaluated = halves(examples)
        found = statistics(examples, slices=["sex"])
        both = merge_statistics(statistics(train), statistics(evaluated))
        schema = infer_schema(found, keys=["id"])
        new = spoil(examples, value)
        anomalies = validate(new, schema, found)
        differences = example_diff(new, examples, key="id")
        report = monitor(new, found, schema=schema, window=None)
        used = use(new, anomalies)
        return used, found, both, schema, anomalies, differences, report
"""


@pytest.mark.parametrize("options", [{}, {"isolate": True}], ids=["in-process", "isolated"])
def test_the_data_components_run_as_steps(small, options):
    small.write(FLOW)
    result = small.run(**options)
    assert result.load("used") == 200
    assert result.load("found")["age"].count == 200
    assert result.load("found").only.slices["sex=f"].rows == 100
    assert result.load("both")["age"].numbers == result.load("found")["age"].numbers
    assert result.load("schema")["sex"].domain == ("f", "m")
    assert result.load("differences").changed == 100
    assert {one.type for one in result.load("anomalies").anomalies} == {"COMPARATOR_PSI_HIGH"}
    assert result.load("report").gate.verdict == "warn"
    again = small.run(**options)
    assert again.load("report") == result.load("report")


def test_a_value_that_is_not_in_the_domain_stops_the_run(small):
    small.write(FLOW)
    with pytest.raises(GateFailed, match="`sex`: 100 % of the values are not in the domain"):
        small.run(params={"value": "?"})
