"""Words for people who build on the lab: test, check, bench."""

from __future__ import annotations

import argparse
import importlib
import os
import pkgutil
import subprocess
import sys

from launcher import chromium
from launcher.setup import ensure
from nma13.config import ROOT
from nma13.errors import UsageError

# What CI runs beside the tests, in the order in which failures are cheapest to read.
CHECKS: tuple[tuple[str, list[str]], ...] = (
    ("format", ["-m", "ruff", "format", "--check", "."]),
    ("lint", ["-m", "ruff", "check", "."]),
    ("types", ["-m", "mypy"]),
    ("floors", ["-c", "from importlinter.cli import lint_imports; raise SystemExit(lint_imports())"]),
)


MOST_AT_ONCE = 4  # each may hold a model of 1 GB and a browser
SOAK = "soak"  # an hour, or five minutes: it is asked for by its name


TEST_USAGE = """usage: ./lab test [--fast] [PYTEST ARGUMENT …]

Run the whole suite, or a part of it. What it needs is installed first: pytest and the tools of ./lab check, what the
labs train with, and a Chromium for the pages. Files of tests run side by side, on up to four cores.

  --fast            leave out what is slow, drives a browser or loads a model
  PYTEST ARGUMENT   handed on as it stands: a file, a folder, -k WORD, -x; -n 0: one process
"""


def test(arguments: list[str]) -> int:
    """Run the suite, on up to four cores; what is not --fast is handed to pytest as it stands (-n 0: one process)."""
    if {"--help", "-h"} & set(arguments):
        print(TEST_USAGE)
        return 0
    fast = "--fast" in arguments
    rest = [argument for argument in arguments if argument != "--fast"]
    if not fast:
        chromium.ensure()
    selection = ["-m", "not slow and not browser and not model"] if fast else []
    # A file stays on one process, so what it builds for all its tests is built once.
    spread = ["-n", str(min(os.cpu_count() or 1, MOST_AT_ONCE)), "--dist", "loadfile"]
    command = [sys.executable, "-m", "pytest", *spread, *selection, *rest]
    # glibc: the threads of hundreds of pages would each leave a heap behind, gigabytes in all.
    return subprocess.run(command, cwd=ROOT, env={"MALLOC_ARENA_MAX": "2", **os.environ}, check=False).returncode


def check(arguments: list[str]) -> int:
    """Formatter, linter, type checker, import contract; all are run, any failure fails."""
    argparse.ArgumentParser(prog="./lab check", description=check.__doc__).parse_args(arguments)
    failed = []
    for name, command in CHECKS:
        print(f"— {name}", file=sys.stderr, flush=True)
        if subprocess.run([sys.executable, *command], cwd=ROOT, check=False).returncode != 0:
            failed.append(name)
    print(f"failed: {', '.join(failed)}" if failed else "all clean", file=sys.stderr)
    return 1 if failed else 0


def bench(arguments: list[str]) -> int:
    """Run one benchmark, or all, each printing one table."""
    names = benchmark_names()
    parser = argparse.ArgumentParser(prog="./lab bench", description=bench.__doc__)
    parser.add_argument("name", nargs="?", default="", help=f"one of: {', '.join(names)}; all: all but {SOAK}")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--short", action="store_true", help="the short form that CI runs")
    chosen, rest = parser.parse_known_args(arguments)
    if not chosen.name:
        print("Benchmarks:", ", ".join(names))
        print("Run one with ./lab bench NAME, or all of them with ./lab bench all.")
        return 0
    if chosen.name != "all" and chosen.name not in names:
        raise UsageError(f"there is no benchmark «{chosen.name}». There are: {', '.join(names)}.")
    if chosen.name in ("all", "nanoim", "verisim"):  # these train
        ensure(("core", "labs"))
    flags = [flag for flag, on in (("--json", chosen.json), ("--short", chosen.short)) if on]
    status = 0
    for name in [one for one in names if one != SOAK] if chosen.name == "all" else [chosen.name]:
        status = max(status, importlib.import_module(f"benchmarks.{name}").main([*flags, *rest]))
    return status


def benchmark_names() -> list[str]:
    """Every module of `benchmarks` with a main() is a benchmark; helpers start with an underscore."""
    import benchmarks

    return sorted(
        m.name for m in pkgutil.iter_modules(benchmarks.__path__) if m.name not in ("table",) and m.name[0] != "_"
    )
