"""`navigate`: one text through the engine, and the prose that its decision allows."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from nma13.cli import options, render
from nma13.interpreter import Shown, Voice, Withdrawn
from nma13.jsonio import to_plain
from nma13.navigation_loop import Step, Turn, navigate
from nma13.record import append_to_file
from nma13.state import PipelineState, summary


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lab navigate", description=__doc__)
    parser.add_argument("text", nargs="?", help="the text; - or nothing reads standard input")
    parser.add_argument("--json", action="store_true", help="print the whole state as one JSON object")
    parser.add_argument("--explain", action="store_true", help="print the trace with the evidence underlined")
    parser.add_argument("--gates", action="store_true", help="print what each gate decided")
    parser.add_argument("--record", type=Path, metavar="FILE", help="append the decision to a chained record file")
    parser.add_argument(
        "--keep-input", action="store_true", help="keep the text itself in the record, so that it can be replayed"
    )
    options.add_engine_options(parser)
    options.add_model_options(parser)
    options.add_memory_options(parser)
    options.add_material_options(parser)
    chosen = parser.parse_args(arguments)
    text = options.given_text(chosen.text)
    options.data_from(chosen)
    asked = options.asked_from(chosen, text)
    kit = options.kit_from(chosen)
    with options.voice_from(chosen) as voice:
        steps = navigate(text, kit, voice, asked)
        turn = _json(steps) if chosen.json else show(steps, voice)
    state = turn.state
    if chosen.record:
        link = append_to_file(chosen.record, state, keep_input=chosen.keep_input)
        print(f"Recorded as number {link.seq} in {chosen.record}.", file=sys.stderr)
    if chosen.json:
        return 0
    if chosen.gates:
        print("\n" + render.gates(state))
    if chosen.explain:
        print("\n" + render.explain(state, colour=sys.stdout.isatty()))
    return 0


def show(steps: Iterator[Step], voice: Voice | None) -> Turn:
    """Header first, then the prose as it is written; what is withdrawn is said to be withdrawn."""
    model = voice.model.describe().model if voice else ""
    for step in steps:
        match step:
            case PipelineState():
                print(render.header(step, model), file=sys.stderr)
            case Shown(text):
                print(render.printable(text), end="", flush=True)
            case Withdrawn(why):
                print(f"\n[withdrawn: {why}; what follows stands instead]", flush=True)
            case Turn():
                print()
                for line in render.about(step):
                    print(line, file=sys.stderr)
                return step
    raise AssertionError("a navigation always ends with its turn")


def _json(steps: Iterator[Step]) -> Turn:
    *_, turn = steps
    assert isinstance(turn, Turn)
    print(json.dumps({"summary": summary(turn.state), "state": to_plain(turn.state)}, ensure_ascii=True))
    return turn
