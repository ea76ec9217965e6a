"""The docs cannot drift: every word, port, variable and backend is looked for; every link leads somewhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from launcher.develop import benchmark_names
from launcher.words import WORDS
from nma13.config import ENVIRONMENT, PORTS, ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
ALL_TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
LINK = re.compile(r"!?\[[^\]]*\]\(([^)#\s]+)(?:#[^)]*)?\)")
COMMAND = re.compile(r"\./lab ([a-z][a-z-]*)")


@pytest.mark.parametrize("word", [word.name for word in WORDS])
def test_every_word_is_documented(word: str) -> None:
    assert re.search(rf"\./lab {word}\b", ALL_TEXT)


def test_no_page_promises_a_word_that_does_not_exist() -> None:
    known = {word.name for word in WORDS}
    promised = {name for name in COMMAND.findall(ALL_TEXT) if name != "alone"}
    assert promised <= known


@pytest.mark.parametrize("name", PORTS)
def test_every_port_is_documented(name: str) -> None:
    assert re.search(rf"\b{PORTS[name]}\b.*\b{name}\b", ALL_TEXT)


@pytest.mark.parametrize("name", ENVIRONMENT)
def test_every_environment_variable_is_documented(name: str) -> None:
    assert f"`{name}`" in (ROOT / "docs" / "environment.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", benchmark_names())
def test_every_benchmark_is_documented(name: str) -> None:
    assert f"./lab bench {name}" in ALL_TEXT


@pytest.mark.parametrize("name", benchmark_names())
def test_every_benchmark_can_be_called_by_its_name(name: str) -> None:
    assert "\ndef main(" in (ROOT / "benchmarks" / f"{name}.py").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in LINK.findall(page.read_text(encoding="utf-8")):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} → {target}"


def test_the_diagram_names_the_packages_that_exist() -> None:
    diagram = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```mermaid")[1].split("```")[0]
    packages = [p.parent.name for p in ROOT.glob("*/__init__.py") if p.parent.name not in ("tests", "benchmarks")]
    floors = re.findall(r"subgraph F(\d)\[.*?\n(.*?)\n  end", diagram, re.DOTALL)
    standing = {room: int(number) for number, rooms in floors for room in re.findall(r"\b[a-z]\w+", rooms)}
    standing |= {"nma13": 1} if "nma13, the engine" in diagram else {}
    layers = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    held = [layer.split(" | ") for layer in layers["contracts"][0]["layers"]]
    expected = {package: len(held) - place for place, layer in enumerate(held) for package in layer}
    assert set(expected) == set(packages)
    assert {package: standing.get(package) for package in packages} == expected


def test_the_diagram_names_rooms_of_the_engine_that_exist() -> None:
    diagram = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8").split("```mermaid")[1].split("```")[0]
    engine = diagram.partition("subgraph F1")[2].partition("\n  end")[0]
    rooms = {room for label in re.findall(r'\["([^"]+)"\]', engine) for room in re.findall(r"\w+", label.split(":")[0])}
    for room in rooms - {"floor", "1", "nma13", "the", "engine"}:
        there = (ROOT / "nma13" / room).is_dir() or (ROOT / "nma13" / f"{room}.py").is_file()
        assert there or any((ROOT / "nma13").glob(f"*/{room}.py")), f"there is no room {room} in nma13"


def test_the_engines_rooms_are_described() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "nma13").iterdir()):
        if path.name.startswith(("_", ".")) or path.name == "py.typed":
            continue
        if path.is_dir() or path.suffix == ".py":
            assert f"`{path.name}{'/' if path.is_dir() else ''}`" in text, f"{path.name} is not described"
