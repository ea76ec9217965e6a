"""EN2 once more, on seeds nobody had looked at: what it claims was settled before it was run.

EN2's rollouts were lengthened from 24 to 96 steps after a first run had been seen, so its «held» is worth little
by itself. Written before the first run of this study, and not changed since:

- setting: that of EN2's second run (120 transitions, 400 steps of training, rollouts of 96 steps), whatever the
  preset; ten training seeds (20 to 29), 24 rollouts (seeds 1000 to 1011) and calibration rollouts (1100 to 1105)
  that no earlier run has used;
- measured: the share of a rollout before its first wrong fact, a consultation stepping from the belief;
- held, if consulting where the arm is unsure is more than a fifth better than equal intervals at ρ = 0.1 on average,
  and the 95 % interval of «entropy − 1.2 × fixed» over training seeds and rollouts lies above 0;
- refuted, if it is not a fifth better on average; mixed, if it is and the interval reaches 0.
"""

from __future__ import annotations

from collections.abc import Sequence

from experiments.verisim.factory import Plan, scripts
from experiments.verisim.loop import Rules, run
from experiments.verisim.policies import Fixed, always, calibrated
from experiments.verisim.studies.arms import WORLD, arm
from experiments.verisim.studies.kit import Preset, Row, Study, Verdict, over_seeds, value

TRAINED, FIRST = 400, 20
STEPS = 96
DRIVERS = ("weighted", "adversarial")
HORIZON = "horizon, first wrong fact, stepping from the belief"
BETTER = "entropy − 1.2 × fixed"


def en2b(preset: Preset) -> list[Row]:
    tests = scripts(WORLD, Plan(DRIVERS, ("empty",), tuple(range(1000, 1012)), STEPS, "fresh"))
    held = scripts(WORLD, Plan(DRIVERS, ("empty",), tuple(range(1100, 1106)), STEPS, "fresh calibration"))
    arms = [arm("edits", 120, TRAINED, seed) for seed in range(FIRST, FIRST + preset.fresh)]
    doubts = [[d for trace in run(WORLD, each, held, measure=False) for d in trace.doubts] for each in arms]
    rows = []
    for rho in (0.1, 0.2, 0.3):
        found: dict[str, list[list[float]]] = {"fixed": [], "entropy": []}
        spent = []
        for each, seen in zip(arms, doubts, strict=True):
            fixed = run(WORLD, each, tests, Rules(rho, "belief", always(Fixed())))
            unsure = run(WORLD, each, tests, Rules(rho, "belief", always(calibrated(seen, rho))))
            found["fixed"].append([trace.horizon() / STEPS for trace in fixed])
            found["entropy"].append([trace.horizon() / STEPS for trace in unsure])
            spent.append([len(trace.consulted) / STEPS for trace in unsure])
        rows += [over_seeds(HORIZON, name, rho, groups) for name, groups in found.items()]
        pairs = zip(found["entropy"], found["fixed"], strict=True)
        beyond = [[a - 1.2 * b for a, b in zip(one, other, strict=True)] for one, other in pairs]
        rows.append(over_seeds(BETTER, "share of a rollout", rho, beyond))
        rows.append(over_seeds("consultations spent", "entropy", rho, spent))
    return rows


def en2b_verdict(rows: Sequence[Row]) -> Verdict:
    fixed, entropy = value(rows, HORIZON, "fixed", 0.1), value(rows, HORIZON, "entropy", 0.1)
    beyond = next(row for row in rows if row.panel == BETTER and row.x == "0.1")
    word = "refuted" if beyond.mean <= 0 else "held" if beyond.low > 0 else "mixed"
    return Verdict(
        word,
        f"{beyond.seeds} arms trained on fresh seeds, {beyond.n // beyond.seeds} fresh rollouts each, ρ = 0.1: "
        f"consulting where the arm is unsure reaches {entropy:.0%} of a rollout without one wrong fact, equal "
        f"intervals {fixed:.0%}. Entropy less 1.2 × fixed is {beyond.mean:+.3f}, "
        f"between {beyond.low:+.3f} and {beyond.high:+.3f}.",
    )


STUDIES = (
    Study(
        "en2b",
        "When to consult, confirmed on fresh seeds",
        "At equal budget, consulting where the arm is unsure gives a longer horizon than equal intervals.",
        "Entropy is not a fifth better than equal intervals at ρ = 0.1; held only if the interval of the difference "
        "over training seeds lies above 0.",
        "T = 24, ρ = 0.3: fixed 1.9, drift 2.0, uncertainty 3.4 [1.1, 6.0].",
        en2b,
        en2b_verdict,
        "budget ρ",
    ),
)
