"""Our statistics, schema and anomalies beside those of TensorFlow Data Validation, on the same CSVs.

    python benchmarks/components/tfdv.py [--envs .envs] [--json FILE]

Makes its own environment on the first run (see environments.py), writes four tables (tables.py) as
CSV, lets both look at them, and lists every difference: nothing is left out. `--json` writes what
TFDV said, from which the recorded tables of the tests are copied by hand.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path = [*(one for one in sys.path if Path(one).resolve() != HERE), str(HERE)]

from environments import environment, variables  # noqa: E402
from tables import adult, spoiled_adult, spoiled_titanic, titanic  # noqa: E402

PAIRS = {
    "titanic": (titanic, spoiled_titanic, "Survived"),
    "adult": (adult, spoiled_adult, "income"),
}

THEIRS = r"""
import json, sys, warnings
warnings.simplefilter("ignore")
import pandas as pd
import tensorflow_data_validation as tfdv
from tensorflow_metadata.proto.v0 import anomalies_pb2, schema_pb2, statistics_pb2

folder, limits = sys.argv[1], json.loads(sys.argv[2])

def look(name):
    return tfdv.generate_statistics_from_dataframe(pd.read_csv(f"{folder}/{name}.csv"), n_jobs=1)

def of(statistics):
    found = {}
    for feature in statistics.datasets[0].features:
        name = feature.path.step[0]
        numbers = feature.WhichOneof("stats")
        common = (feature.num_stats if numbers == "num_stats" else feature.string_stats).common_stats
        one = {"type": statistics_pb2.FeatureNameStatistics.Type.Name(feature.type),
               "count": common.num_non_missing, "missing": common.num_missing}
        if numbers == "num_stats":
            s = feature.num_stats
            one |= {"mean": s.mean, "std": s.std_dev, "zeros": s.num_zeros, "min": s.min,
                    "median": s.median, "max": s.max}
        else:
            s = feature.string_stats
            one |= {"distinct": s.unique, "length": s.avg_length,
                    "top": [[v.value, v.frequency] for v in s.top_values[:3]]}
        found[name] = one
    return {"rows": statistics.datasets[0].num_examples, "columns": found}

def expected(schema):
    domains = {d.name: list(d.value) for d in schema.string_domain}
    return {f.name: {"type": schema_pb2.FeatureType.Name(f.type),
                     "min_fraction": f.presence.min_fraction,
                     "domain": domains.get(f.domain)} for f in schema.feature}

def names(anomalies):
    kind = anomalies_pb2.AnomalyInfo.Type
    return {c: sorted(kind.Name(r.type) for r in one.reason) for c, one in anomalies.anomaly_info.items()}

result = {}
for name, (label, comparators) in limits.items():
    good, bad = look(name), look(f"{name}-spoiled")
    schema = tfdv.infer_schema(good)
    found = {"good": of(good), "bad": of(bad), "schema": expected(schema),
             "anomalies": names(tfdv.validate_statistics(bad, schema))}
    for column, measure, limit in comparators:
        feature = tfdv.get_feature(schema, column)
        comparator = feature.drift_comparator
        getattr(comparator, measure).threshold = limit
    drift = tfdv.validate_statistics(bad, schema, previous_statistics=good)
    found["drift"] = {info.path.step[0]: [[anomalies_pb2.DriftSkewInfo.Measurement.Type.Name(m.type), m.value]
                                          for m in info.drift_measurements] for info in drift.drift_skew_info}
    schema.default_environment.extend(["TRAINING", "SERVING"])
    tfdv.get_feature(schema, label).not_in_environment.append("SERVING")
    served = pd.read_csv(f"{folder}/{name}.csv").drop(columns=[label])
    served = tfdv.generate_statistics_from_dataframe(served, n_jobs=1)
    found["serving"] = names(tfdv.validate_statistics(served, schema, environment="SERVING"))
    found["training"] = names(tfdv.validate_statistics(served, schema, environment="TRAINING"))
    result[name] = found
