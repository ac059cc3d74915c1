"""One step called for each item of a list: the same over both executors."""

from __future__ import annotations

import pytest

from thruway.errors import PipelineError, StepFailed, StorageError, TypeMismatch
from thruway.run import describe_run, list_runs

FITS = """
    from pathlib import Path
    from thruway import display

    class Fit(NamedTuple):
        name: str
        score: float

    @step
    def models(n: int) -> list[dict]:
        shared = ["s"]
        return [{"name": "abcdefgh"[i], "weight": i, "shared": shared} for i in range(n)]

    @step(role="train")
    def fit(model: dict, x: list[int], power: int = 1) -> Fit:
        print("fit", model["name"])
        display(model["weight"])
        if model["weight"] == 7:
            raise ValueError("seven")
        model["shared"].append("changed")
        x.append(len(x))
        Path(f"{model['name']}.txt").write_text(str(model["weight"]))
        Path("last.txt").write_text(model["name"])
        return Fit(model["name"] * len(model["shared"]), sum(x) * model["weight"] ** power)

    @step
    def best(fits: list[Fit]) -> str:
        fits = sorted(fits, key=lambda fit: -fit.score)
        return " ".join(f"{fit.name}{fit.score}" for fit in fits)

    @pipeline
    def flow(n: int = 3, power: int = 1):
        found = models(n)
        fits = map_over(fit, found, x=[1, 2], power=power)
        text = best(fits)
        return text, fits
"""


def made(heard) -> str:
    """Name the steps that were executed."""
    return " ".join(step for step, state in heard.states.items() if state == "COMPLETE")


@pytest.fixture
def fits(toy):
    toy.write(FITS)
    return toy


def test_every_item_is_a_call(fits):
    result, heard = fits.run()
    assert result.load("text") == "cc10 bb5 aa0"
    assert [tuple(fit) for fit in result.load("fits")] == [("aa", 0), ("bb", 5), ("cc", 10)]
    assert type(result.load("fits")) is list
    assert heard.text == "fit a\n0\nfit b\n1\nfit c\n2\n"
    written = {path.name: path.read_text() for path in result.outputs.iterdir()}
    assert written == {"a.txt": "0", "b.txt": "1", "c.txt": "2", "last.txt": "c"}
    assert [step.name for step in result.steps] == ["models", "fit", "best"]
    assert [one.name for one in result.step("fit").instances] == ["fit[0]", "fit[1]", "fit[2]"]
    assert result.step("fit").reason == "3 items; it never ran before"
    run = describe_run(result.store, "latest")
    assert [each["step"] for each in run["executions"]] == [
        "models", "fit", "fit[items]", "fit[0]", "fit[1]", "fit[2]", "best",
    ]  # fmt: skip
    assert {each["state"] for each in run["executions"]} == {"COMPLETE"}
    assert run["executions"][4]["stdout"] == "fit b\n1\n"
    assert list_runs(result.store)[0]["steps"] == 3
    again, heard = fits.run()
    assert (again.state, heard.text) == ("CACHED", "fit a\n0\nfit b\n1\nfit c\n2\n")
    assert list(heard.states) == ["models", "fit", "best"]
    assert again.load("fits") == result.load("fits")


def test_each_item_has_its_own_key(fits):
    fits.run()
    result, heard = fits.run(params={"n": 4})
    assert made(heard) == "models fit[items] fit[3] fit best"
    assert result.step("fit").reason == "4 items, 3 from the cache; input `model` changed"
    assert result.load("text") == "dd15 cc10 bb5 aa0"
    fits.edit('"weight": i,', '"weight": i if i else 9,')
    _, heard = fits.run(params={"n": 4})
    assert made(heard) == "models fit[items] fit[0] fit best"
    assert heard.reasons["fit[0]"] == "input `model` changed"
    fits.edit("sum(x)", "1 + sum(x)")
    assert made(fits.run(params={"n": 4})[1]) == "fit[0] fit[1] fit[2] fit[3] fit best"
    assert made(fits.run(params={"n": 4, "power": 2})[1]).startswith("fit[0] fit[1]")


def test_what_is_asked_for(fits):
    fits.run()
    items = "fit[items] fit[0] fit[1] fit[2] fit"
    assert made(fits.run(force=True)[1]) == f"models {items} best"
    assert made(fits.run(only="fit", force=True)[1]) == items
    assert made(fits.run(only="best", force=True)[1]) == "best"
    assert made(fits.run(from_step="fit")[1]) == f"{items} best"
    assert made(fits.run(from_step="best")[1]) == "best"
    assert made(fits.run(no_cache=True)[1]) == f"models {items} best"


