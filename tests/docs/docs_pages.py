"""The pages of the documentation, read: fenced blocks, links, tables."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
FENCE = re.compile(
    r"^(?P<indent> *)```(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)
TITLE = re.compile(r'title="([^"]*)"')


@dataclass(frozen=True)
class Block:
    page: Path
    language: str
    title: str
    body: str


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> list[Block]:
    found = []
    for match in FENCE.finditer(page.read_text(encoding="utf-8")):
        language, _, rest = match["info"].strip().partition(" ")
        title = TITLE.search(rest)
        indent = len(match["indent"])
        body = "".join(
            line[indent:] if line.strip() else line
            for line in match["body"].splitlines(keepends=True)
        )
        found.append(Block(page, language, title[1] if title else "", body))
    return found


def prose(page: Path) -> str:
    """The text without fenced blocks and without code in backticks."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", page.read_text(encoding="utf-8")))


def rows(page: Path) -> list[list[str]]:
    """The cells of every table row, backticks left out; headers and rules too."""
    lines = FENCE.sub("", page.read_text(encoding="utf-8")).splitlines()
    return [
        [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]
        for line in lines
        if line.startswith("|")
    ]


def sections(page: Path) -> dict[str, str]:
    """Heading of level two → its text."""
    parts = re.split(r"^## (.+)$", page.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return dict(zip((head.strip("` ") for head in parts[1::2]), parts[2::2], strict=True))
