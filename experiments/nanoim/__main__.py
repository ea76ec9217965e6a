"""The commands of the lab: python -m experiments.nanoim WORD, or ./lab nanoim WORD."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from nma13.errors import LabError, UsageError

Draw = Callable[[Any], str]
TRAINED = Path("artifacts/nanoim")


def main(arguments: Sequence[str] | None = None, draw: Draw | None = None) -> int:
    """Run one word. `draw` turns a pair into a page; the pages' floor hands it in."""
    words = parser().parse_args(arguments)
    words.draw = draw
    return int(words.run(words))


class _Words:
    """The words being put together; what several of them share is said once."""

    def __init__(self, top: argparse.ArgumentParser) -> None:
        self._each = top.add_subparsers(dest="word", required=True, metavar="WORD")

    def word(
        self, name: str, run: Callable[[argparse.Namespace], int], purpose: str, out: str = "standard output"
    ) -> argparse.ArgumentParser:
        made = self._each.add_parser(name, help=purpose, description=purpose)
        made.set_defaults(run=run)
        if out:
            made.add_argument("--out", type=Path, help=f"where to write the result (default: {out})")
        return made

    def on_suite(
        self, name: str, run: Callable[[argparse.Namespace], int], purpose: str, default: str = "hard", **more: str
    ) -> argparse.ArgumentParser:
        made = self.word(name, run, purpose, **more)
        made.add_argument("--suite", default=default, help="mini, hard, noisy, confirm or pilot (default %(default)s)")
        return made


def parser() -> argparse.ArgumentParser:
    """All words and their options."""
    purpose = "Same transcript, different timing, different action."
    top = argparse.ArgumentParser(prog="./lab nanoim", description=purpose)
    words = _Words(top)
    _data_words(words)
    _network_words(words)
    _evidence_words(words)
    return top


def _kind(made: argparse.ArgumentParser) -> None:
    from experiments.nanoim.shelf import KINDS

    made.add_argument("--kind", choices=KINDS, default="gru", help="which network (default %(default)s)")
    made.add_argument("--seed", type=int, default=7)


def _many(made: argparse.ArgumentParser) -> None:
    from experiments.nanoim.shelf import SEEDS

    made.add_argument("--seeds", default=",".join(map(str, SEEDS)), help="default %(default)s")
    made.add_argument("--workers", type=int, default=1, help="processes (default %(default)s)")


def _data_words(words: _Words) -> None:
    one = words.on_suite("generate", _generate, "write a suite as JSONL; suite and seed fix the bytes", "mini")
    one.add_argument("--seed", type=int, help="default: the suite's own")
    one = words.word("pilot", _pilot, "import a raw event log as micro-turns")
    one.add_argument("--events", type=Path, help="the log (default: the shipped one)")
    one.add_argument("--record", action="store_true", help="first play the scripts against the clock into --events")
    one = words.word(
        "human-protocol", _protocol, "check a log of people: consent, redaction, clock, identifiers, pairs"
    )
    one.add_argument("--events", type=Path, help="the log; without it the report says that none is here")


def _network_words(words: _Words) -> None:
    one = words.on_suite("train", _train, "train a network from scratch", out=f"a file in {TRAINED}")
    _kind(one)
    one.add_argument("--config", type=Path, help="a TOML file with the same options; where it names one, it decides")
    one.add_argument("--hide", default="", help="fields not shown, comma between them")
    one.add_argument("--epochs", type=int)
    one = words.on_suite("eval", _eval, "score a policy: a baseline by name, or a network")
    _kind(one)
    one.add_argument("--policy", help="a policy by name (default: the network of --kind)")
    one.add_argument("--model", type=Path, help="a network's file")
    one.add_argument("--data", type=Path, help="traces from a file instead of the suite's test split")
    one = words.on_suite("sweep", _sweep, "ablations × seeds, each trained anew")
    one.add_argument("--kind", default="gru", help="gru or transformer (default %(default)s)")
    one.add_argument("--ablations", help="semicolon between them (default: all)")
    _many(one)
    one = words.on_suite("lofo", _lofo, "leave one family out")
    one.add_argument("--policies", default="field_lookup,gru,transformer", help="default %(default)s")
    _many(one)
    _kind(words.on_suite("occlusion", _occlusion, "one field at a time not shown to a trained network", "noisy"))
    _kind(words.on_suite("controls", _controls, "break the world on purpose and watch the score fall", "noisy"))
    _kind(words.on_suite("calibration", _calibration, "does confidence mean what it says", "noisy"))
    words.on_suite("statistics", _statistics, "intervals and paired tests of every policy")
    one = words.on_suite("llm-baseline", _llm, "a language model given the transcripts")
    one.add_argument("--model", help="a model string, see ./lab model (default: the bundled model)")
    one.add_argument("--max-tokens", type=int, default=2048)
    one.add_argument("--constrained", action="store_true", help="let it pick one of the eight names")


