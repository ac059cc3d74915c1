"""Figures are numbered, watched, digested as data and recorded when they end."""

import base64
import os
import subprocess
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

from thruway.kit.ambient import drawing
from thruway.kit.ambient.children import BACKEND, environment
from thruway.kit.ambient.figures import FigureLog


@pytest.fixture
def log():
    plt.close("all")
    plt.switch_backend(BACKEND)
    log = FigureLog().start()
    yield log
    plt.close("all")
    log.stop()
    plt.switch_backend("agg")


def records(log):
    return [(record.number, record.shown, record.summary) for record in log.take()]


def test_life_of_figures(log):
    plt.plot([1, 2])
    plt.figure()
    plt.bar(["a", "b"], [1, 2])
    plt.title("bars")
    assert log.open_figures() == (1, 2)
    plt.close()
    assert records(log) == [(2, False, "1 axes: 2 bars, title 'bars'")]
    plt.figure(7)
    plt.show()
    assert records(log) == [(1, True, "1 axes: 1 line"), (3, True, "0 axes")]
    assert plt.get_fignums() == []
    plt.figure().show()
    plt.close("all")
    assert records(log) == [(4, True, "0 axes")]
    assert log.flush(shown=True) is False
    plt.plot([1])
    plt.show(block=False)
    assert log.open_figures() == (5,)
    plt.close()
    assert records(log) == [(5, True, "1 axes: 1 line")]


def test_flush_records_and_closes(log):
    plt.scatter([1, 2, 3], [1, 2, 3])
    assert log.flush(shown=False) is True
    assert records(log) == [(1, False, "1 axes: 3 points")]
    assert plt.get_fignums() == []


def test_touched(log, tmp_path):
    figure, (left, right) = plt.subplots(1, 2)
    steps = [
        (lambda: None, (1,)),
        (lambda: None, ()),
        (lambda: left.plot([1]), (1,)),
        (left.get_title, ()),
        (lambda: figure.suptitle("x"), (1,)),
        (lambda: plt.sca(left), (1,)),
        (lambda: figure.savefig(tmp_path / "x.png"), (1,)),
        (plt.figure, (2,)),
        (lambda: right.set_ylabel("y"), (1,)),
        (lambda: plt.figure(1), (1,)),
        (lambda: plt.close(2), (2,)),
        (plt.show, (1,)),
        (lambda: None, ()),
    ]
    for number, (act, expected) in enumerate(steps):
        act()
        assert log.touched() == expected, number
    assert log.current() == 0


def test_a_backend_with_windows_is_replaced_and_another_is_not(log):
    mpl.use("TkAgg")
    assert plt.get_backend() == BACKEND
    mpl.use("agg")
    assert plt.get_backend() == "agg"
    plt.plot([1])
    plt.close()
    assert records(log) == [(1, False, "1 axes: 1 line")]


def line(**style):
    plt.plot([1, 2], [3, 4], **style)


