"""Four designs of reading a text, on the same held-out texts: `python -m benchmarks.designs [--author five] [--json]`

1 phrase rules alone; 2 rules and the lexicon (the core as shipped); 3 the core and linear heads on the encoder as it
is, fitted here and now; 4 the core and the screen as shipped (the encoder's upper layers moved, the lexicon beside it).
Designs 3 and 4 learn from the same texts and set their thresholds by the same rule.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from benchmarks._labelled import TARGETS, Summary, Target, load, texts_hash
from benchmarks.generalisation import Tally, tally
from benchmarks.table import Row, machine, output, output_options
from nma13.kit import Kit
from nma13.pipeline import run
from nma13.rules import load_rules, shipped
from nma13.rules.engine import RuleEngine
from nma13.rules.lexicon import lexicon
from nma13.rules.loader import Overlay
from nma13.semantic.screen import SemanticScreen
from nma13.state import summary

JUDGED = ("red_flags", "I", "C", "X", "A", "T", "R", "S")
"""The fields that the lexicon and the screen speak for; the others are the rules' alone."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.designs")
    output_options(parser)
    parser.add_argument("--author", default="", help="one author's texts only, such as five")
    given = parser.parse_args(arguments)
    where, texts = machine(), texts_hash("heldout", given.author)
    output("designs", where, list(measure(given.author, given.short)), given, texts=texts)
    return 0


def measure(author: str, short: bool) -> Iterator[Row]:
    texts = load("heldout", author)
    if short:
        texts = texts[::8]
    read = {name: tally(texts, reader) for name, reader in designs(short)}
    fields = [target for target in TARGETS if target.field in JUDGED]
    for name, tallies in read.items():
        for label, chosen in (("CRISIS", fields[:1]), ("all fields", fields)):
            yield from _shares(f"{name}: {label}", chosen, tallies, read["1 phrase rules"])


def designs(short: bool) -> Iterator[tuple[str, Callable[[str], Summary]]]:
    words = tuple(column.rule for column in lexicon().columns)
    yield "1 phrase rules", _reader(Kit(RuleEngine(load_rules(), Overlay("", words, ()), outputs=False)))
    yield "2 rules and lexicon", _reader(Kit(shipped()))
    if not short:  # the third is fitted on some four thousand texts
        with tempfile.TemporaryDirectory() as folder:
            from nma13.training.frozen import fit_frozen

            fit_frozen(Path(folder) / "frozen.npz")
            yield "3 and heads on a fixed encoder", _reader(Kit(shipped(), SemanticScreen(Path(folder) / "frozen.npz")))
    yield "4 and the screen as shipped", _reader(Kit(shipped(), SemanticScreen()))


def _reader(kit: Kit) -> Callable[[str], Summary]:
    return lambda text: summary(run(text, kit=kit))


def _shares(what: str, chosen: Sequence[Target], tallies: dict[Target, Tally], first: dict[Target, Tally]) -> list[Row]:
    def shares(of: dict[Target, Tally]) -> tuple[float, float]:
        counts = [of[target] for target in chosen]
        caught = sum(len(c.found) for c in counts) / sum(len(c.found) + len(c.missed) for c in counts)
        return caught, sum(c.lookalikes_clean for c in counts) / sum(c.lookalikes for c in counts)

    mine, theirs = shares(tallies), shares(first)
    return [
        Row(f"{what}, caught", mine[0], "share", "phrase rules", mine[0] / theirs[0] if theirs[0] else None),
        Row(f"{what}, look-alikes left alone", mine[1], "share", "phrase rules", mine[1] / theirs[1]),
    ]


if __name__ == "__main__":
    raise SystemExit(main())
