"""The floor our arm stands on, and how far it carries: sizes it never saw, networks in use."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import Any

from experiments.verisim.factory import Plan, scripts
from experiments.verisim.loop import run
from experiments.verisim.places import weights_of
from experiments.verisim.studies.arms import shipped
from experiments.verisim.studies.kit import Preset, Row, Study, Verdict, over_seeds, point, value
from experiments.verisim.worlds import make_world
from nma13.errors import LabError

KINDS = ("line", "tree", "fat-tree", "gnp", "small-world")
BUSY = ("traffic", "adversarial")
SEEDS = (0, 1, 2)


def kept(world: str) -> list[int]:
    """The seeds whose weights are shipped, at least one."""
    found = [seed for seed in SEEDS if weights_of(world, seed).exists()]
    if not found:
        raise LabError(
            f"This study needs the weights of the {world} arm, and none are there. Nothing was changed. "
            f"Train them with: ./lab verisim train {world} --shipped"
        )
    return found


def course(name: str, hosts: int, plan: Plan) -> tuple[list[list[float]], list[list[int]], float]:
    """Exactness of every step, every horizon (for each shipped seed), and CPU milliseconds for one step of the loop."""
    world = make_world(name, hosts, 3 if hosts <= 5 else 12)
    tests, spent = scripts(world, plan), 0.0
    exact: list[list[float]] = []
    horizons: list[list[int]] = []
    for seed in kept(name):
        arm = shipped(name, seed)
        began = time.process_time()
        traces = run(world, arm, tests)
        spent += time.process_time() - began
        exact.append([each for trace in traces for each in trace.exact])
        horizons.append([trace.horizon() for trace in traces])
    return exact, horizons, 1000 * spent / sum(map(len, exact))


def floor(preset: Preset) -> list[Row]:
    net: Any = make_world("network", 5)
    file: Any = make_world("filesystem")
    more = tuple(range(100, 100 + max(2, preset.rollouts // 2)))
    rows: list[Row] = []
    plans = {
        "5 hosts, T = 24": ("network", 5, Plan(net.drivers, ("empty", "gnp"), more, 24, "eval")),
        "5 hosts, T = 400": ("network", 5, Plan(net.drivers, ("empty", "islands"), more[:2], 400, "eval")),
        "50 hosts in use, T = 100": ("network", 50, Plan(BUSY, KINDS, (100,), 100, "eval")),
        "500 hosts in use, T = 100": ("network", 500, Plan(BUSY, ("tree", "gnp", "small-world"), (100,), 100, "eval")),
        "filesystem, T = 48": ("filesystem", 5, Plan(file.drivers, ("empty", "small"), more, 48, "eval")),
    }
    source = {"5 hosts, T = 24": 0.569, "filesystem, T = 48": 0.859}
    for label, (name, hosts, plan) in plans.items():
        exact, horizons, _ = course(name, hosts, plan)
        rows.append(over_seeds("exact deltas", "edits, shipped", label, exact, source.get(label)))
        whole = [[h == plan.steps for h in group] for group in horizons]
        rows.append(over_seeds("whole rollouts without an error", "edits, shipped", label, whole))
        said = {"5 hosts, T = 24": 0.0, "filesystem, T = 48": 0.2}.get(label)
        shares = [[h / plan.steps for h in group] for group in horizons]
        rows.append(over_seeds("mean horizon, share of T", "edits, shipped", label, shares, said))
        middle = statistics.median(h for group in horizons for h in group)
        rows.append(point("median horizon, steps", "edits, shipped", label, [middle]))
    return rows


def floor_verdict(rows: Sequence[Row]) -> Verdict:
    def of(what: str, where: str) -> float:
        return value(rows, what, "edits, shipped", where)

    bars = {
        "5 hosts exact": of("exact deltas", "5 hosts, T = 24") >= 0.9995,
        "5 hosts whole": of("whole rollouts without an error", "5 hosts, T = 24") >= 0.95,
        "400 steps": of("mean horizon, share of T", "5 hosts, T = 400") >= 0.9,
        "50 hosts": of("exact deltas", "50 hosts in use, T = 100") >= 0.999,
        "500 hosts": of("exact deltas", "500 hosts in use, T = 100") >= 0.999,
        "filesystem": of("exact deltas", "filesystem, T = 48") >= 0.995,
        "filesystem horizon": of("mean horizon, share of T", "filesystem, T = 48") >= 40 / 48,
    }
    short = [name for name, met in bars.items() if not met]
    return Verdict(
        "mixed" if short else "held",
        f"Exact at 5 hosts {of('exact deltas', '5 hosts, T = 24'):.4f}, "
        f"at 50 {of('exact deltas', '50 hosts in use, T = 100'):.4f}, "
        f"at 500 {of('exact deltas', '500 hosts in use, T = 100'):.4f}, "
        f"in the filesystem {of('exact deltas', 'filesystem, T = 48'):.4f}. "
        + (f"Below its bar: {', '.join(short)}." if short else "Every bar is met."),
    )


def surface(preset: Preset) -> list[Row]:
    rows: list[Row] = []
    for hosts in preset.surface:
        for kind in KINDS:
            steps = 100 if hosts < 2000 else 30
            plan = Plan(("traffic",), (kind,), (200,) if hosts >= 500 else (200, 201), steps, "surface")
            exact, horizons, spent = course("network", hosts, plan)
            rows.append(over_seeds("exact deltas", kind, hosts, exact))
            shares = [[h / steps for h in group] for group in horizons]
            rows.append(over_seeds("horizon, share of T", kind, hosts, shares))
            rows.append(
                Row(
                    "CPU ms for one step of the loop",
                    kind,
                    str(hosts),
                    round(spent, 3),
                    round(spent, 3),
                    round(spent, 3),
                    1,
                )
            )
    return rows


def surface_verdict(rows: Sequence[Row]) -> Verdict:
    cells = {(row.series, row.x): row.mean for row in rows if row.panel == "exact deltas"}
    worst = min(cells, key=lambda cell: cells[cell])
    whole = sum(mean == 1.0 for mean in cells.values())
    return Verdict(
        "held" if cells[worst] >= 0.999 else "mixed",
        f"Trained on 5 hosts; without a single wrong edit in {whole} of {len(cells)} cells of size and topology, up to "
        f"{max(int(size) for _, size in cells)} hosts in use. The worst cell is {worst[0]} at {worst[1]} hosts: "
        f"{cells[worst]:.2%} exact; there a wrong belief stays wrong until somebody asks.",
    )


STUDIES = (
    Study(
        "floor",
        "The floor",
        "An arm that scores candidate edits and points at arguments runs free without drifting.",
        "Exactness below 0.9995 at 5 hosts, 0.999 at 50 or 500, 0.995 in the filesystem, on seeds never trained on.",
        "network delta-exact 0.569 and H = 0; filesystem 0.859 one step, H(0) = 0.2 (later 9.7 of 48).",
        floor,
        floor_verdict,
        lines=False,
    ),
    Study(
        "surface",
        "The scaling surface",
        "What was learnt on 5 hosts holds at any size, in networks that are in use.",
        "Exactness below 0.999 at any size in any topology.",
        "surfaces of representation health at 25–200 nearly empty hosts; no horizon above 0.",
        surface,
        surface_verdict,
        "hosts",
    ),
)
