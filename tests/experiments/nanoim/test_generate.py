"""The anti-leakage contract: what the data promise before any policy is looked at."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.nanoim import policies
from experiments.nanoim.families import FAMILIES, HARD, vocabulary
from experiments.nanoim.features import TIME, to_batch, transcript_words
from experiments.nanoim.generate import generate, suites
from experiments.nanoim.networks import arrays
from experiments.nanoim.turns import (
    ACTIONS,
    STREAMS,
    TraceError,
    check,
    digest,
    dump,
    flatten,
    from_json,
    pairs_of,
    to_json,
)

SUITES = ("mini", "hard", "noisy", "confirm")
FROZEN = {
    "mini": "sha256:3f3c9fdcc70c601584f41dee67576bd06b3996e0afa39c1ad411d529621fcfd2",
    "hard": "sha256:9862b72d167875403fe4c678ce1e2d59bba2ab82930b8abeab17444e2b99bda8",
    "noisy": "sha256:6dac4fa8e4ca036002a8ed8f58e4c7cbc9168a1dbac55514ef6404534932ccca",
    "confirm": "sha256:cf376b7052257a577de2897fea61349fa18f08cd59f98b4fd575e99af71473fd",
}


@pytest.mark.parametrize("suite", SUITES)
def test_the_suites_are_frozen(suite: str) -> None:
    assert digest(dump(generate(suite))) == FROZEN[suite]


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_a_seed_gives_the_same_bytes_and_another_seed_others(seed: int) -> None:
    assert dump(generate("mini", seed)) == dump(generate("mini", seed))
    assert dump(generate("mini", seed)) != dump(generate("mini", seed + 1))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["mini", "hard"]))
def test_every_pair_has_one_transcript_and_two_actions(seed: int, suite: str) -> None:
    traces = generate(suite, seed)
    for pair in pairs_of(traces):
        assert flatten(pair.a) == flatten(pair.b)
        assert pair.a.target != pair.b.target
        check(pair.a)
        check(pair.b)


@pytest.mark.parametrize("suite", SUITES)
def test_every_transcript_belongs_to_one_pair(suite: str) -> None:
    said = [pair.transcript for pair in pairs_of(generate(suite))]
    assert len(said) == len(set(said))


@pytest.mark.parametrize("suite", SUITES)
def test_splits_share_no_content_word(suite: str) -> None:
    words: dict[str, set[str]] = {}
    for trace in generate(suite):
        words.setdefault(trace.split, set()).update(transcript_words(trace))
    everyday = {"user", "please", "could", "you", "let", "us", "the"}
    for one, other in (("train", "val"), ("train", "test"), ("val", "test")):
        assert words[one] & words[other] <= everyday


def test_transcript_features_hold_nothing_but_words_that_were_said() -> None:
    for trace in generate("noisy"):
        said = "user " + "".join(turn.user_text_delta for turn in trace.turns)
        assert set(transcript_words(trace)) <= set(said.split())
    leaks = {*ACTIONS, *STREAMS, *(v for values in vocabulary().values() for v in values), *(f.name for f in HARD)}
    names = {part for leak in leaks for part in (leak, leak.lower())} - {"silent", "none"}
    everything_said = {word for trace in generate("noisy") for word in transcript_words(trace)}
    assert not everything_said & names
    assert not any(word.isdigit() for word in everything_said)


def test_a_transcript_policy_reads_the_transcript_only() -> None:
    """It is asked about two traces that share nothing but their words."""
    traces = generate("hard")
    train = [trace for trace in traces if trace.split == "train"]
    for make in (policies.TranscriptMajority, policies.TranscriptNaiveBayes):
        policy = make()
        policy.fit(train)
        for pair in pairs_of(traces)[:40]:
            assert (policy.of_words(pair.a) == policy.of_words(pair.b)).all()


def test_what_a_network_is_given_holds_no_label() -> None:
    """Another name, family, split and answer at every step: the arrays stay the same."""
    traces = generate("hard")[:40]
    renamed = [
        replace(
            trace, pair="p", member="b", family="f", split="val",
            turns=tuple(replace(turn, action="CALL_TOOL") for turn in trace.turns),
        )
        for trace in traces
    ]  # fmt: skip
    given, again = arrays(to_batch(traces)), arrays(to_batch(renamed))
    assert set(given) == {"ids", "text", "dt_bucket", "times"}
    assert all((given[name] == again[name]).all() for name in given)


def test_a_network_is_told_that_words_fell_and_not_which() -> None:
    traces = generate("hard")[:40]
    other = [
        replace(t, turns=tuple(replace(u, user_text_delta=u.user_text_delta and "other") for u in t.turns))
        for t in traces
    ]
    given, again = arrays(to_batch(traces)), arrays(to_batch(other))
    assert given["text"].any()
    assert all((given[name] == again[name]).all() for name in given)


def test_timing_alone_decides_in_seventy_per_cent_of_noisy() -> None:
    """With the clock hidden, the two members of such a pair are the same arrays."""
    test = [trace for trace in generate("noisy") if trace.split == "test"]
    pairs = pairs_of(test)
    blind = {t.name: rows for t, rows in zip(test, to_batch(test, [TIME]).ids, strict=True)}
    same = [(blind[p.a.name] == blind[p.b.name]).all() for p in pairs]
    assert len(pairs) == 80
    assert sum(same) == 56


def test_the_earlier_pause_is_counterbalanced() -> None:
    """The whole length of a trace does not tell the members apart."""
    pairs = pairs_of(generate("noisy"))
    a_longer = sum(p.a.turns[p.a.critical].t_ms > p.b.turns[p.b.critical].t_ms for p in pairs) / len(pairs)
    assert 0.35 < a_longer < 0.65


def test_wait_is_the_target_of_six_in_twenty() -> None:
    targets = Counter(member.action for family in HARD for member in (family.a, family.b))
    assert targets["WAIT"] == 6
    assert targets.total() == 20
    assert set(targets) == set(ACTIONS)
    assert len([t for t in generate("hard") if t.split == "test"]) == 2 * 60


def test_the_sizes_are_those_of_the_file() -> None:
    for name, suite in suites().items():
        assert len(generate(name)) == 2 * len(FAMILIES[name]) * (suite.train + suite.val + suite.test)


def test_traces_survive_the_way_to_disk_and_bad_ones_are_refused() -> None:
    trace = generate("mini")[0]
    assert from_json(to_json(trace)) == trace
    for broken in (
        "{}",
        "no",
        to_json(trace).replace('"t_ms":', '"t":', 1),
        to_json(trace).replace('"WAIT"', '"WALK"', 1),
        to_json(replace(trace, critical="1")),
        to_json(replace(trace, turns=(replace(trace.turns[0], dt_ms="200"), *trace.turns[1:]))),
    ):
        with pytest.raises(TraceError):
            from_json(broken)