def _evidence_words(words: _Words) -> None:
    one = words.on_suite("render", _render, "one pair as a self-contained page")
    one.add_argument("--pair", help="its name (default: the first)")
    one.add_argument("--run", dest="traces", type=Path, help="a JSONL of traces instead of a suite")
    one = words.word("export", _export, "folders for the Hugging Face Hub; nothing is uploaded")
    one.add_argument("--check", type=Path, metavar="FOLDER", help="only validate what lies there")
    words.word("repro", _repro, "the hash of every piece of evidence and its sources")
    one = words.word("verify", _verify, "assert the scientific contract on the shipped results")
    one.add_argument("--json", action="store_true", help="one JSON object")
    words.word("agreement", _agreement, "how far the blind readers of the annotation sheet agree")
    one = words.on_suite("meaning", _meaning, "leave one family out, with states graded by blind readers")
    _many(one)
    one.add_argument("--keep", type=Path, help="a folder for single runs, so that a long study can be taken up again")
    words.word("tables", _tables, "draw the tables of the page anew from the shipped results", out="docs/nanoim.md")
    one = words.word("reproduce", _reproduce, "make every shipped result anew", out="")
    one.add_argument("--quick", action="store_true", help="without sweeps and leave-one-family-out")
    one.add_argument("--workers", type=int, default=1)


def _give(words: argparse.Namespace, result: dict[str, Any]) -> int:
    """A result to its file or to standard output."""
    from experiments.manifest import write_result

    if words.out:
        write_result(words.out, result)
        print(f"Written to {words.out}", file=sys.stderr)
    else:
        print(json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False))
    return 0 if result.get("passed", True) else 1


def _about(words: argparse.Namespace, **config: Any) -> dict[str, Any]:
    from experiments.manifest import manifest
    from experiments.nanoim.shelf import data_hash

    config = {"suite": words.suite, **config}
    return manifest(f"./lab nanoim {words.word}", config, getattr(words, "seed", None), data_hash(words.suite))


def _seeds(words: argparse.Namespace) -> tuple[int, ...]:
    try:
        return tuple(int(seed) for seed in words.seeds.split(","))
    except ValueError:
        raise UsageError(f"--seeds wants numbers with commas between them, not {words.seeds!r}.") from None


def _generate(words: argparse.Namespace) -> int:
    from experiments.nanoim.generate import generate
    from experiments.nanoim.turns import digest, dump, write_traces

    traces = generate(words.suite, words.seed)
    if words.out:
        print(f"{len(traces)} traces, {write_traces(words.out, traces)}", file=sys.stderr)
    else:
        sys.stdout.write(dump(traces).decode())
        print(f"{len(traces)} traces, {digest(dump(traces))}", file=sys.stderr)
    return 0


def _pilot(words: argparse.Namespace) -> int:
    from experiments.nanoim import pilot
    from experiments.nanoim.generate import HOME
    from experiments.nanoim.turns import dump, write_traces

    if words.record:
        if not words.events:
            raise UsageError("--record wants --events FILE, so that the shipped log is not overwritten.")
        print(f"{pilot.record(words.events)} sessions recorded", file=sys.stderr)
    traces = pilot.imported(words.events or HOME / "pilot_events.jsonl")
    if words.out:
        print(f"{len(traces)} traces, {write_traces(words.out, traces)}", file=sys.stderr)
    else:
        sys.stdout.write(dump(traces).decode())
    return 0


