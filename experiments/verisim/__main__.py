"""`python -m experiments.verisim`: run a study, train the arm, draw the figures, say what was found."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from experiments.verisim import places, report
from experiments.verisim.studies import STUDIES, study
from experiments.verisim.studies.kit import PRESETS, manifest, read
from experiments.verisim.sweep import ENGINES, study_one, sweep
from nma13.config import ROOT
from nma13.errors import LabError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="./lab verisim", description=__doc__)
    words = parser.add_subparsers(dest="word", required=True, metavar="results|study|train|figures")
    runs = words.add_parser("study", help="run one study, several, or all")
    runs.add_argument("names", nargs="+", metavar="NAME", help=f"all, or: {', '.join(STUDIES)}")
    runs.add_argument("--preset", choices=PRESETS, default="smoke")
    runs.add_argument("--jobs", type=int, default=1, metavar="N", help="so many processes at once")
    runs.add_argument("--engine", choices=ENGINES, default="local", help="on this machine, or on a Ray cluster")
    trains = words.add_parser("train", help="train our arm")
    trains.add_argument("world", choices=("network", "filesystem"))
    trains.add_argument("--seed", type=int, default=0)
    trains.add_argument("--check", action="store_true", help="train again, compare with what is shipped, keep nothing")
    for each in (runs, trains):
        each.add_argument("--shipped", action="store_true", help="write where the shipped results lie")
    words.add_parser("figures", help="every shipped figure, verdict and docs/verisim.md again from the CSV files")
    shows = words.add_parser("results", help="what the shipped results say")
    shows.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    return {"study": _study, "train": _train, "figures": _figures, "results": _results}[given.word](given)


def _study(given: Any) -> int:
    folder = places.SHIPPED if given.shipped else places.own()
    names = [study(name).name for name in (list(STUDIES) if "all" in given.names else given.names)]
    if given.jobs > 1 or given.engine != "local":
        for line in sweep(names, PRESETS[given.preset], folder, given.jobs, given.engine):
            print(line, flush=True)
        print(f"Kept in {folder}.", file=sys.stderr)
        return 0
    for name in names:
        print(f"{name}: {STUDIES[name].title} ({given.preset}) …", file=sys.stderr, flush=True)
        print(study_one(name, PRESETS[given.preset], folder), flush=True)
    print(f"Kept in {folder}.", file=sys.stderr)
    return 0


def _train(given: Any) -> int:
    from experiments.verisim.train import TOLERANCE, check, ship

    if given.check:
        found = check(given.world, given.seed)
        print(
            f"The data are {'the same' if found.same_data else 'DIFFERENT'}. The furthest weight is "
            f"{found.furthest:g} away; {found.differ:.2%} of the held-out questions are answered differently "
            f"(allowed: {TOLERANCE:.1%}). {'Agrees.' if found.agrees else 'DOES NOT AGREE.'}"
        )
        return 0 if found.agrees else 1
    folder = places.SHIPPED if given.shipped else places.own()
    told = ship(given.world, given.seed, folder)
    seconds = told["cpu_seconds"]
    print(
        f"Trained in {seconds['training']:.0f} s of CPU, on data made in {seconds['data']:.0f} s; "
        f"kept as {places.weights_of(given.world, given.seed, folder)}."
    )
    return 0


def _figures(given: Any) -> int:
    del given
    for path in report.refresh():
        print(path)
    return 0


def _results(given: Any) -> int:
    found = summary()
    if given.json:
        print(json.dumps(found, indent=1))
        return 0
    for name, told in found["studies"].items():
        print(f"{name:<8} {told['verdict']:<8} {told['why']}")
    return 0


def summary() -> dict[str, Any]:
    """The shipped results in one object; what was not run is left out."""
    told: dict[str, Any] = {"studies": {}, "floor": {}}
    for name in report.shipped():
        said = manifest(name)
        told["studies"][name] = {key: said[key] for key in ("verdict", "why", "preset")}
    if "floor" in told["studies"]:
        told["floor"] = floor()
    if "knee" in told["studies"]:
        told["knee"] = told["studies"]["knee"]["why"]
    measured = {row["what"]: round(row["value"], 2) for row in benchmark()}
    told["oracle"] = {what: value for what, value in measured.items() if what.startswith(("oracle", "reachability"))}
    told["step_ms"] = {what: value for what, value in measured.items() if what.startswith("training step")}
    return told


def benchmark() -> list[dict[str, Any]]:
    """The rows of `./lab bench verisim` as `--save` kept them; they belong to the machine that made them."""
    try:
        kept = (ROOT / "benchmarks" / "results" / "verisim.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    rows: list[dict[str, Any]] = json.loads(kept)["rows"]
    return rows


def floor() -> dict[str, float]:
    """The figures of the floor under the names programs ask for."""
    where = {(row.panel, row.x): row.mean for row in read("floor")}
    exact, share, median = "exact deltas", "mean horizon, share of T", "median horizon, steps"
    return {
        "delta_exact_5": where[exact, "5 hosts, T = 24"],
        "full_horizon_share_24": where["whole rollouts without an error", "5 hosts, T = 24"],
        "mean_h0_400": 400 * where[share, "5 hosts, T = 400"],
        "median_h0_100_at_50": where[median, "50 hosts in use, T = 100"],
        "median_h0_100_at_500": where[median, "500 hosts in use, T = 100"],
        "exact_50": where[exact, "50 hosts in use, T = 100"],
        "exact_500": where[exact, "500 hosts in use, T = 100"],
        "fs_delta_exact": where[exact, "filesystem, T = 48"],
        "fs_h0_48": 48 * where[share, "filesystem, T = 48"],
    }


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except LabError as error:
        print(error, file=sys.stderr)
        raise SystemExit(1) from None