def test_a_failing_item_is_named(fits):
    fits.edit("range(n)", "(1, 7, 2)")
    with pytest.raises(StepFailed) as caught:
        fits.run()
    assert caught.value.what == "step `fit[1]` raised ValueError: seven"
    assert caught.value.where.startswith("step fit[1], toy.py:")
    executions = describe_run(fits.dir / ".thruway", "latest")["executions"]
    states = {each["step"]: each["state"] for each in executions}
    assert (states["fit[0]"], states["fit[1]"], states["fit"]) == ("COMPLETE", "FAILED", "FAILED")
    fits.edit("(1, 7, 2)", "(1, 5, 2)")
    result, heard = fits.run()
    assert made(heard) == "models fit[items] fit[1] fit best"  # fit[2] went on
    assert result.load("text") == "ff25 cc10 bb5"


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ("[]", []),
        ("()", []),
        ("[1, 2.5]", [2, 5.0]),
        ("('a', 'b')", ["aa", "bb"]),
        ("[[1], [1]]", [[1, 1], [1, 1]]),
        ("given", [6]),
        ("nothing()", []),
        ("map_over(twice, [1, 2])", [4, 8]),
        ("map_over(twice, map_over(twice, nothing()))", []),
    ],
)
def test_what_items_may_be(toy, items, expected):
    toy.write(f"""
        @step
        def twice(x):
            return 2 * x

        @step
        def nothing() -> list:
            return []

        @step
        def same(found: list) -> list:
            return found

        @pipeline
        def flow(given: list[int] = [3]):
            found = map_over(twice, {items})
            return same(found)
    """)
    for state in ("COMPLETE", "CACHED"):
        result, _ = toy.run()
        assert (result.state, result.load("same")) == (state, expected)
    result, heard = toy.run(params={"given": [3, 4]})
    if items == "given":
        assert result.load("same") == [6, 8]
        assert made(heard) == "twice[1] twice same"


APART = """
    import os
    import random
    from pathlib import Path

    seen = []

    class Both(NamedTuple):
        one: list
        two: list

    @step
    def items() -> tuple:
        one = [1]
        return (one, one, Both(one, one))

    @step
    def change(item, fixed: list, given: list) -> tuple:
        part = item if isinstance(item, list) else item.one
        part.append(2)
        fixed.append(3)
        given.append(4)
        there = sorted(os.listdir())
        Path("mine.txt").write_text("x")
        together = not isinstance(item, list) and item.one is item.two
        return item, fixed, given, random.random(), there, together

    @step
    def fixed() -> list:
        return []

    @step
    def after(found: list, fixed: list, given: list) -> list:
        return [*found, fixed, given]

    @pipeline
    def flow(given: list[int] = [0]):
        some = fixed()
        found = map_over(change, items(), fixed=some, given=given)
        return after(found, some, given)
"""


def test_each_call_has_its_own(toy):
    import random

    toy.write(APART)
    result, _ = toy.run()
    *found, fixed, given = result.load("after")
    drawn = random.Random(0).random()
    assert found[0] == ([1, 2], [3], [0, 4], drawn, [], False)
    assert found[0] == found[1]
    assert found[2] == (([1, 2], [1, 2]), [3], [0, 4], drawn, [], True)
    assert (fixed, given) == ([], [0])


@pytest.mark.parametrize(
    ("body", "error", "message"),
    [
        (
            "with open('log.txt', 'a') as f: f.write('x')",
            StepFailed,
            "goes on with the file `log.txt`",
        ),
        (
            "p = Path('data.csv'); p.read_text() if x == 2 else p.write_text('b')",
            StepFailed,
            r"`use\[1\]` reads the file `data.csv`, which others write",
        ),
        ("x = File(str(x)); open(x, 'w').close()", StorageError, "its result .* is a file"),
        ("x = PythonRandom.capture()", PipelineError, "random stream `PythonRandom`"),
        ("x = (1, NumpyRandom.capture())", PipelineError, "random stream `NumpyRandom`"),
        ("x = (y for y in [1])", StorageError, "generator"),
    ],
)
def test_what_a_call_cannot_do(toy, body, error, message):
    (toy.data / "data.csv").write_text("a")
    toy.write(f"""
        from pathlib import Path
        import numpy

        @step
        def use(x):
            {body}
            return x

        @pipeline
        def flow():
            return map_over(use, [1, 2])
    """)
    with pytest.raises(error, match=message):
        toy.run()


