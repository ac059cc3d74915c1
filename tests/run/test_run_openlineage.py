"""OpenLineage events of a run, to a file and to an address, read back as any consumer would."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from thruway.errors import GateFailed, StepFailed

pytest.importorskip("openlineage.client")

PIPELINE = """
    @step
    def load() -> list:
        with open("a.txt") as handle:
            return handle.read().split()

    @step
    def count(words: list, at_least: int) -> int:
        return sum(len(word) >= at_least for word in words)

    @pipeline
    def flow(at_least: int = 2):
        "How many words are long."
        words = load()
        n = count(words, at_least)
        return n
"""


@pytest.fixture
def project(toy):
    (toy.data / "a.txt").write_text("a bb ccc")
    toy.write(PIPELINE)
    return toy


def events(file) -> list[dict]:
    return [json.loads(line) for line in file.read_text().splitlines()]


def line(event) -> str:
    names = [
        ",".join(sorted(one["name"].rpartition("/")[2] for one in event.get(kind, [])))
        for kind in ("inputs", "outputs")
    ]
    return f"{event['eventType']} {event['job']['name']} {names[0]} -> {names[1]}"


def test_events_of_a_run_in_a_file(project, tmp_path, monkeypatch):
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("THRUWAY_OPENLINEAGE", str(file))
    result, _ = project.run()
    told = events(file)
    assert [line(event) for event in told] == [
        "START flow  -> ",
        "START flow.load  -> ",
        "COMPLETE flow.load a.txt -> flow.load",
        "START flow.count flow.load -> ",
        "COMPLETE flow.count flow.load -> flow.count",
        "COMPLETE flow  -> ",
    ]
    pipeline, start, end = told[0], told[1], told[2]
    assert pipeline["run"]["facets"]["executionParameters"]["parameters"] == [
        {"key": "at_least", "name": "at_least", "value": "2"}
    ]
    assert pipeline["job"]["facets"]["documentation"]["description"] == "How many words are long."
    assert start["run"]["runId"] == end["run"]["runId"] != pipeline["run"]["runId"]
    assert start["run"]["facets"]["parent"]["run"]["runId"] == pipeline["run"]["runId"]
    made = end["outputs"][0]["facets"]["version"]["datasetVersion"]
    assert made == result.step("load").outputs["return"].hash


def test_cached_and_failed_steps(project, tmp_path, monkeypatch):
    project.run()
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("THRUWAY_OPENLINEAGE", str(file))
    project.edit("return sum(", "return 1 / 0 + sum(")
    with pytest.raises(StepFailed):
        project.run()
    told = events(file)
    assert [line(event) for event in told] == [
        "START flow  -> ",
        "COMPLETE flow.load a.txt -> flow.load",
        "START flow.count flow.load -> ",
        "FAIL flow.count flow.load -> ",
        "FAIL flow  -> ",
    ]
    message = told[3]["run"]["facets"]["errorMessage"]["message"]
    assert message == "step `count` raised ZeroDivisionError: division by zero"


def test_to_an_address(local, monkeypatch):
    received = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            size = int(self.headers["Content-Length"])
            received.append((self.path, json.loads(self.rfile.read(size))["eventType"]))
            self.send_response(201)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("THRUWAY_OPENLINEAGE", f"http://127.0.0.1:{server.server_port}")
    (local.data / "a.txt").write_text("a")
    local.write(PIPELINE)
    local.run()
    server.shutdown()
    server.server_close()
    assert received[0] == ("/api/v1/lineage", "START")
    assert [kind for _, kind in received].count("COMPLETE") == 3


def test_a_server_that_is_away_stops_nothing(local, monkeypatch):
    monkeypatch.setenv("THRUWAY_OPENLINEAGE", "http://127.0.0.1:9")
    (local.data / "a.txt").write_text("a")
    local.write(PIPELINE)
    result, heard = local.run()
    assert result.load("n") == 0
    told = [text for text in heard.warnings if "OpenLineage" in text]
    assert len(told) == 1


def test_what_a_gate_says_is_asserted_of_what_its_step_took(local, tmp_path, monkeypatch):
    local.write(
        """
        from thruway.kit.gate import Gate

        @step
        def load() -> list:
            return [1, 2]

        @step
        def check(rows: list) -> Gate:
            return Gate("fail", ("2 rows", "none of them is odd"))

        @pipeline
        def flow():
            return check(load())
        """
    )
    file = tmp_path / "events.jsonl"
    monkeypatch.setenv("THRUWAY_OPENLINEAGE", str(file))
    with pytest.raises(GateFailed):
        local.run()
    (checked,) = [event for event in events(file) if line(event).startswith("COMPLETE flow.check")]
    (rows,) = checked["inputs"]
    assert [
        (each["assertion"], each["success"])
        for each in rows["inputFacets"]["dataQualityAssertions"]["assertions"]
    ] == [("2 rows", False), ("none of them is odd", False)]
    assert line(events(file)[-1]) == "FAIL flow  -> "
