"""Three versions of a file → what is written: a table of base, new and yours."""

from __future__ import annotations

import textwrap

import pytest

from thruway.errors import ProjectError
from thruway.project import merge
from thruway.project.generated import pack, unpack
from thruway.project.merge import at_paths, conflicted, merge_file, merge_files

LINES = "a\nb\nc\nd\ne\n"
GONE = None
BOTH = """\
<<<<<<< yours
A
=======
Z
>>>>>>> new
b
c
d
e
"""

# name → (base, new, yours, action, merged text, conflicts)
CASES = {
    "nothing changed": (LINES, LINES, LINES, "unchanged", LINES, 0),
    "both alike": (LINES, "x\n", "x\n", "unchanged", "x\n", 0),
    "only the new text changed": (LINES, "x\n", LINES, "updated", "x\n", 0),
    "only you changed it": (LINES, LINES, "x\n", "kept", "x\n", 0),
    "generated for the first time": (GONE, LINES, GONE, "added", LINES, 0),
    "no longer generated": (LINES, GONE, LINES, "removed", GONE, 0),
    "added by you": (GONE, GONE, LINES, "kept", LINES, 0),
    "removed by you": (LINES, LINES, GONE, "kept", GONE, 0),
    "removed by both": (LINES, GONE, GONE, "unchanged", GONE, 0),
    "different lines": (LINES, "a\nb\nc\nd\nE\n", "A\nb\nc\nd\ne\n", "merged", "A\nb\nc\nd\nE\n", 0),
    "the same line": (LINES, "Z\nb\nc\nd\ne\n", "A\nb\nc\nd\ne\n", "conflict", BOTH, 1),
    "no longer generated, edited": (LINES, GONE, "A\n", "conflict", "A\n", 1),
    "removed by you, changed": (LINES, "Z\n", GONE, "conflict", "Z\n", 1),
    "added by both": (GONE, "a\n", "b\n", "conflict", "<<<<<<< yours\nb\n=======\na\n>>>>>>> new\n", 1),
    "not text": ("\0", "\0a", "\0b", "conflict", "\0b", 1),
    "a checkout with other ends of lines": (LINES, "x\n", "a\r\nb\r\nc\r\nd\r\ne\r\n", "updated", "x\n", 0),
    "other ends of lines, kept as they are": (LINES, LINES, "x\r\n", "kept", "x\r\n", 0),
}  # fmt: skip


def encoded(text):
    return None if text is None else text.encode()


@pytest.mark.parametrize("name", CASES)
def test_three_versions_of_a_file(name):
    base, new, yours, action, content, conflicts = CASES[name]
    found = merge_file("a.txt", encoded(base), encoded(new), encoded(yours))
    assert (found.action, found.content, found.conflicts) == (action, encoded(content), conflicts)
    assert found.note or action not in {"conflict", "merged", "kept"}


def test_a_merge_that_is_no_python_is_a_conflict():
    base = "x = (\n    1,\n    # a\n    # b\n    # c\n)\n"
    yours = base.replace("x = (", "x = [").replace("\n)", "\n]")
    new = base.replace("    1,", "    1,\n    2,\n").replace("# c\n)", "# c\n    )")
    found = merge_file("a.py", base.encode(), new.encode(), yours.encode())
    assert found.action == "conflict"


def test_a_line_that_moved_to_another_step_while_it_was_edited_is_seen():
    base = {"one.py": b"def one():\n    a = 1\n    b = 2\n", "two.py": b"def two():\n    c = 3\n"}
    new = {"one.py": b"def one():\n    a = 1\n", "two.py": b"def two():\n    b = 2\n    c = 3\n"}
    yours = {**base, "one.py": b"def one():\n    a = 1\n    b = 20\n"}
    found = {each.path: each for each in merge_files(base, new, yours)}
    assert found["two.py"].content == new["two.py"]
    assert found["one.py"].action == "conflict"
    assert b"b = 20" in found["one.py"].content


def test_conflicts_that_are_left_are_found():
    marked = merge_file("a.py", b"x = 1\n", b"x = 2\n", b"x = 3\n").content
    files = {
        "a.py": marked,
        "b.py": b'text = "<<<<<<< yours"\n',
        "c.py": marked.replace(b"\n", b"\r\n"),
    }
    assert conflicted(files) == ("a.py", "c.py")


def test_a_step_at_another_place_is_imported_from_there():
    files = {
        "p/pipeline.py": b"from p.steps.load import load\nfrom p.steps.load_more import x\n",
        "p/steps/load.py": b"# p.steps.load\n",
        "README.md": b"[`load`](p/steps/load.py), [`x`](p/steps/load_more.py)\n",
    }
    moved = at_paths(files, {"p/steps/load.py": "p/steps/read.py", "a.py": "a.py"})
    assert moved == {
        "p/pipeline.py": b"from p.steps.read import load\nfrom p.steps.load_more import x\n",
        "p/steps/read.py": b"# p.steps.read\n",
        "README.md": b"[`load`](p/steps/read.py), [`x`](p/steps/load_more.py)\n",
    }


def test_a_step_with_another_name_is_called_so():
    files = {"p/pipeline.py": b"from p.steps.load import load\nx = load(load_size=1)  # load(\n"}
    assert at_paths(files, {}, {"load": "read"}) == {
        "p/pipeline.py": b"from p.steps.load import read\nx = read(load_size=1)  # read(\n"
    }


def test_steps_that_change_places_do_not_meet():
    files = {"p/a.py": b"from p.b import b\n", "p/b.py": b"from p.a import a\n"}
    assert at_paths(files, {"p/a.py": "p/b.py", "p/b.py": "p/a.py"}) == {
        "p/b.py": b"from p.a import b\n",
        "p/a.py": b"from p.b import a\n",
    }


def test_the_generated_text_comes_back_and_its_bytes_are_always_the_same(tmp_path):
    files = {
        "b.py": "ü\n",
        "a.py": b"x\r\n",
        "thruway.json": "{}",
        "source/a.ipynb": b"",
        "report.html": "",
    }
    assert pack(files) == pack(dict(reversed(files.items())))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "generated.zip").write_bytes(pack(files))
    assert unpack(tmp_path) == {"a.py": b"x\r\n", "b.py": "ü\n".encode()}


def test_without_git_only_what_both_changed_is_refused(monkeypatch):
    monkeypatch.setattr(merge.shutil, "which", lambda _: None)
    assert merge_file("a", b"1", b"2", b"1").action == "updated"
    with pytest.raises(ProjectError, match="no git") as caught:
        merge_file("a", b"1", b"2", b"3")
    assert "install git" in caught.value.fix


def test_the_merge_is_that_of_git():
    base = textwrap.dedent("def f(x):\n    a = x\n    b = a\n    c = b\n    return c\n")
    yours = base.replace("a = x", "a = x + 1")
    new = base.replace("return c", "d = c\n    return d")
    found = merge_file("f.py", base.encode(), new.encode(), yours.encode())
    assert found.content.decode() == yours.replace("return c", "d = c\n    return d")
