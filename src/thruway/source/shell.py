"""Shell lines: those that only show something go, the others become `subprocess.run`."""

from __future__ import annotations

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
    if is_read_only(command):
        return dropped("TW002", place, f"`!{command}` only shows something and was left out")
    text = text_expression(command, known)
    if text is None:
        raise refused(f"The shell line `!{command}` cannot be filled in.", place, command, FIX)
    return replaced(
        f"import subprocess; subprocess.run({text}, shell=True, check=False)",
        "TW002",
        place,
        f"`!{command}` became subprocess.run: what it does outside Python is not checked",
        FIX,
    )


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
