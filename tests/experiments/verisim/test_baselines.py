"""The source's arms: the grammar holds, they learn, and only with identity can the pooled one name a host."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from experiments.verisim.factory import Plan, transitions
from experiments.verisim.metrics import delta_exact
from experiments.verisim.model.baselines import Pooled, Size, TokenProposer, stacked, train_baseline
from experiments.verisim.model.tokens import Vocabulary
from experiments.verisim.worlds.contract import Action
from experiments.verisim.worlds.network import network

WORLD = network(4, 2)
STEPS = transitions(WORLD, Plan(("weighted",), ("empty", "islands"), (0, 1), 30))


def test_tokens_spell_every_delta() -> None:
    words = Vocabulary(WORLD)
    for step in STEPS:
        said = words.delta(step.delta)
        assert words.read(said) == step.delta
        assert words.kind_after(said) == ""
        for cut, token in enumerate(said):
            assert words.mask(words.kind_after(said[:cut]))[token] == 0


@pytest.mark.parametrize("kind", ["flat", "graph", "graph+identity"])
def test_arms_are_grammatical_before_and_learn_a_few_examples(kind: str) -> None:
    few = [step for step in STEPS if step.action.name in ("advance", "svc_up")][:6]
    arm = train_baseline(kind, WORLD, few, Size(width=32, steps=150, batch=6, rate=5e-3, latent=4))
    told = arm.predict_many([(step.state, step.action) for step in few])
    assert all(each.delta[-1].op == "exit" for each in told)
    assert sum(delta_exact(each.delta, step.delta) for each, step in zip(told, few, strict=True)) >= 5


def test_without_identity_two_hosts_look_the_same_to_the_decoder() -> None:
    pairs = [(WORLD.initial(), Action("svc_up", (host, 22))) for host in (0, 3)]
    seen = {}
    for identity in (False, True):
        net = Pooled(Size(), Vocabulary(WORLD), identity).eval()
        one, other = net.encoder(*stacked(WORLD, pairs, identity)).detach().numpy()
        seen[identity] = float(np.abs(one - other).max())
    assert seen[False] < 1e-6
    assert seen[True] > 1e-3


def test_an_untrained_arm_still_answers_in_edits() -> None:
    arm = TokenProposer(Pooled(Size(), Vocabulary(WORLD)))
    state = WORLD.start("gnp", Random(0))
    assert all(edit.op for edit in arm.predict_delta(state, Action("advance", ())))
