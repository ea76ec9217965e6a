"""Does the prose keep what was decided? The fifty scenarios, three seeds each, judged by somebody else's eyes.

`python -m benchmarks.interpreter [--json] [--short]`. The bundled model writes at a temperature above zero, once by
selection (as a small model does) and once freely (as a large one does); against it stands the same model asked
bare. `_prose_checker` judges all three; it shares no rule with the engine's audit.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from benchmarks import table
from benchmarks._prose_checker import violations
from benchmarks.table import Row
from nma13.config import SHIPPED_DATA
from nma13.interpreter import MAX_TOKENS, Voice, interpret
from nma13.kit import Kit
from nma13.llm import Message, Model, Request, open_model
from nma13.pipeline import run
from nma13.rules import shipped
from nma13.state import PipelineState, summary

SCENARIOS = SHIPPED_DATA / "battery" / "scenarios.jsonl"
SEEDS = (3, 7, 11)
TEMPERATURE = 0.7
SHORT_EVERY = 10  # the short form takes every tenth scenario and one seed

Write = Callable[[PipelineState, int], tuple[str, str]]
"""A finished state and a seed to a text and its source."""


def main(arguments: Sequence[str] | None = None) -> int:
    return table.run("interpreter", measure, arguments)


def measure(short: bool = False) -> list[Row]:
    kit = Kit(shipped())
    lines = SCENARIOS.read_text(encoding="utf-8").splitlines()
    states = [run(json.loads(line)["text"], kit=kit) for line in lines[:: SHORT_EVERY if short else 1]]
    seeds = SEEDS[:1] if short else SEEDS
    with open_model("") as model:
        bare, _ = _judged(states, seeds, partial(_bare, model=model))
        rows = [_row("asked bare", bare, len(states) * len(seeds))]
        for name, small in (("selection", True), ("written freely", False)):
            broken, sources = _judged(states, seeds, partial(_governed, model=model, small=small))
            rows.append(_row(name, broken, len(states) * len(seeds), sum(bare.values())))
            rows += [Row(f"{name}: {source}", count, "texts") for source, count in sorted(sources.items())]
            rows += [Row(f"{name}: broke «{fault}»", count, "texts") for fault, count in sorted(broken.items())]
    return rows


def _judged(states: Sequence[PipelineState], seeds: Sequence[int], write: Write) -> tuple[Counter[str], Counter[str]]:
    """What was broken and how often, and who wrote."""
    broken: Counter[str] = Counter()
    sources: Counter[str] = Counter()
    for state, text, source in _written(states, seeds, write):
        sources[source] += 1
        budgets = _budgets(state)
        broken.update(violations(summary(state), state.text, text, budgets))
    return broken, sources


def _written(
    states: Sequence[PipelineState], seeds: Sequence[int], write: Write
) -> Iterator[tuple[PipelineState, str, str]]:
    for state in states:
        for seed in seeds:
            yield state, *write(state, seed)


def _governed(state: PipelineState, seed: int, model: Model, small: bool) -> tuple[str, str]:
    done = interpret(state, Voice(model, small=small, seed=seed, temperature=TEMPERATURE))
    if done.interpretation is None:
        raise AssertionError("a finished run always has its words")
    return done.interpretation.text, str(done.interpretation.source)


def _bare(state: PipelineState, seed: int, model: Model) -> tuple[str, str]:
    request = Request((Message("user", state.text),), max_tokens=MAX_TOKENS // 2, temperature=TEMPERATURE, seed=seed)
    return model.generate([request])[0].text, "bare"


def _budgets(state: PipelineState) -> dict[str, int | None]:
    budgets = state.gate1.budgets if state.gate1 else None
    return {"question": budgets.question} if budgets else {}


def _row(name: str, broken: Counter[str], texts: int, against: int | None = None) -> Row:
    count = sum(broken.values())
    ratio = None if against is None else against / max(1, count)
    told = "" if against is None else "the same model asked bare"
    return Row(f"{name}: constraints broken", count, f"in {texts} texts", told, ratio)


if __name__ == "__main__":
    raise SystemExit(main())
