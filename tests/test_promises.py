"""Nothing a page promises is missing: commands with their options, files, tests, ports and variables all exist."""

from __future__ import annotations

import contextlib
import importlib
import io
import re
import shlex
from functools import cache
from pathlib import Path

import pytest

from launcher.words import BY_NAME
from nma13.config import ENVIRONMENT, PORTS, ROOT

PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
SPAN = re.compile(r"```(?:sh|bash|console|text)?\n(.*?)```|`([^`\n]+)`", re.DOTALL)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
# Options of other people's programs that a page tells you to run, or that a unit file holds.
FOREIGN = {"--no-deps", "--set-upstream-to", "--keep", "--rebase"}
# What the lab, or you, write; not part of what is shipped.
MADE = ("data/user", "overlay.toml", "crisis_locale.txt", "loops/programmes/loop_e.toml")
ROOMS = ("nma13", "loops", "experiments", "apps", "monitors", "launcher", "tests", "benchmarks", "docs", "data")
PLACE = re.compile(rf"^(?:(?:{'|'.join(ROOMS)})/[\w./*-]*|[\w-]+\.(?:py|toml|md|txt))$")


def spans(page: Path) -> list[str]:
    """What stands in code letters on a page, a block as one."""
    return [block or inline for block, inline in SPAN.findall(page.read_text(encoding="utf-8"))]


def commands(page: Path) -> list[list[str]]:
    """Every `./lab …` of a page, as a shell would cut it; of a pipe or a list of commands each part."""
    found = []
    for span in spans(page):
        joined = span.replace("\\\n", " ")
        for line in joined.splitlines():
            for part in re.split(r"\s(?:&&|\|\||\||;|&|>)\s", line.partition("  #")[0]):
                at = part.find("./lab ")
                if at >= 0:
                    with contextlib.suppress(ValueError):  # a quotation that goes on elsewhere
                        found.append(shlex.split(part[at:].rstrip(" .,;:&")))
    return found


@cache
def help_of(*words: str) -> str:
    """What a word (and its sub-words) prints for --help; empty where there is no such sub-word."""
    module, function = BY_NAME[words[0]].handler.split(":")
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(io.StringIO()):
        try:
            getattr(importlib.import_module(module), function)([*words[1:], "--help"])
        except SystemExit as end:
            if end.code not in (0, None):
                return ""
        except Exception:  # noqa: BLE001  a word that is no sub-word
            return ""
    return said.getvalue()


def knows(words: list[str], option: str) -> bool:
    """Whether the word takes the option, itself or through the sub-words that were named."""
    plain = [word for word in words[:3] if re.fullmatch(r"[a-z][a-z-]*", word)]
    if words[0] == "bench" and len(plain) > 1 and f'"{option}"' in sources():
        return True  # a benchmark's own options follow its name
    chains = [tuple(plain[: length + 1]) for length in range(len(plain))] + [(plain[0], word) for word in plain[1:]]
    return any(re.search(rf"{option}(?![\w-])", help_of(*chain)) for chain in chains)


def test_commands_are_found_at_all() -> None:
    found = [command for page in PAGES for command in commands(page)]
    assert len(found) > 100
    assert ["./lab", "update", "--back"] in found


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_of_every_command_exists(page: Path) -> None:
    for _, *words in commands(page):
        name = words[0] if words and not words[0].startswith("-") else "web"
        if name not in BY_NAME or name == "test":  # pytest's options are pytest's; unknown words: test_docs
            continue
        given = words if words and words[0] == name else [name, *words]
        for option in {word.partition("=")[0] for word in given if OPTION.fullmatch(word.partition("=")[0])}:
            assert option in ("--help", "--version") or knows(given, option), f"{page.name}: {' '.join(given)}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_option_that_is_spoken_of_exists(page: Path) -> None:
    """Bare, without its command: then some parser of ours must define it."""
    for span in spans(page):
        if "\n" in span or not span.startswith("--"):
            continue
        for option in OPTION.findall(span):
            assert option in FOREIGN or f'"{option}"' in sources(), f"{page.name}: {option}"


@cache
def sources() -> str:
    rooms = [room for room in ROOMS if room not in ("tests", "docs", "data")]
    return "\n".join(path.read_text(encoding="utf-8") for room in rooms for path in (ROOT / room).rglob("*.py"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_is_named_exists(page: Path) -> None:
    for span in spans(page):
        path = span.partition("::")[0].rstrip("/")
        if "\n" in span or not PLACE.match(path) or path.startswith(MADE):
            continue
        if "/" not in path and not (ROOT / path).exists():  # a bare name: somewhere in the house
            assert any(next((ROOT / room).rglob(path), None) for room in ROOMS), f"{page.name}: {span}"
            continue
        assert any(ROOT.glob(path)), f"{page.name}: {span}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_test_that_is_named_is_there(page: Path) -> None:
    for path, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", page.read_text(encoding="utf-8")):
        assert re.search(rf"^def {name}\(", (ROOT / path).read_text(encoding="utf-8"), re.MULTILINE), f"{path}::{name}"


def test_the_page_of_security_names_a_test_in_every_row() -> None:
    text = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## What was tried")[2]
    rows = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| tried |")]
    assert len(rows) > 25
    for row in rows:
        assert re.search(r"`(?:tests|benchmarks)/[\w/]+\.py", row), row


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_port_and_variable_is_real(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for port in re.findall(r"(?<![\d.,])78\d\d(?![\d.,])", text):
        assert int(port) in PORTS.values(), f"{page.name}: {port}"
    for name in re.findall(r"\b(?:NMA|LAB)_[A-Z_]+\b", text):
        assert name in (*ENVIRONMENT, "LAB_PYTHON"), f"{page.name}: {name}"
