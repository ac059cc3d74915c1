"""A bucket as a destination, and as a source: with a server that speaks S3."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

pd = pytest.importorskip("pandas")
pytest.importorskip("narwhals")

import served_models  # noqa: E402
from servers import S3  # noqa: E402

from thruway.components import (  # noqa: E402
    fingerprint,
    ingest,
    load_pushed,
    push,
    resolve,
    roll_back,
)
from thruway.errors import DataError  # noqa: E402
from thruway.kit.gate import Gate  # noqa: E402


@pytest.fixture(scope="module")
def s3():
    server = S3()
    yield server
    server.close()


@pytest.fixture
def storage(s3):
    return {
        "key": "thruway",
        "secret": "secret",
        "endpoint_url": s3.environment["AWS_ENDPOINT_URL"],
        "client_kwargs": {"region_name": "eu-central-1"},
    }


def test_many_at_once_get_a_version_each(s3, storage):
    where = f"s3://{s3.bucket}/models"
    good = Gate("pass")
    assert resolve(where, name="twice", missing_ok=True, storage=storage) is None
    with ThreadPoolExecutor(6) as pool:
        pushed = list(
            pool.map(
                lambda _: push(
                    served_models.Twice(), good, destination=where, name="twice", storage=storage
                ),
                range(12),
            )
        )
    assert sorted(one.version for one in pushed) == list(range(1, 13))
    push(served_models.Twice(), good, destination=where, name="twice", keep=2, storage=storage)
    assert resolve(where, name="twice", storage=storage).version == 13
    assert roll_back(where, name="twice", version=12, storage=storage).version == 12
    model = load_pushed(where, name="twice", storage=storage)
    assert model.predict(pd.DataFrame({"x": [2]})).tolist() == [4]


def test_examples_of_a_bucket(s3, storage):
    fs = s3.files()
    for span in (1, 2):
        fs.pipe_file(f"{s3.bucket}/spans/{span}/a.csv", f"id\n{span}\n".encode())
    pattern = f"s3://{s3.bucket}/spans/{{SPAN}}/*.csv"
    assert ingest(pattern, storage=storage)["id"].tolist() == [2]
    assert ingest(f"s3://{s3.bucket}/spans", storage=storage)["id"].tolist() == [1, 2]
    seen = fingerprint(pattern, storage=storage)
    assert seen.files[0].digest.startswith("etag:")
    fs.pipe_file(f"{s3.bucket}/spans/2/a.csv", b"id\n3\n")
    with pytest.raises(DataError, match="not what was expected"):
        ingest(pattern, expect=seen, storage=storage)
    chunks = ingest(pattern, chunk_rows=1, storage=storage)
    assert [frame["id"].tolist() for frame in chunks] == [[3]]
    with pytest.raises(DataError):
        ingest(f"s3://{s3.bucket}/nothing.csv", storage=storage)