def _protocol(words: argparse.Namespace) -> int:
    from experiments.nanoim.human_protocol import audit, audit_file

    return _give(words, audit_file(words.events) if words.events else audit(""))


def _train(words: argparse.Namespace) -> int:
    from dataclasses import replace

    from experiments.nanoim import shelf
    from experiments.nanoim.networks import save
    from experiments.nanoim.studies import headline
    from experiments.nanoim.train import DEFAULTS, options_from, train

    for name, value in (options_from(words.config) if words.config else {}).items():
        setattr(words, name, value)
    if words.kind not in DEFAULTS:
        raise UsageError(f"There is no network {words.kind!r}; there are {', '.join(DEFAULTS)}. Nothing was trained.")
    recipe = replace(DEFAULTS[words.kind], seed=words.seed, hide=tuple(filter(None, words.hide.split(","))))
    if words.epochs is not None:
        recipe = replace(recipe, epochs=words.epochs)
    network = train(shelf.traces_of(words.suite), recipe, words.suite)
    path = words.out or TRAINED / f"{words.suite}_{words.kind}_{words.seed}.npz"
    save(network, path)
    taa, psr = headline(network, shelf.split_of(words.suite, "test"))
    print(f"{network.parameters} parameters, {network.trained['seconds']} s, TAA {taa:.3f}, PSR {psr:.3f}: {path}")
    return 0


def _policy(words: argparse.Namespace) -> Any:
    from experiments.nanoim import shelf
    from experiments.nanoim.networks import load

    if getattr(words, "model", None):
        return load(words.model)
    return shelf.policy_named(getattr(words, "policy", None) or words.kind, words.suite, words.seed)


def _eval(words: argparse.Namespace) -> int:
    from experiments.nanoim import scorecard, shelf
    from experiments.nanoim.turns import read_traces

    test = read_traces(words.data) if words.data else shelf.split_of(words.suite, "test")
    if not test:
        raise UsageError(f"{words.data} holds no trace. Nothing was scored.")
    if words.data and any(trace.split == "test" for trace in test):
        test = [trace for trace in test if trace.split == "test"]
    return _give(words, scorecard.of_policy(_policy(words), words.suite, test))


def _sweep(words: argparse.Namespace) -> int:
    from experiments.nanoim import studies
    from experiments.nanoim.shelf import KINDS

    names = tuple(words.ablations.split(";")) if words.ablations else tuple(studies.ABLATIONS)
    if words.kind not in KINDS:
        raise UsageError(f"There is no network {words.kind!r}; there are {', '.join(KINDS)}.")
    if unknown := set(names) - set(studies.ABLATIONS):
        raise UsageError(f"There is no ablation {', '.join(unknown)}; there are {', '.join(studies.ABLATIONS)}.")
    found = studies.sweep(words.suite, words.kind, names, _seeds(words), words.workers)
    config = {"kind": words.kind, "seeds": list(_seeds(words))}
    return _give(words, {"kind": "sweep", "policies": {words.kind: found}, "manifest": _about(words, **config)})


def _lofo(words: argparse.Namespace) -> int:
    from experiments.nanoim import lofo

    found = lofo.study(words.suite, words.policies.split(","), _seeds(words), words.workers)
    return _give(words, {"kind": "lofo", "policies": found, "manifest": _about(words, seeds=list(_seeds(words)))})


def _occlusion(words: argparse.Namespace) -> int:
    from experiments.nanoim import shelf, studies

    found = studies.occlusion(_policy(words), shelf.split_of(words.suite, "test"))
    return _give(words, {"kind": "occlusion", "policies": {words.kind: found}, "manifest": _about(words)})


def _controls(words: argparse.Namespace) -> int:
    from experiments.nanoim import shelf, studies

    found = studies.controls(_policy(words), shelf.split_of(words.suite, "test"))
    return _give(words, {"kind": "controls", "policies": {words.kind: found}, "manifest": _about(words)})


def _calibration(words: argparse.Namespace) -> int:
    from experiments.nanoim import shelf, studies

    found = studies.calibration(_policy(words), shelf.split_of(words.suite, "test"))
    return _give(words, {"kind": "calibration", "policies": {words.kind: found}, "manifest": _about(words)})


