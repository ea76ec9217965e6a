"""Learning: what repeats in the last episodes becomes a rule; a rule may ask for more caution, never for less.

OBSERVE the last 100 episodes, each as it would have been decided without any prior, so that the lab does not
learn from itself. CODIFY what repeats; confidence never falls, but each rule's Wilson bound is taken anew from
the same window. APPLY hands priors to the engine, which can do one thing with them: move PROCEED to HEDGE.
"""

from __future__ import annotations

import math
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Literal

from nma13 import clock
from nma13.context import LearnedPrior, LearnedRule
from nma13.store import StoreError, transaction
from nma13.store.settings import read_setting, write_setting
from nma13.terms import OutputClass

WINDOW = 100
EVERY = 5  # navigation cycles
AT_LEAST = 5  # episodes
ICXATRS_AT_LEAST, ICXATRS_SHARE = 3, 0.60
FRICTION_AT_LEAST = 3
ROUTING_AT_LEAST, ROUTING_SHARE = 3, 0.50
OVERRIDE_AT_LEAST = 2
THRESHOLD = 0.7  # of the confidence and of the Wilson bound alike
Z = 1.96  # 95 %
LAST = "learning.last"

Kind = Literal["icxatrs", "friction", "routing", "override"]
RECURS = "recurs"
CAUTIOUS = frozenset(f"class={c}" for c in OutputClass) - {
    f"class={OutputClass.VECTOR}",
    f"class={OutputClass.SEQUENCED_VECTOR}",
}


@dataclass(frozen=True, slots=True)
class Observed:
    """One episode as learning sees it: without any prior that applied to it."""

    id: int
    icxatrs: str
    friction: str
    friction_source: str
    routing: str
    override: str
    output_class: str


@dataclass(frozen=True, slots=True)
class Pattern:
    """Something that repeats: under `condition`, `supporters` of `n` episodes had `outcome`."""

    kind: Kind
    condition: str
    outcome: str
    supporters: tuple[int, ...]
    n: int

    @property
    def confidence(self) -> float:
        return len(self.supporters) / self.n


@dataclass(frozen=True, slots=True)
class Rule:
    """A learned rule as it is kept."""

    id: int
    kind: Kind
    condition: str
    outcome: str
    confidence: float
    wilson: float
    n: int
    enabled: bool
    first_ms: int
    last_ms: int
    episodes: tuple[int, ...]

    @property
    def suggests_caution(self) -> bool:
        """Whether it could ever be a prior."""
        return self.kind != "override" and self.outcome in CAUTIOUS

    @property
    def active(self) -> bool:
        """Whether it is one now."""
        return self.enabled and self.suggests_caution and min(self.confidence, self.wilson) >= THRESHOLD

    @property
    def text(self) -> str:
        """The rule as a sentence."""
        when = self.condition.replace("class=", "")
        if self.outcome == RECURS:
            return f"{when} in {len(self.episodes)} of {self.n} episodes"
        return f"when {when}, the answer was {self.outcome.removeprefix('class=')}"


@dataclass(frozen=True, slots=True)
class Learned:
    """What one learning cycle did; `notice` is not empty when it failed."""

    observed: int = 0
    rules: int = 0
    new: int = 0
    active: int = 0
    lapsed: tuple[int, ...] = ()
    notice: str = ""
    at_ms: int = 0


def wilson(successes: int, n: int) -> float:
    """The lower end of the 95 % Wilson interval; 0 where nothing was seen."""
    if n == 0:
        return 0.0
    share = successes / n
    spread = Z * math.sqrt(share * (1 - share) / n + Z * Z / (4 * n * n))
    return max(0.0, (share + Z * Z / (2 * n) - spread) / (1 + Z * Z / n))


def is_due(cycle: int) -> bool:
    """Whether this navigation cycle is one after which to learn."""
    return cycle > 0 and cycle % EVERY == 0


def learn(connection: sqlite3.Connection, now_ms: int | None = None) -> Learned:
    """Observe and codify, once. A failure changes nothing, is stored and told, and never stops a navigation."""
    now = clock.now_ms() if now_ms is None else now_ms
    try:
        with transaction(connection):
            seen = observe(connection)
            result = codify(connection, seen, now) if len(seen) >= AT_LEAST else Learned(len(seen), at_ms=now)
            _note(connection, result)
    except Exception as error:  # noqa: BLE001  told in words; what a person asked must not fail for it
        result = Learned(notice=f"Learning failed ({type(error).__name__}: {error}). No rule was changed.", at_ms=now)
        _note_failure(connection, result)
    return result


