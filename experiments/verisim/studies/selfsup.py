"""EN8 and EN9: does an exact referent keep a representation open, and do exact negatives teach interventions?

Health and retrieval are measured on states nobody trained on. Distractors of the same kind of action stand
beside arbitrary ones, because with arbitrary ones the kind of action alone gives the answer away.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from experiments.verisim.studies.kit import Preset, Row, Study, Verdict, over_seeds, value
from experiments.verisim.studies.latent import Cell, steps_for, trained
from experiments.verisim.worlds.contract import generator

MIXED, ALIKE = "any action", "the same kind of action"


def en8(preset: Preset) -> list[Row]:
    cells = {
        "learned target, guarded": ("learned", True),
        "learned target, bare": ("learned", False),
        "oracle target, bare": ("oracle", False),
    }
    source = {"learned target, guarded": 41.8, "learned target, bare": 13.4, "oracle target, bare": 25.8}
    rows: list[Row] = []
    for hosts in preset.sizes:
        for name, (target, guarded) in cells.items():
            found = [
                trained(Cell(hosts, target, guarded, seed=seed), preset.ssl).health(steps_for(hosts, "eval", 20))
                for seed in range(preset.seeds)
            ]
            said = source[name] if hosts == 5 else None
            ranks, spreads = [[rank] for _, rank in found], [[spread] for spread, _ in found]
            rows.append(over_seeds("effective rank of 48, held out", name, hosts, ranks, said))
            rows.append(over_seeds("standard deviation, held out", name, hosts, spreads))
    return rows


def en8_verdict(rows: Sequence[Row]) -> Verdict:
    where = "effective rank of 48, held out"
    sizes = sorted({int(row.x) for row in rows})
    gaps = [value(rows, where, "oracle target, bare", n) - value(rows, where, "learned target, bare", n) for n in sizes]
    told = ", ".join(f"{gap:+.1f} at {n} hosts" for n, gap in zip(sizes, gaps, strict=True))
    word = "held" if min(gaps) > 0 else "mixed" if max(gaps) > 0 else "refuted"
    return Verdict(
        word,
        f"Without any guard, an oracle's target instead of a learned one changes the effective rank by {told}, "
        "on held-out states.",
    )


def en9(preset: Preset) -> list[Row]:
    ways: dict[str, dict[str, Any]] = {
        "bare": {},
        "guarded": {"guarded": True},
        **{f"{count} exact negatives": {"negatives": count} for count in preset.branches},
    }
    source = {"bare": 0.214, "guarded": 0.282, "8 exact negatives": 0.519}
    rows: list[Row] = []
    for identity in (False, True):
        who = "nodes know who they are" if identity else "nodes have no identity"
        for name, options in ways.items():
            scores: dict[str, list[list[float]]] = {MIXED: [], ALIKE: []}
            for seed in range(preset.seeds):
                model = trained(Cell(5, identity=identity, seed=seed, **options), preset.ssl)
                for like, kind in ((False, MIXED), (True, ALIKE)):
                    rng = generator("retrieval", like)
                    found = [model.finds(step.state, like, rng) for step in steps_for(5, "eval", 20)[::2]]
                    scores[kind].append([each for each in found if each is not None])
            for kind, groups in scores.items():
                said = source.get(name) if not identity and kind == MIXED else None
                rows.append(over_seeds(f"branch retrieval, distractors of {kind}", who, name, groups, said))
    return rows


def en9_verdict(rows: Sequence[Row]) -> Verdict:
    def of(kind: str, who: str, name: str) -> float:
        return value(rows, f"branch retrieval, distractors of {kind}", who, name)

    without, with_ = "nodes have no identity", "nodes know who they are"
    alike = of(ALIKE, without, "8 exact negatives"), of(ALIKE, with_, "8 exact negatives")
    mixed, guarded = of(MIXED, without, "8 exact negatives"), of(MIXED, without, "guarded")
    # Eight branches: chance is an eighth. A difference between two cells at chance says nothing.
    gains = mixed - guarded, alike[0] - of(ALIKE, without, "guarded")
    word = "held" if min(gains) > 0.05 else "mixed" if max(gains) > 0.05 else "refuted"
    return Verdict(
        word,
        f"Exact negatives find the right branch in {mixed:.0%} (guarded: {guarded:.0%}; "
        "chance: about 12 %) among arbitrary actions. Among "
        "actions of the same kind, where the kind no longer gives the answer away, in "
        f"{alike[0]:.0%}; with identity, {alike[1]:.0%}.",
    )


STUDIES = (
    Study(
        "en8",
        "The price of collapse",
        "An exact target keeps a representation open without guards against collapse (H23).",
        "Its effective rank on held-out states is no higher than that of a bare learned target.",
        "effective rank: guarded 41.8, bare 13.4, oracle 25.8 (on training states); gap 13.4 → 2.2, 25 to 300 hosts.",
        en8,
        en8_verdict,
        "hosts",
    ),
    Study(
        "en9",
        "Exact negatives",
        "Exact negatives teach which intervention leads where; statistical guards do not (H25, H5).",
        "No gain over the guarded cell, or none once distractors are of the same kind of action.",
        "top-1: bare 0.214, guarded 0.282, oracle 0.519.",
        en9,
        en9_verdict,
        lines=False,
    ),
)