CHANGES = [
    line,
    lambda: line(color="red"),
    lambda: line(linestyle="--"),
    lambda: line(marker="o"),
    lambda: line(linewidth=3),
    lambda: plt.plot([1, 2], [3, np.nextafter(4, 5)]),
    lambda: (line(), plt.title("t")),
    lambda: (line(), plt.xlabel("x")),
    lambda: (line(), plt.xlim(0, 9)),
    lambda: (line(), plt.yscale("log")),
    lambda: (line(), plt.xticks([1, 2], ["a", "b"])),
    lambda: (line(), plt.xticks([1, 2], ["a", "c"])),
    lambda: (line(label="a"), plt.legend()),
    lambda: (line(label="b"), plt.legend()),
    lambda: (line(), plt.text(1, 3, "here")),
    lambda: (line(), plt.grid(visible=True)),
    lambda: (line(), plt.suptitle("s")),
    lambda: plt.subplot(1, 2, 1),
    lambda: plt.subplot(1, 2, 2),
    lambda: plt.bar([1, 2], [1, 2]),
    lambda: plt.bar([1, 2], [1, 3]),
    lambda: plt.bar(["a", "b"], [1, 2]),
    lambda: plt.bar(["a", "c"], [1, 2]),
    lambda: plt.hist([1, 2, 2, 3], bins=3),
    lambda: plt.scatter([1, 2], [1, 2]),
    lambda: plt.scatter([1, 2], [1, 2], c=[0.0, 1.0]),
    lambda: plt.scatter([1, 2], [1, 2], c=[0.0, 2.0]),
    lambda: plt.scatter([1, 2], [1, 2], s=[5, 6]),
    lambda: plt.imshow([[1, 2], [3, 4]]),
    lambda: plt.imshow([[1, 2], [3, 5]]),
    lambda: plt.imshow([[1, 2], [3, 4]], cmap="gray"),
    lambda: (plt.imshow([[1, 2], [3, 4]]), plt.colorbar()),
    lambda: plt.pie([1, 2]),
    lambda: plt.boxplot([[1, 2, 3]]),
    lambda: plt.contourf([[1, 2], [3, 4]]),
    lambda: plt.fill_between([1, 2], [1, 2]),
    lambda: plt.errorbar([1, 2], [1, 2], yerr=[0.1, 0.2]),
    lambda: plt.axes(projection="3d").scatter([1], [2], [3]),
    lambda: plt.axes(projection="3d").scatter([1], [2], [4]),
    lambda: plt.axes(projection="polar").plot([1], [2]),
]


def test_digest_tells_every_change_and_nothing_else():
    def digest(draw):
        figure = plt.figure()
        draw()
        result = drawing.digest(figure)
        plt.close(figure)
        return result

    digests = [digest(draw) for draw in CHANGES]
    assert len(set(digests)) == len(digests)
    assert [digest(draw) for draw in CHANGES] == digests


def test_digest_does_not_depend_on_having_been_drawn():
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    axes.scatter([1, 2], [1, 2], c=[1, 2])
    before = drawing.digest(figure)
    figure.canvas.draw()
    assert drawing.digest(figure) == before
    plt.close(figure)


def test_thumbnail_is_a_small_png():
    figure, axes = plt.subplots(figsize=(12, 8))
    axes.imshow(np.random.RandomState(0).rand(300, 300))
    picture = drawing.thumbnail(figure)
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    assert 0 < len(picture) <= drawing.THUMBNAIL_LIMIT
    assert drawing.thumbnail(figure, limit=10) == ""
    plt.close(figure)


def test_in_a_child_matplotlib_finds_the_backend_by_its_name():
    code = (
        "from thruway.kit.ambient.figures import FigureLog\n"
        "import sys; assert 'matplotlib' not in sys.modules\n"
        "log = FigureLog().start()\n"
        "import matplotlib.pyplot as plt\n"
        "plt.plot([1]); plt.show()\n"
        "print([(r.number, r.shown, len(r.digest)) for r in log.take()])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment({"PYTHONPATH": os.pathsep.join(sys.path)}),
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() == "[(1, True, 32)]", done.stderr


def test_a_mesh_is_its_corners_and_values():
    def digest_of(x, values):
        figure, axes = plt.subplots()
        mesh = axes.pcolormesh(x, np.arange(4.0), values)
        found = drawing.digest(figure)
        plt.close(figure)
        return found, mesh

    values = np.arange(9.0).reshape(3, 3)
    first, mesh = digest_of(np.arange(4.0), values)
    assert mesh._paths is None, "an outline was made of every cell"
    assert digest_of(np.arange(4.0), values)[0] == first
    assert digest_of(np.arange(4.0) * 2, values)[0] != first
    assert digest_of(np.arange(4.0), values + 1)[0] != first


def test_who_labels_dates_does_not_count():
    pd = pytest.importorskip("pandas")
    days = pd.Series([1.0, 2.0, 3.0], index=pd.date_range("2020", periods=3)).index.to_pydatetime()

    def digest_of():
        figure, axes = plt.subplots()
        axes.plot(days, [1.0, 2.0, 3.0])
        found = drawing.digest(figure)
        plt.close(figure)
        return found

    pd.plotting.deregister_matplotlib_converters()
    before = digest_of()
    pd.plotting.register_matplotlib_converters()
    try:
        assert digest_of() == before
    finally:
        pd.plotting.deregister_matplotlib_converters()
