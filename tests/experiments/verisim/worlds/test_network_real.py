"""The network's oracle against the kernel: namespaces, virtual links, nftables, sockets. Skipped where not allowed."""

from __future__ import annotations

from itertools import product

import pytest

from experiments.verisim.worlds.contract import Action, generator
from experiments.verisim.worlds.network import network, real
from experiments.verisim.worlds.network.reach import reaches
from experiments.verisim.worlds.network.state import NetState, links_of

WORLD = network(5, 3)
pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True, scope="module")
def a_kernel_to_compare_with() -> None:
    why_not = real.why_not()
    if why_not:
        pytest.skip(f"no kernel to compare with: {why_not}")


def built(kind: str) -> list[Action]:
    """What makes a network like this one from an empty one: links and services, traffic, then what breaks it."""
    like: NetState = WORLD.start(kind, generator("kernel", kind))
    made = [Action("link_up", link) for link in links_of(like)]
    hosts = list(enumerate(like.hosts))
    made += [Action("svc_up", (name, port)) for name, host in hosts for port in sorted(host.ports)]
    made += [Action("connect", flow) for flow in sorted(like.flows)]
    made += [Action("fw_deny", (name, other)) for name, host in hosts for other in sorted(host.denied)]
    return made + [Action("host_down", (name,)) for name, host in hosts if not host.up]


@pytest.mark.parametrize(
    ("driver", "kind", "steps"),
    [
        ("weighted", "line", 180),
        ("adversarial", "small-world", 120),
        ("coverage", "gnp", 120),
        ("traffic", "tree", 140),
    ],
)
def test_the_kernel_agrees(driver: str, kind: str, steps: int) -> None:
    """More than 560 steps in all; every tenth time everybody also tries every port of everybody."""
    rng, state = generator("kernel", driver), WORLD.initial()
    first = built(kind)
    reached = closed = 0
    with real.RealNetwork(WORLD.hosts) as kernel:
        for number in range(len(first) + steps):
            action = first[number] if number < len(first) else WORLD.draw(driver, state, rng)
            before, state = state, WORLD.step(state, action).state
            assert kernel.step(action) == (state.exit, state.flows), (number, WORLD.line(action), before)
            closed += len(before.flows - state.flows) if action.name == "advance" else 0
            if number % 10 == 9:
                everyone = range(WORLD.hosts)
                true = {flow for flow in product(everyone, everyone, WORLD.ports) if reaches(state, *flow)}
                assert kernel.reached(WORLD.ports) == true, (number, state)
                reached += len({flow for flow in true if flow[0] != flow[1]})
    assert reached > 0
    assert closed > 0


def test_a_wrong_oracle_would_be_found_out() -> None:
    """Denials bind those who come in, and a way may lead through others: both are the kernel's word, not ours."""
    lines = ["link_up h0 h1", "link_up h1 h2", "svc_up h2 22", "svc_up h0 22", "fw_deny h2 h0"]
    with real.RealNetwork(3) as kernel:
        for line in lines:
            assert kernel.step(WORLD.parse(line)) == (0, frozenset())
        assert kernel.reached((22,)) == {(1, 2, 22), (2, 2, 22), (0, 0, 22), (1, 0, 22), (2, 0, 22)}
        kernel.step(WORLD.parse("host_down h1"))
        assert kernel.reached((22,)) == {(0, 0, 22), (2, 2, 22)}
