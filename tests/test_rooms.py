"""Every module has a room, and imports only what its room may: read from the imports and held against `docs/architecture.md`."""

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent.parent
OURS = ("bot", "flows", "pismo", "storage", "playground", "bench")
LIBRARIES = {
    "Slack": ("slack_bolt", "slack_sdk", "aiohttp"),
    "SQLAlchemy": ("sqlalchemy", "aiosqlite", "alembic", "psycopg"),
    "HTTP": ("httpx", "aiohttp", "starlette", "uvicorn"),
}
SHARED_NAMES = {
    "Store": "the port and what fulfils it",
    "Unit": "the port and what fulfils it",
    "Note": "on a field, in front of whoever fills it in; and of support, which is stored",
    "Page": "of a form, and of a list: nothing shows both",
    "Place": "where a sealed value is, within storage; and where a message is",
}
"""Public class names that stand in two places, and why no reader confuses them."""


@cache
def modules() -> Mapping[str, Path]:
    """All of ours by dotted name."""
    found = {}
    for package in OURS:
        for path in sorted((ROOT / package).rglob("*.py")):
            found[".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")] = path
    return found


@cache
def tree(name: str) -> ast.Module:
    return ast.parse(modules()[name].read_text(encoding="utf-8"))


def imported(name: str) -> Iterator[str]:
    """Every module that a module imports, wherever in it: also in functions and for types alone."""
    for node in ast.walk(tree(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                yield inner if inner in modules() else node.module


@cache
def ours(name: str) -> frozenset[str]:
    return frozenset(one for one in imported(name) if one in modules() and one != name)


@cache
def table() -> Mapping[str, tuple[tuple[str, ...], str]]:
    """Of each room: what of ours it may import, and the libraries it may not."""
    lines = (ROOT / "docs/architecture.md").read_text(encoding="utf-8").splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith("| room "))
    rooms = {}
    for line in lines[begin + 2 :]:
        if not line.startswith("|"):
            break
        room, _, may, may_not = (cell.strip() for cell in line.strip("|").split("|"))
        rooms[_plain(room)] = (tuple(_plain(part) for part in may.split(",") if part.strip() not in ("", "-")), may_not)
    return rooms


def _plain(cell: str) -> str:
    return cell.strip().strip("`").rstrip("/").replace("/", ".").removesuffix(".*.py").removesuffix(".py")


def room_of(name: str) -> str:
    """The narrowest room of the table; a file of its own row is its own room."""
    parts = name.split(".")
    return next((found for n in range(len(parts), 0, -1) if (found := ".".join(parts[:n])) in table()), "")


def test_every_module_has_a_room() -> None:
    assert [name for name in modules() if not room_of(name)] == []


def test_no_room_of_the_table_is_empty() -> None:
    assert set(table()) - {room_of(name) for name in modules()} == set()


def test_a_module_imports_only_what_its_room_may() -> None:
    rooms = {name: room_of(name) for name in sorted(modules())}
    wrong = {
        name: sorted(one for one in ours(name) if (its := room_of(one)) != room and its not in table()[room][0])
        for name, room in rooms.items()
    }
    assert {name: found for name, found in wrong.items() if found} == {}, (
        "the table in docs/architecture.md says what each may import"
    )


def test_a_module_keeps_to_the_libraries_of_its_room() -> None:
    wrong = {name: sorted(libraries(name) & forbidden(name)) for name in sorted(modules())}
    assert {name: found for name, found in wrong.items() if found} == {}


def libraries(name: str) -> set[str]:
    return {one.partition(".")[0] for one in imported(name)}


def forbidden(name: str) -> set[str]:
    _, may_not = table()[room_of(name)]
    return {library for kind in may_not.split(",") for library in LIBRARIES.get(kind.strip(), ())}


def circles() -> list[list[str]]:
    """Strongly connected modules (Tarjan), each circle once."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(name: str) -> None:
        index[name] = low[name] = len(index)
        stack.append(name)
        for other in sorted(ours(name)):
            if other not in index:
                visit(other)
                low[name] = min(low[name], low[other])
            elif other in stack:
                low[name] = min(low[name], index[other])
        if low[name] == index[name]:
            circle = [stack.pop()]
            while circle[-1] != name:
                circle.append(stack.pop())
            if len(circle) > 1:
                found.append(sorted(circle))

    for name in modules():
        if name not in index:
            visit(name)
    return found


def test_there_is_no_circle_of_imports() -> None:
    assert circles() == []


def test_no_public_class_name_is_used_twice() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for name in modules():
        for node in ast.walk(tree(name)):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(name)
    twice = {name: where for name, where in places.items() if len(where) > 1 and name not in SHARED_NAMES}
    assert twice == {}


def test_a_shared_name_is_still_shared() -> None:
    names = [node.name for module in modules() for node in ast.walk(tree(module)) if isinstance(node, ast.ClassDef)]
    assert [name for name in SHARED_NAMES if names.count(name) < 2] == []
