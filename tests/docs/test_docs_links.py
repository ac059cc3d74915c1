"""Links lead somewhere, pages are in the navigation, and nothing tells of one machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from docs_pages import DOCS, FENCE, PAGES, ROOT, name, prose

if TYPE_CHECKING:
    from pathlib import Path

LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
MACHINE = re.compile(
    r"(?<![\w.…])/(tmp|home|root|Users|work|opt|mnt|var)/|localhost|127\.0\.0\.1|[A-Z]:\\"
)


def anchors(page: Path) -> set[str]:
    """Anchors as both the site and a repository's viewer make them."""
    text = FENCE.sub("", page.read_text(encoding="utf-8"))
    heads = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[-\s]+", "-", re.sub(r"[^\w\s-]", "", head).strip().lower()) for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_links_resolve(page):
    broken = []
    for target in LINK.findall(prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_no_path_of_a_machine(page):
    assert MACHINE.findall(page.read_text(encoding="utf-8")) == []


def test_every_page_is_in_the_navigation():
    listed = set(
        re.findall(
            r"([\w./-]+\.md)$",
            (ROOT / "mkdocs.yml").read_text(encoding="utf-8"),
            flags=re.MULTILINE,
        )
    )
    assert listed == {page.relative_to(DOCS).as_posix() for page in DOCS.rglob("*.md")}


def test_every_decision_is_in_the_index():
    folder = DOCS / "decisions"
    index = (folder / "index.md").read_text(encoding="utf-8")
    assert [
        file.name for file in sorted(folder.glob("0*.md")) if f"({file.name})" not in index
    ] == []


def test_pictures_are_small_and_used():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    for picture in (DOCS / "assets").iterdir():
        assert picture.stat().st_size < 300_000
        assert f"assets/{picture.name}" in text