def last_learned(connection: sqlite3.Connection) -> Learned | None:
    """What the last learning cycle did, or why it failed; None before the first."""
    plain = read_setting(connection, LAST)
    return None if plain is None else Learned(**{**plain, "lapsed": tuple(plain["lapsed"])})


def observe(connection: sqlite3.Connection, window: int = WINDOW) -> list[Observed]:
    """The last episodes, oldest first, with the classes that the gates alone gave them."""
    rows = connection.execute(
        "SELECT id, icxatrs, friction, friction_source, routing, override, unlearned_class AS output_class"
        " FROM episodic_memory WHERE icxatrs <> '' ORDER BY id DESC LIMIT ?",
        (window,),
    ).fetchall()
    return [Observed(**dict(row)) for row in reversed(rows)]


def patterns(seen: Sequence[Observed]) -> list[Pattern]:
    """What repeats often enough to be called a pattern."""
    found: list[Pattern] = []
    for condition, group in _grouped(seen, "icxatrs"):
        leading = _leading("icxatrs", condition, group)
        if len(leading.supporters) >= ICXATRS_AT_LEAST and leading.confidence >= ICXATRS_SHARE:
            found.append(leading)
    for condition, group in _grouped(seen, "friction"):
        if len(group) >= FRICTION_AT_LEAST:
            found.append(_leading("friction", condition, group))
    for condition, group in _grouped(seen, "routing"):
        leading = _leading("routing", condition, group)
        if len(group) >= ROUTING_AT_LEAST and leading.confidence >= ROUTING_SHARE:
            found.append(leading)
    for condition, group in _grouped(seen, "override"):
        if len(group) >= OVERRIDE_AT_LEAST:
            found.append(Pattern("override", condition, RECURS, tuple(one.id for one in group), len(seen)))
    return found


def codify(connection: sqlite3.Connection, seen: Sequence[Observed], now_ms: int) -> Learned:
    """Write what repeats as rules, and take the figures of every known rule anew from what was seen."""
    was_active = {rule.id for rule in rules(connection) if rule.active}
    new = 0
    for pattern in patterns(seen):
        new += _write(connection, pattern, now_ms)
    for rule in rules(connection):
        _weigh(connection, rule, seen)
    now = rules(connection)
    active = {rule.id for rule in now if rule.active}
    still_there = {rule.id for rule in now}
    return Learned(
        len(seen), len(now), new, len(active), tuple(sorted((was_active - active) & still_there)), at_ms=now_ms
    )


def refresh(connection: sqlite3.Connection) -> int:
    """After episodes were forgotten: rules that rested on them alone go, the others are weighed anew."""
    gone = connection.execute(
        "DELETE FROM semantic_memory WHERE id NOT IN (SELECT rule FROM semantic_memory_episodes)"
    ).rowcount
    seen = observe(connection)
    for rule in rules(connection):
        _weigh(connection, rule, seen)
    return gone


def rules(connection: sqlite3.Connection) -> list[Rule]:
    """All rules with their episodes, the most telling first."""
    episodes: dict[int, list[int]] = defaultdict(list)
    for row in connection.execute("SELECT rule, episode FROM semantic_memory_episodes ORDER BY rule, episode"):
        episodes[row["rule"]].append(row["episode"])
    rows = connection.execute("SELECT * FROM semantic_memory ORDER BY wilson DESC, confidence DESC, id")
    return [
        Rule(
            row["id"], row["kind"], row["condition"], row["outcome"], row["confidence"], row["wilson"], row["n"],
            bool(row["enabled"]), row["first_ms"], row["last_ms"], tuple(episodes[row["id"]]),
        )
        for row in rows
    ]  # fmt: skip


def get_learned_priors(connection: sqlite3.Connection) -> tuple[LearnedPrior, ...]:
    """The rules that hold now, as the engine takes them: enabled, borne out, and asking for more caution."""
    return tuple(
        LearnedPrior(rule.id, when(rule), rule.confidence, rule.n, _reason(rule))
        for rule in rules(connection)
        if rule.active
    )


def learned_context(connection: sqlite3.Connection) -> tuple[LearnedRule, ...]:
    """All enabled rules as sentences: semantic memory as a run is given it."""
    return tuple(LearnedRule(rule.id, rule.text, rule.confidence) for rule in rules(connection) if rule.enabled)


