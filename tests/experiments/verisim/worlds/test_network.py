"""The network's oracle: edits lead where it says, the reachability cache never lies, a naive telling agrees."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import chain, combinations, product

import pytest

from experiments.verisim.worlds import network
from experiments.verisim.worlds.contract import Action, CannotRead, Edit, canonical_json, generator
from experiments.verisim.worlds.network import reach
from experiments.verisim.worlds.network.state import Host, NetState
from experiments.verisim.worlds.network.text import SHAPES
from tests.experiments.verisim.worlds.naive import Naive

WORLD = network()


def same_partition(state: NetState) -> bool:
    """Are the labels kept along the way the ones that would be computed afresh?"""
    if state.labels is None:
        return True
    again = reach.labels_of(NetState(state.hosts))
    pairs = set(zip(state.labels, again, strict=True))
    return len(pairs) == len(set(state.labels)) == len(set(again)) and all((a < 0) == (b < 0) for a, b in pairs)


@pytest.mark.parametrize("driver", WORLD.drivers)
def test_a_naive_telling_agrees(driver: str) -> None:
    for seed in range(70):
        rng = generator("naive", driver, seed)
        world = network(rng.choice((2, 5, 9)))
        state = world.start(rng.choice(world.starts), rng)
        told = Naive(state)
        for _ in range(100):
            action = world.draw(driver, state, rng)
            state = world.step(state, action).state
            told.act(action)
            assert told.matches(state), world.line(action)
            assert same_partition(state), world.line(action)


@pytest.mark.parametrize("driver", WORLD.drivers)
def test_the_delta_leads_to_the_next_state(driver: str) -> None:
    """A hundred thousand transitions over all drivers."""
    for seed in range(20):
        rng = generator("property", driver, seed)
        world = network(rng.choice((5, 30)))
        state = world.start(rng.choice(world.starts), rng)
        for _ in range(1000):
            action = world.draw(driver, state, rng)
            after, delta = world.step(state, action)
            assert world.apply(state, delta) == after
            assert delta[-1].op == "exit"
            state = after
        assert world.parse(world.line(action)) == action
        assert world.from_json(world.to_json(state)) == state
        assert same_partition(state)


def every_state() -> Iterator[NetState]:
    """Two hosts, one port: all there is."""
    subsets = [frozenset(s) for s in chain.from_iterable(combinations((0, 1), n) for n in range(3))]
    flows = [(s, d, 22) for s in (0, 1) for d in (0, 1)]
    for up, serving, denied, link in product(
        product((True, False), repeat=2),
        product((True, False), repeat=2),
        product(subsets, repeat=2),
        (True, False),
    ):
        hosts = [
            Host(up[h], frozenset({22} if serving[h] else ()), denied[h], frozenset({1 - h} if link else ()))
            for h in (0, 1)
        ]
        for size in range(5):
            for held in combinations(flows, size):
                yield NetState(hosts, frozenset(held))


def test_every_state_and_action_of_a_small_world() -> None:
    world = network(2, 1)
    choices = {"h": (0, 1, 2), "p": (22,)}
    actions = [Action(n, args) for n, shape in SHAPES.items() for args in product(*(choices[k] for k in shape))]
    count = 0
    for state in every_state():
        naive = Naive(state)
        for action in actions:
            after, delta = world.step(state, action)
            count += 1
            if count % 7 == 0:  # the naive telling of every seventh keeps this within seconds
                told = Naive.__new__(Naive)
                vars(told).update({k: v.copy() if isinstance(v, set) else v for k, v in vars(naive).items()})
                told.act(action)
                assert told.matches(after), (state, action)
            if world.apply(state, delta) != after:
                raise AssertionError((state, action))
    assert count == 4 * 4 * 16 * 2 * 16 * len(actions)


def test_a_broken_flow_stays_until_the_clock_moves() -> None:
    state = WORLD.initial()
    for line in ("link_up h0 h1", "svc_up h1 80", "connect h0 h1 80", "link_down h0 h1"):
        state = WORLD.step(state, WORLD.parse(line)).state
    assert state.flows == {(0, 1, 80)}
    assert WORLD.step(state, WORLD.parse("connect h0 h1 80")).state.exit == 1
    after, delta = WORLD.step(state, WORLD.parse("advance"))
    assert Edit("flow_close", (0, 1, 80)) in delta
    assert after.flows == frozenset()


def test_apply_is_total() -> None:
    state = WORLD.initial()
    strange = [Edit("host_up", (9,)), Edit("link_add", (0, 7)), Edit("flow_open", (8, 8, 1)), Edit("deny_add", (1, 9))]
    assert WORLD.apply(state, strange) == state


def test_the_matrix_is_what_reaches_says() -> None:
    for seed in range(40):
        world = network(12)
        rng = generator("matrix", seed)
        state = world.start(world.starts[1 + seed % 6], rng)
        found = reach.matrix(state)
        for (host, port), sources in found.items():
            for src in range(12):
                assert bool(sources >> src & 1) == reach.reaches(state, src, host, port)
        assert {key[0] for key in found} == {h for h, it in enumerate(state.hosts) if it.ports}


def test_faithfulness_counts_wrong_entries() -> None:
    state = WORLD.initial()
    for line in ("link_up h0 h1", "svc_up h1 80"):
        state = WORLD.step(state, WORLD.parse(line)).state
    wrong = WORLD.step(state, WORLD.parse("link_down h0 h1")).state
    assert reach.faithfulness(state, state) == 1.0
    assert reach.faithfulness(state, wrong) == pytest.approx(1 - 1 / 5)


def test_populated_networks_are_in_use() -> None:
    world = network(200, 12)
    for kind in world.starts[1:]:
        rng = generator("use", kind)
        state = world.start(kind, rng)
        assert len(state.flows) >= 100, kind
        asked = []
        for _ in range(600):
            action = world.draw("traffic", state, rng)
            state = world.step(state, action).state
            if action.name == "connect":
                asked.append(state.exit == 0)
        assert 0.3 <= sum(asked) / len(asked) <= 0.7, kind


def test_the_smallest_networks_can_be_begun_too() -> None:
    for hosts, ports in ((1, 1), (1, 3), (2, 1), (3, 1)):
        world = network(hosts, ports)
        for kind, seed in product(world.starts, range(10)):
            assert len(world.start(kind, generator("small", seed)).hosts) == hosts


def test_the_same_seed_is_the_same_bytes_in_another_process() -> None:
    code = (
        "from experiments.verisim.worlds import network;"
        "from experiments.verisim.worlds.contract import canonical_json, generator;"
        "w=network(40,12);r=generator('x');s=w.start('gnp',r)\n"
        "for _ in range(300): s=w.step(s,w.draw('traffic',s,r)).state\n"
        "print(canonical_json(w.to_json(s)))"
    )
    told = {
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout for _ in "ab"
    }
    world, rng = network(40, 12), generator("x")
    state = world.start("gnp", rng)
    for _ in range(300):
        state = world.step(state, world.draw("traffic", state, rng)).state
    assert told == {canonical_json(world.to_json(state)) + "\n"}


def test_a_flip_makes_exactly_one_fact_wrong() -> None:
    rng = generator("flip")
    for seed in range(200):
        state = WORLD.start("gnp", generator(seed))
        wrong = WORLD.apply(state, [WORLD.flip(state, rng)])
        assert 1 <= len(WORLD.facts(state) ^ WORLD.facts(wrong)) <= 2


def test_a_probe_of_every_host_repairs_the_network() -> None:
    rng = generator("probe")
    truth = WORLD.start("gnp", rng)
    belief = truth
    for _ in range(3):
        belief = WORLD.apply(belief, [WORLD.flip(belief, rng)])
    for part in WORLD.parts(truth):
        belief, _ = WORLD.probe(truth, belief, part)
    assert belief == truth


@pytest.mark.parametrize(
    "line",
    [
        "",
        "reboot h0",
        "link_up h0",
        "svc_up 0 80",
        "svc_up h0 https",
        "host_up h٣",
        "host_up h",
        pytest.param("svc_up h0 " + 5000 * "9", id="endless"),
    ],
)
def test_what_is_no_action_is_refused_in_words(line: str) -> None:
    with pytest.raises(CannotRead):
        WORLD.parse(line)
