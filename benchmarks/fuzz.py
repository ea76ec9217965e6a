"""Texts nobody would write, through the whole pipeline: `python -m benchmarks.fuzz [--texts N] [--seed N] [--short]`.

Shipped examples, battery and labelled texts are cut, joined, disguised and broken by chance. Of every run it must be
true that nothing failed inside, that every span quotes the text, that the state survives being written and read; of
every twentieth, that the same text gives the same bytes. The first text that breaks one of these is printed, and the
run fails.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial

from benchmarks import table
from benchmarks.table import Row
from nma13.config import SHIPPED_DATA
from nma13.errors import LabError
from nma13.jsonio import dump_state, load_state
from nma13.kit import Kit
from nma13.pipeline import run
from nma13.rules import load_rules, shipped

TEXTS = 100_000
SHORT = 1_500
AGAIN_EVERY = 20
FAILURES = ("GATE FAILURE", "INTERLOCK VIOLATION")

ODD = (
    *(
        "\u0000",
        "\ud800",
        "\udfff",
        "\u202e",
        "\u200b",
        "\ufeff",
        "\u0301",
        "\U000e0041",
        "\x1b[2J",
        "\r\n",
        "\n\n",
        "\t",
    ),
    *("ﬁ", "İ", "ß", "ſ", "а", "о", "🙂", "’", "«", "…", "—", "٣٤", "'", '"', "((((", "]]", "{gap3}", "\\", "%s", "$"),
    *("<b>", "[INST]", "```", "1,000,000.5", "?" * 40, "." * 40, "a" * 500, "i " * 300),
)


class FindingError(Exception):
    """Something that must be true of every text is not."""


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--texts", type=int, default=TEXTS)
    parser.add_argument("--seed", type=int, default=1)
    given, rest = parser.parse_known_args(arguments)
    return table.run("fuzz", partial(measure, texts=given.texts, seed=given.seed), rest)


def measure(short: bool = False, texts: int = TEXTS, seed: int = 1) -> list[Row]:
    chance, known, kit = random.Random(seed), corpus(), Kit(shipped())
    wanted = SHORT if short else texts
    said: Counter[str] = Counter()
    run(known[0], kit=kit)  # what is compiled at the first text
    slowest, started = 0.0, time.monotonic()
    for number in range(wanted):
        text = mutated(chance, known)
        begun = time.process_time()
        try:
            said[judged(text, kit, again=number % AGAIN_EVERY == 0)] += 1
        except FindingError as error:
            raise SystemExit(f"seed {seed}, text {number}: {error}\n{text!r}") from error
        slowest = max(slowest, (time.process_time() - begun) * 1000)
    rows = [Row("texts without a finding", float(wanted), f"seed {seed}")]
    rows.append(Row("slowest text, processor time", slowest, "ms"))
    rows.append(Row("minutes", (time.monotonic() - started) / 60, "min"))
    return rows + [Row(f"ended in {what}", float(count), "texts") for what, count in said.most_common()]


def corpus() -> list[str]:
    known = [example for rule in load_rules() for example in (*rule.hits, *rule.misses)]
    for path in sorted(
        [*(SHIPPED_DATA / "battery").glob("*.jsonl"), *(SHIPPED_DATA / "evaluation").glob("tune_*.jsonl")]
    ):
        known += [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    return known


def judged(text: str, kit: Kit, again: bool) -> str:
    """The routing it ended in; raises FindingError where something is not as it must be."""
    try:
        state = run(text, kit=kit)
    except LabError:
        return "a refusal in words"
    if state.degraded or state.halt_reason in FAILURES:
        raise FindingError(f"failed inside: {state.halt_reason} {state.degraded} {state.notices}")
    for finding in state.findings:
        for span in (*finding.spans, finding.clause):
            if text[span.start : span.end] != span.text:
                raise FindingError(f"{finding.rule} does not quote the text: {span}")
    written = dump_state(state)
    if load_state(written) != state:
        raise FindingError("the state read back is another one")
    if again and dump_state(run(text, kit=kit)) != written:
        raise FindingError("the same text gave other bytes")
    return str(state.routing)


def mutated(chance: random.Random, known: Sequence[str]) -> str:
    text = chance.choice(known)
    for _ in range(chance.randint(1, 5)):
        text = chance.choice((*MUTATIONS, partial(_join, known)))(chance, text)
    return text[:20_000]


def _cut(chance: random.Random, text: str) -> str:
    a, b = sorted((chance.randint(0, len(text)), chance.randint(0, len(text))))
    return text[:a] + text[b:]


def _join(known: Sequence[str], chance: random.Random, text: str) -> str:
    return chance.choice((" ", "\n\n", "", ", and ", "; ")).join((text, chance.choice(known)))


def _odd(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(ODD) + text[at:]


def _any_character(chance: random.Random, text: str) -> str:
    at = chance.randint(0, len(text))
    return text[:at] + chr(chance.choice((chance.randint(0, 0x2FF), chance.randint(0, 0x10FFFF)))) + text[at + 1 :]


def _shuffle(chance: random.Random, text: str) -> str:
    words = text.split(" ")
    chance.shuffle(words)
    return " ".join(words)


def _case(chance: random.Random, text: str) -> str:
    return "".join(c.upper() if chance.random() < 0.5 else c.lower() for c in text)


def _repeat(chance: random.Random, text: str) -> str:
    return text * chance.randint(2, 12)


MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (_cut, _odd, _any_character, _shuffle, _case, _repeat)


if __name__ == "__main__":
    raise SystemExit(main())
