"""The policies without training by gradient: three that see the transcript, two that see the streams."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Literal, Protocol

import numpy as np

from experiments.nanoim.features import Floats, held_ms, transcript_words
from experiments.nanoim.turns import ACTIONS, Trace, flatten

Sees = Literal["transcript", "streams"]


class Policy(Protocol):
    """Fitted on traces, then asked for action probabilities at every step of others."""

    name: str
    sees: Sees

    def fit(self, traces: Sequence[Trace]) -> None: ...

    def decide(self, traces: Sequence[Trace]) -> list[Floats]:
        """For each trace an array (steps, actions)."""
        ...


class TranscriptPolicy:
    """Sees one string and therefore answers the same at every step, and for both members of a pair."""

    name = "transcript"
    sees: Sees = "transcript"

    def fit(self, traces: Sequence[Trace]) -> None:
        raise NotImplementedError

    def of_words(self, trace: Trace) -> Floats:
        raise NotImplementedError

    def decide(self, traces: Sequence[Trace]) -> list[Floats]:
        return [np.tile(self.of_words(trace), (len(trace.turns), 1)) for trace in traces]


class TranscriptMajority(TranscriptPolicy):
    """The most frequent action of the training traces."""

    name = "transcript_majority"

    def fit(self, traces: Sequence[Trace]) -> None:
        self._shares = shares(Counter(trace.target for trace in traces))

    def of_words(self, trace: Trace) -> Floats:  # noqa: ARG002  (it answers the same whatever was said)
        return self._shares


class TranscriptNaiveBayes(TranscriptPolicy):
    """Multinomial naive Bayes over the words of the transcript."""

    name = "transcript_nb"

    def fit(self, traces: Sequence[Trace]) -> None:
        self._priors = Counter(trace.target for trace in traces)
        self._words: dict[str, Counter[str]] = defaultdict(Counter)
        for trace in traces:
            self._words[trace.target].update(transcript_words(trace))
        self._known = {word for counts in self._words.values() for word in counts}

    def of_words(self, trace: Trace) -> Floats:
        words = [word for word in transcript_words(trace) if word in self._known]
        logs = np.full(len(ACTIONS), -np.inf)
        for action, seen in self._priors.items():
            counts = self._words[action]
            total = counts.total() + len(self._known)
            logs[ACTIONS.index(action)] = math.log(seen) + sum(math.log((counts[w] + 1) / total) for w in words)
        raised = np.exp(logs - logs.max())
        return raised / raised.sum()


class TranscriptOracle(TranscriptPolicy):
    """The ceiling of every transcript policy: told the answers of the very traces it is scored on."""

    name = "transcript_oracle"

    def fit(self, traces: Sequence[Trace]) -> None:
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for trace in traces:
            counts[flatten(trace)][trace.target] += 1
        self._best = {text: shares(count) for text, count in counts.items()}

    def of_words(self, trace: Trace) -> Floats:
        return self._best[flatten(trace)]


A_WHILE_MS = 500
"""Between what counts as just now and what counts as a while."""


class RuleHarness:
    """Hand-written rules over the streams and the time a state has held."""

    name = "rule_harness"
    sees: Sees = "streams"

    def fit(self, traces: Sequence[Trace]) -> None:
        """Nothing to learn."""

    def decide(self, traces: Sequence[Trace]) -> list[Floats]:
        return [one_hot(self._rule(trace, step) for step in range(len(trace.turns))) for trace in traces]

    def _rule(self, trace: Trace, step: int) -> str:
        held = held_ms(trace, step)
        if held == 0:
            return "WAIT"  # what has only just begun is not acted on
        user, model, visual, background, policy = trace.turns[step].states()
        if policy in _RULES:
            return _RULES[policy](held)
        if model == "speaking":
            return "STOP_SPEAKING" if user == "interrupting" and held > A_WHILE_MS else "WAIT"
        for value in (background, visual, user):
            if value in _RULES:
                return _RULES[value](held)
        return "WAIT"


def _always(action: str) -> Callable[[int], str]:
    return lambda _held: action


def _by_time(short: str, long: str) -> Callable[[int], str]:
    return lambda held: long if held > A_WHILE_MS else short


_RULES: dict[str, Callable[[int], str]] = {
    "approval_required": _always("REQUEST_APPROVAL"),
    "approval_granted": _always("CALL_TOOL"),
    "tool_ready": _by_time("WAIT", "CALL_TOOL"),
    "tool_running": _always("WAIT"),
    "result_arrived": _always("RESUME_WITH_RESULT"),
    "unrelated_notice": _always("SPEAK"),
    "puzzled": _by_time("WAIT", "ASK_CLARIFICATION"),
    "looking_down": _always("WAIT"),
    "head_shake": _always("ASK_CLARIFICATION"),
    "nod": _always("SPEAK"),
    "filled_pause": _by_time("WAIT", "BACKCHANNEL"),
    "trailing_off": _always("BACKCHANNEL"),
    "phrase_boundary": _by_time("BACKCHANNEL", "ASK_CLARIFICATION"),
    "mumbling": _always("ASK_CLARIFICATION"),
    "revising": _by_time("WAIT", "SPEAK"),
    "silent": _by_time("WAIT", "SPEAK"),
}


class FieldLookup:
    """A dictionary over the stream fields and a coarse clock; what it never saw gets the commonest action."""

    name = "field_lookup"
    sees: Sees = "streams"

    def fit(self, traces: Sequence[Trace]) -> None:
        counts: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
        for trace in traces:
            for step, turn in enumerate(trace.turns):
                counts[self._key(trace, step)][turn.action] += 1
        self._table = {key: shares(count) for key, count in counts.items()}
        self._default = shares(Counter(trace.target for trace in traces))

    def decide(self, traces: Sequence[Trace]) -> list[Floats]:
        return [np.stack([self._look_up(trace, step) for step in range(len(trace.turns))]) for trace in traces]

    def _look_up(self, trace: Trace, step: int) -> Floats:
        return self._table.get(self._key(trace, step), self._default)

    def _key(self, trace: Trace, step: int) -> tuple[str, ...]:
        held = held_ms(trace, step)
        clock = "begun" if held == 0 else "long" if held > A_WHILE_MS else "short"
        return (*trace.turns[step].states(), clock)


def shares(counts: Counter[str]) -> Floats:
    """Counts as probabilities; the first of the commonest gets a breath more, so that ties have one answer."""
    found = np.array([counts[action] for action in ACTIONS], float)
    found[int(found.argmax())] += 1e-9
    return found / found.sum()


def one_hot(actions: Iterable[str]) -> Floats:
    return np.eye(len(ACTIONS))[[ACTIONS.index(action) for action in actions]]


BASELINES: dict[str, Callable[[], Policy]] = {
    "transcript_majority": TranscriptMajority,
    "transcript_nb": TranscriptNaiveBayes,
    "transcript_oracle": TranscriptOracle,
    "rule_harness": RuleHarness,
    "field_lookup": FieldLookup,
}
ALIASES = {"transcript": "transcript_majority", "rule": "rule_harness"}
