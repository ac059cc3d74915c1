"""The reference lists all there is, and nothing else: commands, names, findings, errors, tokens."""

from __future__ import annotations

import re
import shlex

import pytest
import typer.main
from docs_pages import DOCS, PAGES, ROOT, blocks, name, rows, sections

import thruway
from thruway import errors, findings
from thruway.trace import types as trace_types
from thruway.ui.commands import app

COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
REFERENCE = DOCS / "reference"


def spellings(parameter) -> set[str]:
    if parameter.param_type_name == "argument":
        return {parameter.name.upper()}
    return {*parameter.opts, *parameter.secondary_opts}


def first_cells(text: str) -> list[tuple[set[str], str]]:
    """(spellings, meaning) of the rows of the option tables in a section."""
    found = re.findall(r"^\| (`.+?`) \| (.+) \|$", text, flags=re.MULTILINE)
    return [(set(re.findall(r"`([^`]+)`", cell)), meaning) for cell, meaning in found]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_of_a_command_is_documented(command):
    section = sections(REFERENCE / "cli.md")[command]
    documented = {frozenset(names): meaning for names, meaning in first_cells(section)}
    there = {frozenset(spellings(p)): p.help for p in COMMANDS[command].params}
    assert set(documented) == set(there)
    assert {n: documented[n] for n in there if not documented[n].startswith(there[n])} == {}
    assert COMMANDS[command].help in section


def test_every_command_is_documented_and_no_other():
    assert set(COMMANDS) == set(sections(REFERENCE / "cli.md")) - {"Options of `thruway` itself"}
    table = [row for row in rows(REFERENCE / "cli.md") if row[0].startswith("[")]
    assert [row[1] for row in table] == [command.help for command in COMMANDS.values()]


def test_commands_shown_anywhere_exist():
    wrong = []
    for page in PAGES:
        lines = [
            line
            for block in blocks(page)
            if block.language in {"console", "sh"}
            for line in block.body.replace("\\\n", " ").splitlines()
        ]
        for line in lines:
            own = line.removeprefix("$ ").partition(" | ")[0].partition(" -- ")[0]
            words = shlex.split(own, comments=True)
            if words[:1] == ["thruway"] and not words[1].startswith("-"):
                known = (
                    {s for p in COMMANDS[words[1]].params for s in spellings(p)}
                    if words[1] in COMMANDS
                    else set()
                )
                wrong += [
                    f"{name(page)}: {line}"
                    for word in words[2:]
                    if word.startswith("-") and word not in known
                ]
                wrong += [f"{name(page)}: {line}"] * (words[1] not in COMMANDS)
    assert wrong == []


def test_every_public_name_is_documented():
    assert set(sections(REFERENCE / "api.md")) == set(thruway.__all__)


def test_findings_are_those_of_the_code():
    table = [row for row in rows(REFERENCE / "findings.md") if row[0].startswith("TW")]
    assert [(row[0], row[1]) for row in table] == list(findings.CODES.items())


def test_findings_called_reserved_are_reported_nowhere():
    source = "".join(
        file.read_text(encoding="utf-8")
        for file in (ROOT / "src").rglob("*.py")
        if file.name != "findings.py"
    )
    used = {code for code in findings.CODES if f'"{code}"' in source}
    reserved = {
        row[0]
        for row in rows(REFERENCE / "findings.md")
        if row[0].startswith("TW") and row[2].startswith("reserved")
    }
    assert reserved == set(findings.CODES) - used


def tree(root: type[errors.ThruwayError]) -> dict[str, int]:
    found = {root.__name__: root.exit_code} if root.__module__ == "thruway.errors" else {}
    for child in root.__subclasses__():
        found |= tree(child)
    return found


def test_errors_and_exit_statuses_are_those_of_the_code():
    table = [
        row for row in rows(REFERENCE / "errors.md") if row[0].isidentifier() and row[1].isdigit()
    ]
    assert {row[0]: int(row[1]) for row in table} == tree(errors.ThruwayError)


def test_resource_tokens_are_those_of_the_trace():
    documented = [row[0] for row in rows(REFERENCE / "resources.md")]
    lines = [line for line in (trace_types.__doc__ or "").splitlines() if line.startswith("| `")]
    assert [line.split("|")[1].strip().replace("`", "") for line in lines] == documented[2:]


def test_settings_are_those_of_a_project():
    from thruway.kit.project import _SETTINGS

    assert set(_SETTINGS) <= {row[0] for row in rows(REFERENCE / "project-layout.md")}