def set_enabled(connection: sqlite3.Connection, rule: int, enabled: bool) -> bool:
    """Switch a rule on or off; False when there is no such rule. It stays off until somebody switches it on."""
    with transaction(connection):
        changed = connection.execute("UPDATE semantic_memory SET enabled = ? WHERE id = ?", (int(enabled), rule))
        return changed.rowcount == 1


def when(rule: Rule) -> tuple[str, ...]:
    """The facts that must hold for a run, in the spelling the engine uses."""
    return tuple(rule.condition.split()) if rule.kind == "icxatrs" else tuple(rule.condition.split(", "))


def _reason(rule: Rule) -> str:
    named = ", ".join(f"#{id_}" for id_ in rule.episodes)
    return f"{rule.text} in {len(rule.episodes)} of {rule.n} episodes ({named})"


def _condition(kind: str, one: Observed) -> str:
    """What an episode satisfies under this kind; empty: nothing to learn from."""
    if kind == "icxatrs":
        return one.icxatrs
    if kind == "routing":
        return f"routing={one.routing}"
    if kind == "override":
        return "" if one.override == "NONE" else f"override={one.override}"
    if one.friction == "NONE":
        return ""
    axes = [f"axis={axis}" for axis in one.friction_source.split(", ") if axis]
    return ", ".join([f"friction={one.friction}", *axes])


def _grouped(seen: Iterable[Observed], kind: str) -> list[tuple[str, list[Observed]]]:
    groups: dict[str, list[Observed]] = defaultdict(list)
    for one in seen:
        if condition := _condition(kind, one):
            groups[condition].append(one)
    return sorted(groups.items())


def _leading(kind: Kind, condition: str, group: Sequence[Observed]) -> Pattern:
    """The class most of the group had; of two equally frequent ones the more cautious."""
    count = Counter(one.output_class for one in group)
    leading = max(count, key=lambda name: (count[name], f"class={name}" in CAUTIOUS, name))
    supporters = tuple(one.id for one in group if one.output_class == leading)
    return Pattern(kind, condition, f"class={leading}", supporters, len(group))


def _write(connection: sqlite3.Connection, pattern: Pattern, now_ms: int) -> int:
    """A new rule, or a known one seen again; 1 when it is new."""
    key = (pattern.kind, pattern.condition, pattern.outcome)
    known = connection.execute(
        "SELECT 1 FROM semantic_memory WHERE kind = ? AND condition = ? AND outcome = ?", key
    ).fetchone()
    bound = wilson(len(pattern.supporters), pattern.n)
    connection.execute(
        "INSERT INTO semantic_memory (kind, condition, outcome, confidence, wilson, n, first_ms, last_ms)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (kind, condition, outcome) DO UPDATE SET"
        " confidence = max(confidence, excluded.confidence), last_ms = excluded.last_ms",
        (*key, pattern.confidence, bound, pattern.n, now_ms, now_ms),
    )
    return 0 if known else 1


def _weigh(connection: sqlite3.Connection, rule: Rule, seen: Sequence[Observed]) -> None:
    """n, Wilson bound and episodes of one rule, from this window alone; what it no longer shows lapses."""
    group = [one for one in seen if _condition(rule.kind, one) == rule.condition]
    if rule.outcome == RECURS:
        supporters, n = [one.id for one in group], len(seen)
    else:
        supporters, n = [one.id for one in group if f"class={one.output_class}" == rule.outcome], len(group)
    connection.execute(
        "UPDATE semantic_memory SET wilson = ?, n = ? WHERE id = ?", (wilson(len(supporters), n), n, rule.id)
    )
    if not group:
        return  # nothing new is known of it: it still says from which episodes it came
    connection.execute("DELETE FROM semantic_memory_episodes WHERE rule = ?", (rule.id,))
    connection.executemany(
        "INSERT INTO semantic_memory_episodes (rule, episode) VALUES (?, ?)", [(rule.id, id_) for id_ in supporters]
    )


def _note(connection: sqlite3.Connection, result: Learned) -> None:
    write_setting(connection, LAST, asdict(result), result.at_ms)


def _note_failure(connection: sqlite3.Connection, result: Learned) -> None:
    """Keep the failure for the Patterns tab; where the store itself fails, the notice alone tells it."""
    with suppress(StoreError, sqlite3.Error), transaction(connection):
        _note(connection, result)
