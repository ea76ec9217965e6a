"""`battery` and `cases`: the frozen scenarios that prove the wiring, each field against what was expected."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import Any

from nma13.cli import options
from nma13.config import SHIPPED_DATA
from nma13.errors import LabError
from nma13.pipeline import run
from nma13.state import summary

FOLDER = SHIPPED_DATA / "battery"


def battery(arguments: list[str]) -> int:
    return _run(arguments, "battery", "scenarios.jsonl", "The 50 scenarios: ten dimensions of five.")


def cases(arguments: list[str]) -> int:
    return _run(arguments, "cases", "cases.jsonl", "The canonical test cases TC01 to TC19.")


def check(row: dict[str, Any], found: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """The fields in which a run differs from what was expected: name → (expected, found)."""
    return {name: (wanted, found[name]) for name, wanted in row["expected"].items() if found[name] != wanted}


def load(file: str) -> list[dict[str, Any]]:
    """The frozen rows; refused when their bytes are not the ones that were frozen before the rules."""
    path = FOLDER / file
    raw = path.read_bytes()
    frozen = json.loads((FOLDER / "MANIFEST.json").read_text(encoding="utf-8"))
    if hashlib.sha256(raw).hexdigest() not in json.dumps(frozen):
        raise LabError(f"{path} is not the file that was frozen before the rules were written; nothing was run.")
    return [json.loads(line) for line in raw.decode("utf-8").splitlines() if line.strip()]


def _run(arguments: list[str], word: str, file: str, what: str) -> int:
    parser = argparse.ArgumentParser(prog=f"./lab {word}", description=what)
    parser.add_argument("--export", type=Path, help="write the results as JSON")
    parser.add_argument("--verbose", action="store_true", help="also list what passed")
    options.add_engine_options(parser)
    chosen = parser.parse_args(arguments)
    kit = options.kit_from(chosen)
    results, passed = [], 0
    for row in load(file):
        found = summary(run(row["text"], kit=kit))
        wrong = check(row, found)
        passed += not wrong
        results.append({"id": row["id"], "passed": not wrong, "expected": row["expected"], "found": found})
        if wrong or chosen.verbose:
            print(f"{'ok  ' if not wrong else 'FAIL'} {row['id']}  {row['text'][:76]}")
            for name, (wanted, got) in wrong.items():
                print(f"       {name}: expected {wanted}, found {got}")
    print(f"{passed}/{len(results)} passed")
    if chosen.export:
        chosen.export.write_text(json.dumps({"passed": passed, "of": len(results), "results": results}, indent=1))
        print(f"Results: {chosen.export}", file=sys.stderr)
    return 0 if passed == len(results) else 1