@pytest.mark.parametrize(
    ("annotation", "value", "error", "message"),
    [
        ("object", "{1: 2}", StepFailed, "mapped over dict, and not over a list"),
        ("dict", "{1: 2}", TypeMismatch, "expected list, got dict"),
        ("list", "[1, (y for y in [1])]", StorageError, "cannot be stored"),
        ("list", "[1, lambda: 1]", StorageError, "cannot be stored"),
        ("list[str]", "['a']", TypeMismatch, "expected int, got str"),
    ],
)
def test_what_items_cannot_be(toy, annotation, value, error, message):
    toy.write(f"""
        @step
        def give() -> {annotation}:
            return {value}

        @step
        def use(x: int) -> int:
            return x

        @pipeline
        def flow():
            found = map_over(use, give())
            return found
    """)
    with pytest.raises(error, match=message):
        toy.run()


def test_equal_items_share_a_result(toy):
    toy.write("""
        @step
        def some() -> list:
            return [5, 6, 5]

        @step
        def use(x: int) -> list:
            return [x]

        @step
        def change(found: list) -> list:
            found[0].append(0)
            return found

        @pipeline
        def flow():
            return change(map_over(use, some()))
    """)
    result, heard = toy.run(jobs=3)
    assert result.load("change") == [[5, 0], [6], [5]]
    assert heard.states["use[2]"] == "CACHED"


def test_an_item_is_tried_again(local):
    local.write("""
        tries = []

        @step(retries=1)
        def flaky(x: int) -> int:
            tries.append(x)
            return 1 // (len(tries) - 1) + x

        @pipeline
        def flow():
            return map_over(flaky, [1, 2])
    """)
    result, heard = local.run()
    assert result.load("flaky") == [2, 2]
    assert [w.partition(";")[0] for w in heard.warnings] == [
        "flaky[0]: step `flaky[0]` raised ZeroDivisionError: integer division or modulo by zero"
    ]


@pytest.mark.parametrize("step", ["models", "fit[items]", "fit", "fit[1]"])
def test_a_damaged_part_is_made_anew(fits, step):
    first, _ = fits.run()
    executions = describe_run(first.store, "latest")["executions"]
    (ref,) = [list(each["outputs"].values())[-1] for each in executions if each["step"] == step]
    path = first.store / "objects" / ref["hash"][:2] / ref["hash"][2:]
    path.chmod(0o644)
    path.write_text("damaged")
    fits.edit('" ".join', '"-".join')
    fits.edit("sum(x)", "0 + sum(x)")
    result, _ = fits.run()
    assert result.load("text") == "cc10-bb5-aa0"


def test_every_call_is_probed(fits):
    keep = frozenset({("fit[1]", "x"), ("fit", "power")})
    result, heard = fits.run(probe=True, force=True, keep=keep)
    record = result.step("fit").record
    assert (record.stdout, record.displays) == ("fit a\nfit b\nfit c\n", ("0", "1", "2"))
    assert sorted(record.files) == ["a.txt", "b.txt", "c.txt", "last.txt"]
    calls = [one.record.names for one in result.step("fit").instances]
    assert [sorted(names) for names in calls] == [["model", "power", "x"]] * 3
    assert [names["x"].artifact is not None for names in calls] == [False, True, False]
    assert all(names["power"].artifact for names in calls)
    assert heard.text == "fit a\n0\nfit b\n1\nfit c\n2\n"


def test_items_run_at_the_same_time(apart, tmp_path):
    apart.write("""
        import time
        from pathlib import Path

        @step
        def meet(me: int, folder: str, count: int) -> int:
            Path(folder, f"{me}.here").write_text("")
            for _ in range(400):
                if len(list(Path(folder).glob("*.here"))) == count:
                    print("met", me)
                    time.sleep(0.1 * (count - me))
                    return me
                time.sleep(0.05)
            raise RuntimeError("alone")

        @pipeline
        def flow(folder: str):
            return map_over(meet, [0, 1, 2], folder=folder, count=3)
    """)
    result, heard = apart.run(jobs=3, params={"folder": str(tmp_path)})
    assert result.load("meet") == [0, 1, 2]
    assert heard.text == "met 0\nmet 1\nmet 2\n"
