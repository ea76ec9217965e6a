"""EN8's other axis (the source's H24): is it better to learn only what the oracle cannot decide?

Some hosts are observed, the others hidden. A fact is decidable if it is only about observed hosts; the rest, the
residual, has to be guessed from traffic, from the action, and from what is usual; only whom an observed host denies
is shown even where the source is hidden, to both. Two models of one shape see the same hidden states: one is trained
on every fact of the next state, one on the residual alone. Only facts that can be guessed wrong count, so accuracy is
measured on the residual of states nobody trained on, beside what always saying «the usual» would reach.

Written before the first run: held, if training on the residual alone is at least one point more accurate on the
residual at every size and share observed, and the 95 % interval of the difference over training seeds lies above 0
in one of them; refuted, if it is nowhere a point better; mixed otherwise.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from experiments.verisim.studies.kit import Preset, Row, Study, Verdict, over_seeds
from experiments.verisim.studies.latent import WIDTH, rollouts_for, shown, steps_for
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import generator

OBSERVED = (0.25, 0.5, 0.75)
ALL, RESIDUAL, USUAL = "every fact", "the residual alone", "always the usual"
GAIN = "gain from training on the residual alone"


class Hidden(NamedTuple):
    """Steps of which a part is observed: inputs, the next state's facts as bits, and which of them are residual."""

    nodes: Any
    adjacent: Any
    whole: Any
    bits: Any
    residual: Any


@lru_cache(maxsize=8)
def hidden(hosts: int, share: float, purpose: str, count: int) -> Hidden:
    """Another set of hosts is observed in every step."""
    import torch

    world: Any = make_world("network", hosts)
    steps, ports = steps_for(hosts, purpose, count), len(world.ports)
    rng = generator("observed", hosts, share, purpose)
    nodes, adjacent, whole = shown(hosts, True, [(step.state, step.action) for step in steps])
    after = shown(hosts, True, [(step.after, None) for step in steps])
    seen = torch.zeros(len(steps), hosts)
    for row in seen:
        row[rng.sample(range(hosts), round(share * hosts))] = 1
    # Up, ports and deny-list of a host that is hidden are not shown; which host it is, and that it is named, is.
    about = 1 + ports + hosts
    nodes[:, :, :about] *= seen[:, :, None]
    pairs = seen[:, :, None] * seen[:, None, :]
    adjacent = adjacent * (pairs + torch.eye(hosts)).clamp(max=1)[:, None]
    nodes = torch.cat([nodes, seen[:, :, None]], 2)
    own = after.nodes[:, :, : 1 + ports]
    linked = (after.adjacent[:, 0] > 0).float() * (1 - torch.eye(hosts))
    denied = after.nodes[:, :, 1 + ports : about]
    upper = torch.triu(torch.ones(hosts, hosts), 1).flatten() > 0
    bits = torch.cat([own.flatten(1), linked.flatten(1)[:, upper], denied.flatten(1)], 1)
    known = torch.cat([seen[:, :, None].expand_as(own).flatten(1), pairs.flatten(1)[:, upper], pairs.flatten(1)], 1)
    return Hidden(nodes, adjacent, whole, bits, 1 - known)


def accuracy(hosts: int, share: float, residual_only: bool, seed: int, training: int) -> tuple[float, float]:
    """On the residual of held-out states; and what the usual answer to each fact reaches there."""
    import torch

    from experiments.verisim.model.baselines import Encoder, Size

    torch.manual_seed(seed)
    taught = hidden(hosts, share, "train", rollouts_for(training))
    tests = hidden(hosts, share, "eval", 20)
    encoder = Encoder(Size(width=WIDTH), taught.nodes.shape[2], taught.whole.shape[1])
    head = torch.nn.Sequential(
        torch.nn.Linear(WIDTH, 2 * WIDTH), torch.nn.GELU(), torch.nn.Linear(2 * WIDTH, taught.bits.shape[1])
    )
    weight = taught.residual if residual_only else torch.ones_like(taught.residual)
    optimiser = torch.optim.AdamW([*encoder.parameters(), *head.parameters()], lr=2e-3)
    rng = generator("objective", seed)
    places = range(len(taught.bits))
    for _ in range(training):
        chosen = rng.sample(places, 32)
        told = head(encoder(taught.nodes[chosen], taught.adjacent[chosen], taught.whole[chosen]))
        loss = torch.nn.functional.binary_cross_entropy_with_logits(told, taught.bits[chosen], weight[chosen])
        loss = loss * weight[chosen].numel() / weight[chosen].sum().clamp(min=1)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        told = head(encoder(*tests[:3])) > 0
    usual = (taught.bits.mean(0) > 0.5)[None].expand_as(told)
    count = tests.residual.sum()
    right, plain = (((said == (tests.bits > 0)) * tests.residual).sum() / count for said in (told, usual))
    return float(right), float(plain)


def en8b(preset: Preset) -> list[Row]:
    rows: list[Row] = []
    for hosts in preset.sizes[:2]:
        where = f"accuracy on the residual, {hosts} hosts"
        for share in OBSERVED:
            found = {
                name: [accuracy(hosts, share, only, seed, preset.ssl) for seed in range(preset.seeds)]
                for name, only in ((ALL, False), (RESIDUAL, True))
            }
            for name, each in found.items():
                rows.append(over_seeds(where, name, share, [[right] for right, _ in each]))
            rows.append(over_seeds(where, USUAL, share, [[plain] for _, plain in found[ALL][:1]]))
            gains = [[a - b] for (a, _), (b, _) in zip(found[RESIDUAL], found[ALL], strict=True)]
            rows.append(over_seeds(GAIN, f"{hosts} hosts", share, gains))
    return rows


def en8b_verdict(rows: Sequence[Row]) -> Verdict:
    gains = [row for row in rows if row.panel == GAIN]
    points = [row.mean >= 0.01 for row in gains]
    word = "held" if all(points) and any(row.low > 0 for row in gains) else "mixed" if any(points) else "refuted"
    most = max(lead(rows, row.series.split()[0], row.x) for row in gains)
    told = ", ".join(f"{100 * row.mean:+.1f} points ({row.series}, {float(row.x):.0%} observed)" for row in gains)
    return Verdict(
        word,
        f"Training on the residual alone changes the accuracy on the residual by {told}. The better of both is at most "
        f"{100 * most:.1f} points above always saying the usual, so there was little to win.",
    )


def lead(rows: Sequence[Row], hosts: str, share: str) -> float:
    """How far the better of both models is above the usual answer."""
    here = {row.series: row.mean for row in rows if row.panel.endswith(f", {hosts} hosts") and row.x == share}
    return max(here[ALL], here[RESIDUAL]) - here[USUAL]


STUDIES = (
    Study(
        "en8b",
        "Learning only what the oracle cannot decide",
        "Gradient spent on the undecidable part alone makes that part more accurate (H24).",
        "It is nowhere a point better than training on every fact.",
        "a tie within noise in its first run; later helpful only in a narrow window (high capacity, small world).",
        en8b,
        en8b_verdict,
        "share of hosts observed",
    ),
)