def _statistics(words: argparse.Namespace) -> int:
    from experiments.nanoim.reproduce import statistics_of

    return _give(words, statistics_of(words.suite))


def _llm(words: argparse.Namespace) -> int:
    from experiments.nanoim import shelf
    from experiments.nanoim.llm_baseline import baseline
    from nma13.llm import open_model

    config = {"temperature": 0.0, "max_tokens": words.max_tokens, "constrained": words.constrained}
    with open_model(words.model, look_for_served=False) as model:
        found = baseline(model, shelf.split_of(words.suite, "test"), words.max_tokens, words.constrained)
    return _give(words, {**found, "suite": words.suite, "manifest": _about(words, **config)})


def _drawn(words: argparse.Namespace) -> Draw:
    if words.draw is None:
        raise LabError(f"Pages are drawn one floor above. Nothing was written. Use: ./lab nanoim {words.word}")
    draw: Draw = words.draw
    return draw


def _render(words: argparse.Namespace) -> int:
    from experiments.manifest import write_whole
    from experiments.nanoim import view
    from experiments.nanoim.turns import pairs_of, read_traces

    draw = _drawn(words)
    pairs = pairs_of(read_traces(words.traces)) if words.traces else view.test_pairs(words.suite)
    chosen = next((pair for pair in pairs if not words.pair or pair.name == words.pair), None)
    if chosen is None:
        raise UsageError(f"There is no pair {words.pair!r} in {words.traces or words.suite}. Nothing was written.")
    rows = view.fresh_rows(chosen) if words.traces else view.policy_rows(chosen, words.suite)
    page = draw(view.of_pair(chosen, words.suite, rows))
    if words.out:
        write_whole(words.out, page)
        print(f"Written to {words.out}", file=sys.stderr)
    else:
        print(page)
    return 0


def _export(words: argparse.Namespace) -> int:
    from experiments.nanoim.export import export, validate

    if not words.check and not words.out:
        raise UsageError("Name a folder to write to with --out, or one to validate with --check.")
    folder = words.check or words.out
    if not words.check:
        export(folder, _drawn(words))
    found = validate(folder)
    print(json.dumps(found, indent=1))
    return 0 if found["passed"] else 1


def _repro(words: argparse.Namespace) -> int:
    from experiments.nanoim.export import repro
    from nma13.config import ROOT

    return _give(words, repro(ROOT))


def _verify(words: argparse.Namespace) -> int:
    from experiments.nanoim.verify import verify

    found = verify()
    if words.json or words.out:
        return _give(words, found)
    for check in found["checks"]:
        print(f"{'holds' if check['passed'] else 'FAILS'}  {check['name']}: {check['found']}")
    for suite, rows in {**found["table"], **{f"{k}, family left out": v for k, v in found["lofo"].items()}}.items():
        print(f"\n{suite}\n{'':<34}{'TAA':>7}{'PSR':>7}")
        for name, row in rows.items():
            print(f"  {name:<32}{row['taa']:>7.3f}{row['psr']:>7.3f}")
    print(f"\n{'The contract holds.' if found['passed'] else 'The contract does not hold.'}")
    return 0 if found["passed"] else 1


def _agreement(words: argparse.Namespace) -> int:
    from experiments.nanoim.annotation import agreement, sheets

    return _give(words, {"kind": "agreement", **agreement(sheets())})


def _meaning(words: argparse.Namespace) -> int:
    from experiments.nanoim.meaning import study

    return _give(words, study(words.suite, _seeds(words), words.workers, words.keep))


def _tables(words: argparse.Namespace) -> int:
    from experiments.nanoim import tables

    page = words.out or tables.PAGE
    print(f"{page}: {'tables drawn anew' if tables.write(page) else 'the tables were up to date'}")
    return 0


def _reproduce(words: argparse.Namespace) -> int:
    from experiments.nanoim.reproduce import everything

    seconds = everything(words.workers, with_studies=not words.quick)
    print(f"Everything was made anew in {sum(seconds.values()):.0f} s.")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as told:
        print(f"nanoim: {told}", file=sys.stderr)
        sys.exit(told.exit_code)