print("\n" + json.dumps(result))
"""

COMPARED = {
    "titanic": [
        ("Sex", "infinity_norm", 1e-6),
        ("Age", "jensen_shannon_divergence", 1e-6),
        ("Fare", "jensen_shannon_divergence", 1e-6),
    ],
    "adult": [
        ("workclass", "infinity_norm", 1e-6),
        ("education", "jensen_shannon_divergence", 1e-6),
        ("income", "infinity_norm", 1e-6),
        ("hours-per-week", "jensen_shannon_divergence", 1e-6),
        ("fnlwgt", "jensen_shannon_divergence", 1e-6),
    ],
}
MEASURES = {"L_INFTY": "l_infinity", "JENSEN_SHANNON_DIVERGENCE": "jensen_shannon"}


def theirs(python: str, folder: Path) -> dict:
    """Return what TFDV says of the tables in a folder."""
    limits = {name: [label, COMPARED[name]] for name, (_, _, label) in PAIRS.items()}
    words = [python, "-c", THEIRS, str(folder), json.dumps(limits)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=variables())
    if done.returncode:
        sys.exit(f"TFDV ended with {done.returncode}\n{done.stderr[-3000:]}")
    return json.loads(done.stdout.splitlines()[-1])


def ours(folder: Path) -> dict:
    """Return what we say of the same tables, in the same words."""
    import pandas as pd

    from thruway.components import infer_schema, statistics, validate

    result = {}
    for name, (_, _, label) in PAIRS.items():
        good, bad = (pd.read_csv(folder / f"{one}.csv") for one in (name, f"{name}-spoiled"))
        of_good, of_bad = statistics(good), statistics(bad)
        schema = infer_schema(of_good)
        served = infer_schema(of_good, label=label)
        drift = validate(of_bad, schema, of_good, drift={"*": {}}, significance=None)
        wanted = {
            (column, "l_infinity" if "inf" in kind else "jensen_shannon")
            for column, kind, _ in COMPARED[name]
        }
        distances: dict = {}
        for one in drift.measurements:
            if (one.column, one.measure) in wanted:
                back = {value: key for key, value in MEASURES.items()}[one.measure]
                distances.setdefault(one.column, []).append([back, one.value])
        result[name] = {
            "good": looked_at(of_good),
            "bad": looked_at(of_bad),
            "schema": {
                column: {
                    "type": _TYPES[one.type],
                    "min_fraction": one.min_fraction,
                    "domain": None if one.domain is None else list(one.domain),
                }
                for column, one in schema.features.items()
            },
            "anomalies": names(validate(of_bad, schema)),
            "drift": distances,
            "serving": names(validate(good.drop(columns=label), served, environment="serving")),
            "training": names(validate(good.drop(columns=label), served, environment="training")),
        }
    return result


_TYPES = {"int": "INT", "float": "FLOAT", "string": "BYTES", "bool": "INT"}


def looked_at(found: Any) -> dict:
    columns = {}
    for name, one in found.columns.items():
        kind = {"int": "INT", "float": "FLOAT"}.get(one.type, "STRING")
        columns[name] = {"type": kind, "count": one.count, "missing": one.missing}
        if one.numbers is not None:
            n = one.numbers
            columns[name] |= {"mean": n.mean, "std": n.std, "zeros": n.zeros, "min": float(n.min),
                              "median": n.median, "max": float(n.max)}  # fmt: skip
        elif one.text is not None:
            columns[name] |= {
                "distinct": one.distinct,
                "length": one.text.mean_length,
                "top": [[value, many] for value, many in one.values[:3]],
            }
    return {"rows": found.rows, "columns": columns}


def names(anomalies: Any) -> dict:
    found: dict = {}
    for one in anomalies.anomalies:
        found.setdefault(one.column, []).append(one.type)
    return {column: sorted(types) for column, types in found.items()}


def differences(a: Any, b: Any, where: str = "") -> list[tuple[str, object, object]]:
    """Return where two results differ: numbers by more than a millionth."""
    if isinstance(a, dict) and isinstance(b, dict):
        keys = dict.fromkeys([*a, *b])
        return [d for key in keys for d in differences(a.get(key), b.get(key), f"{where}/{key}")]
    if isinstance(a, int | float) and isinstance(b, int | float):
        near = abs(a - b) <= 1e-6 * max(abs(a), abs(b))
        return [] if near else [(where, a, b)]
    return [] if a == b else [(where, a, b)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--envs", type=Path, default=HERE.parents[1] / ".envs")
    parser.add_argument("--json", type=Path, help="write what both said to this file")
    arguments = parser.parse_args()
    python = environment("tfdv", arguments.envs)
    with tempfile.TemporaryDirectory(prefix="thruway-tfdv-") as name:
        folder = Path(name)
        for table, (good, bad, _) in PAIRS.items():
            good().to_csv(folder / f"{table}.csv", index=False)
            bad().to_csv(folder / f"{table}-spoiled.csv", index=False)
        said, own = theirs(python, folder), ours(folder)
    if arguments.json:
        arguments.json.write_text(json.dumps({"tfdv": said, "thruway": own}, indent=1))
    print("| where | TFDV | Thruway |\n|---|---|---|")
    for where, a, b in differences(said, own):
        print(f"| {where.strip('/')} | {shown(a)} | {shown(b)} |")
    return 0


def shown(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 80 else text[:79] + "…"


if __name__ == "__main__":
    sys.exit(main())
