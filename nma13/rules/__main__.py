"""For authors of rules: `python -m nma13.rules check [FILE …]` and `python -m nma13.rules explain "text"`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nma13.errors import LabError
from nma13.evidence import Finding
from nma13.rules.engine import RuleEngine
from nma13.rules.examples import failures
from nma13.rules.loader import load_rules
from nma13.text import read


def check(files: list[Path]) -> int:
    """Compile all rules, run the examples of the named files (default: all), tell what is wrong."""
    rules = load_rules()
    engine = RuleEngine(rules)
    engine.compile_all()
    names = {path.name for path in files}
    chosen = [rule for rule in rules if not names or rule.place.file in names]
    found = failures(engine, chosen)
    for failure in found:
        print(failure)
    examples = sum(len(rule.hits) + len(rule.misses) for rule in chosen)
    print(f"{len(chosen)} rules, {examples} examples, {len(found)} of them wrong")
    return 1 if found else 0


def explain(text: str, only: str) -> int:
    """Show the clauses of a text and every finding, silenced ones with the guard that silenced them."""
    document = read(text)
    for clause in document.clauses:
        mark = "?" if document.sentences[clause.sentence].question else " "
        print(f"  [{clause.start:>4},{clause.end:>4}]{mark} {clause.text}")
    for finding in RuleEngine(load_rules()).scan(document).findings:
        if not only or finding.sets.startswith(only):
            print(_line(finding))
    return 0


def _line(finding: Finding) -> str:
    kind = f" ({finding.kind})" if finding.kind else ""
    words = " + ".join(f"{span.text!r}@[{span.start},{span.end}]" for span in finding.spans)
    fate = f"  silenced by {finding.suppressed_by}" if finding.suppressed_by else ""
    marks = f"  {' '.join(finding.marks)}" if finding.marks else ""
    return f"{'  ' if finding.suppressed_by else '* '}{finding.sets}{kind}  {finding.rule}  {words}{fate}{marks}"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nma13.rules", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True)
    checking = words.add_parser("check", help="run the rules' own examples")
    checking.add_argument("files", nargs="*", type=Path)
    explaining = words.add_parser("explain", help="show what the rules see in a text")
    explaining.add_argument("text")
    explaining.add_argument("--only", default="", help="show one variable, e.g. I or STEP0")
    options = parser.parse_args(arguments)
    try:
        return check(options.files) if options.word == "check" else explain(options.text, options.only)
    except LabError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    raise SystemExit(main())
