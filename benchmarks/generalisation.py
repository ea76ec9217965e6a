"""How well the gates read texts nobody tuned them on. `python -m benchmarks.generalisation --part heldout`

Per field and per value: recall on what must trigger, specificity on what only looks like it, precision over
all texts whose label settles the matter, and the false alarms among them. A share is given with its 95 %
Wilson interval; against it stands the bar it has to reach, and the ratio is the share divided by the bar.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from benchmarks._labelled import (
    PARTS,
    TARGETS,
    LabelledText,
    Summary,
    Target,
    claimed,
    load,
    texts_hash,
    truth,
    wilson,
)
from benchmarks.table import Row, machine, output, output_options
from nma13.errors import UsageError

Read = Callable[[str], Summary]

CRISIS = Target("red_flags", "CRISIS")
RECALL_BAR = {False: 0.75, True: 0.90}
SPECIFICITY_BAR = {False: 0.95, True: 0.90}
CRISIS_RECALL_BAR = 0.98


@dataclass(slots=True)
class Tally:
    """Counts for one value: true and false, found and missed, and the look-alikes apart."""

    found: list[LabelledText] = field(default_factory=list)
    missed: list[LabelledText] = field(default_factory=list)
    false_alarms: list[LabelledText] = field(default_factory=list)
    clean: list[LabelledText] = field(default_factory=list)
    lookalikes_clean: int = 0
    lookalikes: int = 0

    def add(self, text: LabelledText, target: Target, said: bool) -> None:
        holds = truth(text.labels, target)
        if holds is None:
            return
        if holds:
            (self.found if said else self.missed).append(text)
            return
        (self.false_alarms if said else self.clean).append(text)
        if target in text.lookalike_of:
            self.lookalikes += 1
            self.lookalikes_clean += not said


def tally(texts: Iterable[LabelledText], read: Read) -> dict[Target, Tally]:
    """Read every text once and judge the summary for each value."""
    tallies = {target: Tally() for target in TARGETS}
    for text in texts:
        summary = read(text.text)
        for target, counts in tallies.items():
            counts.add(text, target, claimed(summary, target))
    return tallies


def rows(tallies: dict[Target, Tally], semantic: bool) -> list[Row]:
    """One block of rows per field, then one per value of a field that has several."""
    result: list[Row] = []
    for name in dict.fromkeys(target.field for target in TARGETS):
        members = [(target, counts) for target, counts in tallies.items() if target.field == name]
        if len(members) > 1:
            result += _block(name, [counts for _, counts in members], semantic, RECALL_BAR[semantic])
        for target, counts in members:
            bar = CRISIS_RECALL_BAR if target == CRISIS else RECALL_BAR[semantic]
            result += _block(str(target), [counts], semantic, bar)
    return result


def _block(name: str, counts: Sequence[Tally], semantic: bool, recall_bar: float) -> list[Row]:
    found = sum(len(c.found) for c in counts)
    missed = sum(len(c.missed) for c in counts)
    alarms = sum(len(c.false_alarms) for c in counts)
    clean = sum(len(c.clean) for c in counts)
    lookalikes = sum(c.lookalikes for c in counts)
    return [
        _share(f"{name} recall", found, found + missed, recall_bar),
        _share(
            f"{name} look-alikes left alone",
            sum(c.lookalikes_clean for c in counts),
            lookalikes,
            SPECIFICITY_BAR[semantic],
        ),
        _share(f"{name} precision", found, found + alarms, None),
        _share(f"{name} false alarms", alarms, alarms + clean, None),
    ]


def _share(what: str, hits: int, n: int, bar: float | None) -> Row:
    low, high = wilson(hits, n)
    share = hits / n if n else 0.0
    return Row(
        what=what,
        value=round(share, 4),
        unit=f"of {n} (95 %: {low:.2f}–{high:.2f})" if n else "no text to judge by",
        against="" if bar is None or not n else f"bar {bar:.2f}",
        ratio=None if bar is None or not n else round(share / bar, 3),
    )


def engine(semantic: bool) -> Read:
    """The pipeline as a function from a text to its summary."""
    from nma13.kit import default_kit
    from nma13.pipeline import run
    from nma13.semantic import chosen_screen
    from nma13.state import summary

    kit = default_kit(chosen_screen("on") if semantic else None)
    return lambda text: summary(run(text, kit=kit))


def errors(tallies: dict[Target, Tally], wanted: str) -> list[str]:
    """The wrong texts of one field, or of one value such as I=HIGH, as lines to read."""
    chosen = [target for target in TARGETS if wanted in (target.field, str(target), str(target.value))]
    if not chosen:
        raise UsageError(f"there is no field or value «{wanted}». There are: {', '.join(map(str, TARGETS))}.")
    lines: list[str] = []
    for target in chosen:
        for kind, texts in (("missed", tallies[target].missed), ("false alarm", tallies[target].false_alarms)):
            lines += [f"{target} {kind} {text.id} [{text.family}] {text.text}" for text in texts]
    return lines


def main(arguments: Sequence[str] | None = None, read: Read | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.generalisation", description=__doc__)
    parser.add_argument("--part", choices=PARTS, default="tune")
    parser.add_argument("--author", default="", help="one author's texts only, such as five")
    parser.add_argument("--semantic", choices=("on", "off"), default="off")
    output_options(parser)
    parser.add_argument("--errors", metavar="FIELD", help="list the wrong texts of a field or value (tune only)")
    given = parser.parse_args(arguments)
    if given.errors and given.part != "tune":
        raise UsageError("held-out texts are not shown, or they would be tuned on. Use --part tune.")
    semantic = given.semantic == "on"
    where = machine()
    tallies = tally(load(given.part, given.author), read or engine(semantic))
    if given.errors:
        print("\n".join(errors(tallies, given.errors)))
        return 0
    name = "-".join(["generalisation", given.part, *filter(None, [given.author]), f"semantic-{given.semantic}"])
    output(name, where, rows(tallies, semantic), given, texts=texts_hash(given.part, given.author))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
