"""Shell lines: those that only show something go, the others become `subprocess.run`."""

from __future__ import annotations

import itertools
import re
import shlex
from typing import TYPE_CHECKING

from thruway.source.answers import Answer, dropped, refused, replaced, text_expression, words

if TYPE_CHECKING:
    from thruway.findings import Place

READ_ONLY = words("""
    ls ll dir pwd cat head tail less more wc nvidia-smi nvcc apt apt-get aptitude dpkg brew which
    whereis type free df du echo printf file tree cd find grep egrep zcat sort uniq cut stat date
    uname hostname whoami id ps top lscpu lsb_release env printenv true false clear man tput
    md5sum sha256sum column nl yes sleep time
    """)
INSTALLERS = words("pip pip2 pip3 conda mamba micromamba uv poetry easy_install")
SAFE_FLAGS = frozenset({"--version", "-V", "-version"})
CHANGING = ("-delete", "-exec", "-o ")
OPTIONS_WITH_VALUE = words("""
    -r --requirement -c --channel --constraint -i --index-url --extra-index-url -f --find-links
    -t --target -e --editable -n --name -p --prefix --python
    """)
UNCHECKED = "what it does outside Python is not checked"
# What the author's shell (`$SHELL`, which IPython takes) does and a plain `sh` may not.
_BEYOND_SH = re.compile(
    r"\{[^}\s]*(,|\.\.)[^}\s]*\}|\[\[|<<<|[<>]\(|&>|\$'|\*\*"
    r"|\becho -|\b(source|shopt|pushd|popd|time)\b"
)
_LIST_OF_IPYTHON = re.compile(
    r"\.(n|s|l|p|nlstr|spstr|paths|list|get_nlstr|get_spstr|get_list|get_paths|grep|fields|sort)\b"
)
_IMPORTS = {
    "os.": "import os",
    "subprocess.": "import subprocess",
    "SList(": "from IPython.utils.text import SList",
}
FIX = "write it in Python, or prepare it before the program runs"


def shell_answer(command: str, place: Place, known: str) -> Answer:
    """Return what becomes of `!command`.

    Raises:
        MigrationRefused: the command is filled in with something that is not a plain expression.
    """
    command = command.strip()
    if packages := installed(command):
        names = ", ".join(packages)
        drop = dropped("TW001", place, f"installs {names}: goes into requirements, not into steps")
        return Answer("", drop.findings, packages)
    asked = re.search(r"\b_exit_code\b", known)
    if is_read_only(command) and not asked:
        return dropped("TW002", place, f"`!{command}` only shows something and was left out")
    text = text_expression(command, known)
    if text is None:
        raise refused(f"The shell line `!{command}` cannot be filled in.", place, command, FIX)
    ran = f"subprocess.run({text}, shell=True, check=False{_shell(command)})"
    if target := downloaded(command):
        return replaced(
            with_imports(f"os.path.exists({target!r}) or {ran}"),
            "TW002",
            place,
            f"`!{command}` downloads only when {target} is not there yet",
            "download the data before the program runs",
        )
    if asked:
        ran = f"_exit_code = {ran}.returncode"
    reason = f"`!{command}` became subprocess.run: {UNCHECKED}"
    return replaced(with_imports(ran), "TW002", place, reason, FIX)


def with_imports(python: str) -> str:
    """Return a statement of ours with the imports that it needs in front of it."""
    needed = [line for mark, line in _IMPORTS.items() if mark in python]
    return "; ".join([*needed, python])


def _shell(command: str) -> str:
    """Return the argument that names the author's shell, where the command needs it."""
    if not _BEYOND_SH.search(command):
        return ""
    return ', executable=os.environ.get("SHELL")'


def shell_lines(command: str, place: Place, known: str) -> Answer:
    """Return the expression for the output of `!command` as a list of lines.

    IPython gives a list with more methods; where the program uses any of these, it stays that.

    Raises:
        MigrationRefused: the command is filled in with something that is not a plain expression.
    """
    command = command.strip()
    text = text_expression(command, known)
    if text is None:
        raise refused(f"The shell line `!{command}` cannot be filled in.", place, command, FIX)
    streams = "stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True"
    ran = f"subprocess.run({text}, shell=True, check=False{_shell(command)}, {streams})"
    lines = f"{ran}.stdout.splitlines()"
    if _LIST_OF_IPYTHON.search(known):
        lines = f"SList({lines})"
    reason = f"the output of `!{command}` became that of subprocess.run: {UNCHECKED}"
    return replaced(lines, "TW002", place, reason, FIX)


def downloaded(command: str) -> str:
    """Return the file that a plain `wget` or `curl` line fetches, "" for any other line.

    Example:
        >>> downloaded("wget -q https://example.org/data.csv -O d.csv")
        'd.csv'
        >>> downloaded("wget https://example.org/a/data.csv")
        'data.csv'
        >>> downloaded("wget https://example.org/a.zip && unzip a.zip")
        ''
    """
    if re.search(r"[|&;<>`\n]|\$\(", command) or not re.match(r"(wget|curl)\s", command):
        return ""
    parts = shlex.split(command)
    options = {"wget": {"-O", "--output-document"}, "curl": {"-o", "--output"}}[parts[0]]
    for option, value in itertools.pairwise(parts):
        if option in options:
            return "" if set(value) & set("${") else value
    urls = [part for part in parts if "://" in part and "$" not in part and "{" not in part]
    saves = parts[0] == "wget" or "-O" in parts or "--remote-name" in parts
    return urls[0].rstrip("/").rsplit("/", 1)[-1] if len(urls) == 1 and saves else ""


def is_read_only(command: str) -> bool:
    """Tell whether a command line shows something and changes nothing."""
    quiet = re.sub(r"(\d|&)?>\s*(/dev/null|&\d)", "", command)
    if ">" in quiet or "$(" in quiet or "`" in quiet:
        return False
    return all(_shows(part) for part in re.split(r"\|\||&&|[;|\n&]", quiet))


def _shows(part: str) -> bool:
    words = part.replace("sudo ", " ").split()
    if not words or words[0].startswith("#"):
        return True
    name = words[0].rsplit("/", 1)[-1]
    if name in READ_ONLY:
        return not any(flag in part for flag in CHANGING)
    return name in INSTALLERS or (len(words) == 2 and words[1] in SAFE_FLAGS)


def installed(command: str) -> tuple[str, ...]:
    """Return the packages that a `pip install` or `conda install` line names."""
    names: list[str] = []
    for part in re.split(r"&&|;|\|", command):
        match = re.match(r"^.*?\b(?:pip\d?|conda|mamba|micromamba|uv)\s+(install|add)\b(.*)$", part)
        if match:
            names += _packages(match[2])
    return tuple(dict.fromkeys(names))


def _packages(arguments: str) -> list[str]:
    """Return the requirements among the arguments of an installer."""
    try:
        words = shlex.split(re.sub(r"\s[\d&]?>\s*\S+", "", arguments), comments=True)
    except ValueError:
        words = arguments.split()
    names: list[str] = []
    skip = False
    for word in words:
        if not skip and not word.startswith(("-", "{", "$", ".", "/")):
            names.append(word)
        skip = word in OPTIONS_WITH_VALUE
    return names
