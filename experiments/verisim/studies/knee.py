"""Whose shape is it, asked without any training: proposers whose faults are known, through the same loop.

EN7 asks this of trained arms, which differ in more than one thing at once. Here only one thing changes at a time:
how often the proposer errs, what a consultation means, how faithfulness is counted, and when it asks.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.verisim.factory import Plan, scripts
from experiments.verisim.loop import Rules, run
from experiments.verisim.policies import Fixed, always, calibrated
from experiments.verisim.proposers import Null, OracleBacked, Proposer
from experiments.verisim.slips import Slips
from experiments.verisim.studies.arms import WORLD, shipped
from experiments.verisim.studies.curves import CONSULTS, GRADES, RHOS, bend, measures, panel
from experiments.verisim.studies.kit import Preset, Row, Study, Verdict, point, value

RATES = (0.4, 0.1, 0.02)
UNSURE = "slips 10%, asks when unsure"
STEPS = 48


def knee(preset: Preset) -> list[Row]:
    seeds = tuple(range(100, 100 + preset.rollouts))
    tests = scripts(WORLD, Plan(("weighted", "adversarial"), ("empty", "gnp"), seeds, STEPS, "eval"))
    held = scripts(WORLD, Plan(("weighted", "adversarial"), ("empty", "gnp"), (7, 8, 9), STEPS, "calibration"))
    slips = [Slips(WORLD, rate) for rate in RATES]  # type: ignore[arg-type]
    who: list[tuple[str, Proposer]] = [(each.name, each) for each in slips]
    who += [(UNSURE, slips[1]), ("null", Null()), ("edits, shipped", shipped()), ("oracle", OracleBacked(WORLD))]
    doubts = [doubt for trace in run(WORLD, slips[1], held, measure=False) for doubt in trace.doubts]
    rows = []
    for consult in CONSULTS:
        for name, proposer in who:
            for rho in RHOS:
                unsure = calibrated(doubts, rho)
                rules = Rules(rho, consult, always(unsure if name == UNSURE else Fixed()))  # type: ignore[arg-type]
                traces = run(WORLD, proposer, tests, rules)
                for grade, tolerance in GRADES.items():
                    for measure, values in measures(traces, tolerance).items():
                        rows.append(point(panel(measure, grade, consult), name, rho, values))
    return rows


def knee_verdict(rows: Sequence[Row]) -> Verdict:
    strict = panel("horizon", "first wrong fact", "belief")
    kind = panel("faithful steps", "more than 3 wrong facts", "anchor")
    meaning = panel("horizon", "first wrong fact", "anchor")
    counted = panel("faithful steps", "first wrong fact", "belief")
    strict_both = panel("faithful steps", "first wrong fact", "anchor")
    names = [f"slips {rate:.0%}" for rate in RATES]
    one = bend(rows, strict, names[1]), bend(rows, kind, names[1])
    models = [bend(rows, strict, name) for name in names]
    asks = value(rows, strict, UNSURE, 0.2), value(rows, strict, names[1], 0.2)
    floor = [value(rows, strict, name, 0.0) for name in names]
    return Verdict(
        "refuted" if one[1] - one[0] > 0.1 else "held",
        f"One proposer, wrong in a tenth of its steps: its curve bends by {one[0]:+.2f} (below zero a cliff, above a "
        "knee) when the first wrong fact ends it and a consultation steps from the belief, and by "
        f"{one[1]:+.2f} when a consultation leads back to the truth and faithful steps are counted, at a tolerance of "
        f"3 facts. Without any tolerance, the other meaning alone gives {bend(rows, meaning, names[1]):+.2f}, the "
        f"other count alone {bend(rows, counted, names[1]):+.2f}, both {bend(rows, strict_both, names[1]):+.2f}. "
        "Errors in 40 %, 10 % and 2 % of the steps, measured the strict way, bend it by "
        f"{models[0]:+.2f}, {models[1]:+.2f} and {models[2]:+.2f}, and set its floor "
        f"at {floor[0]:.0%}, {floor[1]:.0%} and {floor[2]:.0%} of a rollout. Asking when unsure, at ρ = 0.2, reaches "
        f"{asks[0]:.0%}; at equal intervals {asks[1]:.0%}.",
    )


STUDIES = (
    Study(
        "knee",
        "Is it the loop's shape or the model's?",
        "The floor and the cliff are the loop's own, whoever proposes and however one counts (the source's H22).",
        "For one and the same proposer the bend moves by a tenth with the metric and the meaning of a consultation.",
        "null, flat and graph arms share one shape; read as the loop's (EN7).",
        knee,
        knee_verdict,
        "budget ρ",
    ),
)
