"""Fifty navigations through the whole loop: does what was learned move a later decision, and only upward?

`python -m benchmarks.learning [--json] [--short] [--turns FILE]`. One session of one person who keeps quoting
authorities «end of discussion», with other matters in between, and who then asks the same kind of thing plainly. The
bundled model writes; `--short` leaves it out, because it decides nothing. `--turns` keeps every turn with its trace.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import table
from benchmarks.table import Row
from nma13.config import SHIPPED_DATA
from nma13.interpreter import Voice
from nma13.kit import default_kit
from nma13.llm import open_model
from nma13.memory.episodes import unlearned_class
from nma13.navigation_loop import Asked, Turn, navigate
from nma13.terms import TrustGate

SESSION = SHIPPED_DATA / "recall" / "session.jsonl"
CAUTION = {TrustGate.PROCEED: 0, TrustGate.HEDGE: 1, TrustGate.DECLINE: 2, TrustGate.FORK: 3}


@dataclass(frozen=True, slots=True)
class Taken:
    """One turn of the session, and how long it took."""

    about: str
    turn: Turn
    seconds: float

    @property
    def steps_up(self) -> int:
        """How far what was learned moved the decision; below zero it would have lowered caution."""
        engine = self.turn.state.engine
        if engine is None:
            return 0
        return CAUTION[self.turn.state.trust] - CAUTION[engine.trust_without_priors]


def session(folder: Path, voice: Voice | None = None) -> Iterator[Taken]:
    """The fifty texts, each through the whole loop, on a store that begins empty. No screen: the core decides."""
    kit = default_kit(None)
    for line in SESSION.read_text(encoding="utf-8").splitlines():
        given = json.loads(line)
        begun = time.perf_counter()
        *_, last = navigate(given["text"], kit, voice, Asked(session="benchmark"), folder)
        if not isinstance(last, Turn):
            raise AssertionError("a turn ends with the finished turn")
        yield Taken(given["about"], last, time.perf_counter() - begun)


def measure(short: bool = False) -> list[Row]:
    return rows(_taken(short))


def rows(taken: Sequence[Taken]) -> list[Row]:
    moved = [n for n, one in enumerate(taken, 1) if one.steps_up > 0]
    learned = [one.turn.learned for one in taken if one.turn.learned]
    named = sum(any(notice.code == "learned" and "#" in notice.text for notice in taken[n - 1].turn.state.notices)
                for n in moved)  # fmt: skip
    written = [one.turn.state.interpretation for one in taken]
    return [
        Row("navigations", len(taken), "turns, each stored"),
        Row("learning cycles", len(learned), "one after every fifth turn"),
        Row("failed learning cycles", sum(bool(one.notice) for one in learned), "none is the aim"),
        Row("decisions moved up", len(moved), "PROCEED to HEDGE"),
        Row("first moved decision", moved[0] if moved else 0, "the turn's number; 0: none"),
        Row("moved decisions whose trace names its episodes", named, f"of {len(moved)}"),
        Row("decisions moved down", sum(one.steps_up < 0 for one in taken), "none is the aim"),
        Row("rules that lapsed again", sum(len(one.lapsed) for one in learned), "as plain questions went on"),
        Row("answers the model wrote", sum(one is not None and one.source.value in ("model", "repaired")
                                           for one in written), f"of {len(taken)}"),
        Row("a turn, median", statistics.median(one.seconds for one in taken), "s"),
    ]  # fmt: skip


def _taken(short: bool) -> list[Taken]:
    with tempfile.TemporaryDirectory() as folder:
        if short:
            return list(session(Path(folder)))
        with open_model("") as model:
            return list(session(Path(folder), Voice(model, small=True, seed=1)))


def told(number: int, one: Taken) -> dict[str, Any]:
    """One turn as it is kept: what the gates alone said, what was decided, and the trace's own words for why."""
    state = one.turn.state
    return {
        "turn": number, "about": one.about, "text": state.text, "episode": one.turn.episode,
        "by_the_gates_alone": unlearned_class(state), "decided": state.output_class, "routing": state.routing,
        "rules": list(state.engine.priors) if state.engine else [],
        "because": [notice.text for notice in state.notices if notice.code == "learned"],
        "answer": state.interpretation.text if state.interpretation else "",
        "written_by": state.interpretation.source if state.interpretation else "",
        "learned": {"rules": one.turn.learned.rules, "active": one.turn.learned.active,
                    "lapsed": list(one.turn.learned.lapsed)} if one.turn.learned else None,
    }  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--turns", type=Path, metavar="FILE", help="keep every turn with its trace, a line each")
    given, rest = parser.parse_known_args(arguments)

    def measured(short: bool) -> list[Row]:
        taken = _taken(short)
        if given.turns:
            lines = [json.dumps(told(n, one), ensure_ascii=False) for n, one in enumerate(taken, 1)]
            given.turns.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return rows(taken)

    return table.run("learning", measured, rest)


if __name__ == "__main__":
    raise SystemExit(main())
