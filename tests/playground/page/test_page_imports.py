"""The page's modules are layered: none imports, directly or indirectly, a module that imports it."""

import ast
from collections import deque
from collections.abc import Iterator
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

import pytest

from playground.office import ROOT

PAGE = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "playground" / "page").rglob("*.py"))
    if path.stem != "__init__"
]


def file_of(module: str) -> Path | None:
    """Of a module in this repository."""
    path = ROOT.joinpath(*module.split("."))
    return next((file for file in (path.with_suffix(".py"), path / "__init__.py") if file.is_file()), None)


def imported(source: str, package: str) -> Iterator[str]:
    """The modules of this repository that a source imports anywhere, also in functions and for type checkers."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if file_of(alias.name))
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            for alias in node.names:
                module = f"{base}.{alias.name}"
                if file_of(module):
                    yield module
                elif file_of(base):
                    yield base


@cache
def imports_of(module: str) -> frozenset[str]:
    file = file_of(module)
    assert file is not None
    package = module if file.name == "__init__.py" else module.rpartition(".")[0]
    return frozenset(imported(file.read_text(), package))


def circle(start: str) -> list[str] | None:
    """The shortest chain of imports from a module back to itself."""
    ways = deque([[start]])
    seen: set[str] = set()
    while ways:
        way = ways.popleft()
        for module in sorted(imports_of(way[-1]) - seen):
            if module == start:
                return [*way, start]
            seen.add(module)
            ways.append([*way, module])
    return None


@pytest.mark.parametrize("module", PAGE)
def test_no_module_of_the_page_is_in_a_circle_of_imports(module: str) -> None:
    found = circle(module)

    assert found is None, f"these import each other in a circle: {' -> '.join(found or [])}"


@pytest.mark.parametrize(
    "source",
    [
        "import playground.page.parts",
        "from playground.page import parts as drawn",
        "from playground.page.parts import Part",
        "from . import parts",
        "from .parts import Part",
        "def draw():\n    from playground.page.parts import Part",
        "if TYPE_CHECKING:\n    from playground.page.parts import Part",
    ],
)
def test_every_kind_of_import_counts(source: str) -> None:
    assert list(imported(source, "playground.page")) == ["playground.page.parts"]


def test_what_others_wrote_does_not_count() -> None:
    assert list(imported("import json\nfrom nicegui import ui", "playground.page")) == []
