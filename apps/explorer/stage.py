"""A world on stage: what is true, what the proposer believes, and everything done so far, as one plain value."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any, TypedDict

from experiments.verisim.metrics import state_divergence
from experiments.verisim.model.scorer import EditScorer, load
from experiments.verisim.places import weights_of
from experiments.verisim.proposers import Null, OracleBacked, Proposer, Succeeds
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import generator

SHIPPED, ORACLE, EXIT_ONLY, NOTHING = "edit scorer", "oracle", "exit code only", "nothing"
HOSTS = (5, 12, 24)
LONGEST = 200


class Stage(TypedDict):
    """JSON all through, so that a visit can be kept without keeping objects."""

    world: str
    hosts: int
    start: str
    truth: dict[str, Any]
    belief: dict[str, Any]
    trace: list[dict[str, Any]]
    """The latest steps; what is told of all of them is counted beside it."""
    steps: int
    asked: int
    lost_at: int | None
    """The first step after which belief and truth were apart."""


def opened(world: str = "network", hosts: int = 5, start: str = "small-world") -> Stage:
    """A fresh stage; the same choice opens the same state."""
    made: Any = make_world(world, hosts)
    if start not in made.starts:
        start = made.starts[1]
    state = made.to_json(made.start(start, generator("stage", world, hosts, start)))
    return Stage(
        world=world, hosts=hosts, start=start, truth=state, belief=state, trace=[], steps=0, asked=0, lost_at=None
    )


def proposers_for(world: str) -> list[str]:
    """Those that work here: the edit scorer needs its shipped weights, never torch."""
    scorer = [SHIPPED] if weights_of(world, 0).exists() else []
    return [*scorer, EXIT_ONLY, NOTHING, ORACLE]


@lru_cache(maxsize=8)
def _weights(world: str) -> Any:
    return load(weights_of(world, 0))


def proposer(name: str, world: Any) -> Proposer:
    if name == SHIPPED and weights_of(world.name, 0).exists():
        return EditScorer(world.name, _weights(world.name))
    if name == ORACLE:
        return OracleBacked(world)
    return Succeeds(world) if name == EXIT_ONLY else Null()


def act(stage: Stage, line: str, who: str, consult: bool = False) -> Stage:
    """One step: the proposer says what happens, the oracle knows. `CannotRead` where the line is no action."""
    world: Any = make_world(stage["world"], stage["hosts"])
    action = world.parse(line)
    truth, belief = world.from_json(stage["truth"]), world.from_json(stage["belief"])
    guess = proposer(who, world).predict_delta(belief, action)
    right = world.step(belief, action).delta
    truth = world.step(truth, action).state
    belief = truth if consult else world.apply(belief, guess)
    taken = {
        "line": world.line(action),
        "who": who,
        "guess": [[op, list(args)] for op, args in guess],
        "right": [[op, list(args)] for op, args in right],
        "divergence": state_divergence(world, belief, truth),
        "exact": Counter(guess) == Counter(right),
        "asked": consult,
    }
    steps = stage["steps"] + 1
    apart = steps if taken["divergence"] > 0 else None
    return {
        **stage,
        "truth": world.to_json(truth),
        "belief": world.to_json(belief),
        "trace": [*stage["trace"], taken][-LONGEST:],
        "steps": steps,
        "asked": stage["asked"] + consult,
        "lost_at": stage["lost_at"] or apart,
    }


def play(stage: Stage, who: str, steps: int) -> Stage:
    """Actions as the world's own users would take them."""
    world: Any = make_world(stage["world"], stage["hosts"])
    driver = "traffic" if stage["world"] == "network" else "weighted"
    for _ in range(steps):
        rng = generator("play", stage["start"], stage["steps"])
        truth = world.from_json(stage["truth"])
        stage = act(stage, world.line(world.draw(driver, truth, rng)), who)
    return stage


def asked(stage: Stage) -> Stage:
    """Spend a consultation: the belief becomes the truth."""
    if not stage["trace"]:
        return stage
    before = stage["trace"][-1]
    last = {**before, "asked": True, "divergence": 0.0}
    return {
        **stage,
        "belief": stage["truth"],
        "trace": [*stage["trace"][:-1], last],
        "asked": stage["asked"] + (not before["asked"]),
        "lost_at": None if stage["lost_at"] == stage["steps"] else stage["lost_at"],
    }
