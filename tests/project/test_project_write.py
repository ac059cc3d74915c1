"""Writing: all or nothing, and never over work of the user's."""

import json
from pathlib import Path

import pytest

from thruway.errors import ProjectError
from thruway.project.load import edited_files, load_manifest
from thruway.project.manifest import hashes
from thruway.project.write import update_files, write_project

RECORD = {
    "version": "0", "format": 1, "package": "p", "title": "T", "pipeline": "p.pipeline:p",
    "cut": "auto", "seed": 0, "data": "..", "climb": 0, "python": "3.11",
    "source": {"name": "a.py", "file": "source/a.py", "origin": "../a.py", "kind": "script",
               "sha256": ""},
    "steps": [], "statements": [], "shared": [], "settings": {}, "results": [], "dropped": {},
    "findings": [],
}  # fmt: skip


def project(**files):
    texts = {name.replace("__", "/").replace("_py", ".py"): text for name, text in files.items()}
    texts["README.md"] = "# T\n\n## What was proven\n\nNothing yet.\n"
    return {**texts, "thruway.json": json.dumps({**RECORD, "files": hashes(texts)})}


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "here" / "project"
    write_project(project(p__a_py="a = 1\n", p__b_py="b = 1\n"), folder)
    return folder


def listing(folder):
    return sorted(p.relative_to(folder).as_posix() for p in Path(folder).rglob("*") if p.is_file())


def test_written_as_given_and_nothing_else_beside_it(target):
    assert listing(target) == ["README.md", "p/a.py", "p/b.py", "thruway.json"]
    assert [p.name for p in target.parent.iterdir()] == ["project"]
    assert edited_files(target) == ()


def test_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "empty").mkdir()
    write_project(project(), tmp_path / "empty")
    assert listing(tmp_path / "empty") == ["README.md", "thruway.json"]


@pytest.mark.parametrize("force", [False, True])
def test_other_work_is_never_written_over(tmp_path, force):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.tex").write_text("x")
    with pytest.raises(ProjectError, match="mine holds other work"):
        write_project(project(), tmp_path / "mine", force=force)
    assert listing(tmp_path) == ["mine/thesis.tex"]


def test_a_file_is_not_a_folder(tmp_path):
    (tmp_path / "f").write_text("x")
    with pytest.raises(ProjectError, match="is a file"):
        write_project(project(), tmp_path / "f")


def test_edited_files_are_named_and_kept(target):
    (target / "p/a.py").write_text("a = 2\n")
    assert edited_files(target) == ("p/a.py",)
    with pytest.raises(ProjectError, match=r"edited since it was written: p/a\.py"):
        write_project(project(p__a_py="a = 3\n"), target)
    assert (target / "p/a.py").read_text() == "a = 2\n"


def test_force_writes_over_edits(target):
    (target / "p/a.py").write_text("a = 2\n")
    write_project(project(p__a_py="a = 3\n"), target, force=True)
    assert (target / "p/a.py").read_text() == "a = 3\n"


def test_a_deleted_file_is_no_obstacle_but_is_told(target):
    (target / "p/b.py").unlink()
    assert edited_files(target) == ("p/b.py",)
    write_project(project(p__a_py="a = 1\n", p__b_py="b = 1\n"), target)
    assert edited_files(target) == ()


def test_a_file_of_the_user_in_the_way_of_a_new_one(target):
    (target / "p/c.py").write_text("mine")
    with pytest.raises(ProjectError, match=r"p/c\.py"):
        write_project(project(p__c_py="new"), target)


def test_store_outputs_and_files_of_the_user_stay_and_old_steps_go(target):
    for name in (".thruway/objects/ab", "outputs/x.csv", "p/mine.py", ".git/HEAD"):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_text(name)
    write_project(project(p__a_py="a = 1\n"), target)
    assert listing(target) == [
        ".git/HEAD", ".thruway/objects/ab", "README.md", "outputs/x.csv", "p/a.py", "p/mine.py",
        "thruway.json",
    ]  # fmt: skip
    assert [p.name for p in target.parent.iterdir()] == ["project"]


def test_a_failure_half_way_leaves_the_old_project(target, monkeypatch):
    before = listing(target)
    monkeypatch.setattr(Path, "write_bytes", _full_disk)
    with pytest.raises(ProjectError, match="No space left"):
        write_project(project(p__a_py="other\n"), target)
    assert listing(target) == before
    assert [p.name for p in target.parent.iterdir()] == ["project"]


def _full_disk(path, content):
    if path.name == "thruway.json":
        raise OSError(28, "No space left on device", str(path))
    with path.open("wb") as handle:
        handle.write(content)


def test_a_backup_left_by_a_kill_is_put_back(target):
    (target / ".thruway").mkdir()
    (target / ".thruway/lineage.db").write_text("x")
    target.rename(target.with_name(".project.thruway-backup"))
    write_project(project(p__a_py="a = 1\n"), target)
    assert ".thruway/lineage.db" in listing(target)


def test_updated_files_are_not_edits(target):
    update_files(target, {"report.html": "<p>"}, verdict="equal", proven="Verdict: **equal**.")
    assert edited_files(target) == ()
    assert load_manifest(target).proven == "equal"
    text = (target / "README.md").read_text()
    assert text == "# T\n\n## What was proven\n\nVerdict: **equal**.\n"


@pytest.mark.parametrize("text", ["{", "[]", '{"format": 1}', '{"format": 1, "source": 3}'])
def test_a_damaged_record_is_said(tmp_path, text):
    (tmp_path / "thruway.json").write_text(text)
    with pytest.raises(ProjectError, match="damaged"):
        load_manifest(tmp_path)


def test_a_record_from_the_future_and_none(tmp_path):
    with pytest.raises(ProjectError, match="not a project that Thruway wrote"):
        load_manifest(tmp_path)
    (tmp_path / "thruway.json").write_text('{"format": 99, "version": "9"}')
    with pytest.raises(ProjectError, match="newer Thruway"):
        load_manifest(tmp_path)
