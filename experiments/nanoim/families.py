"""The task families: which missing variable decides, and between which two actions.

A family says what each member looks like at the critical step. A stretch «short» or «long» tells how long that
state has been held when the decision falls; «either» leaves it to chance, because it does not matter there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Held = Literal["short", "long", "either"]

IDLE: Mapping[str, str] = MappingProxyType(
    {
        "user_audio_state": "silent",
        "model_audio_state": "silent",
        "visual_event": "none",
        "background_event": "none",
        "policy_event": "none",
    }
)


@dataclass(frozen=True, slots=True)
class Member:
    """One side of a contrast: the streams that differ from idle, how long they held, and the right action."""

    action: str
    streams: Mapping[str, str]
    held: Held = "either"

    def states(self) -> dict[str, str]:
        return {**IDLE, **self.streams}


@dataclass(frozen=True, slots=True)
class Family:
    """One contrast. `missing` is what a transcript does not keep."""

    name: str
    title: str
    missing: str
    a: Member
    b: Member

    @property
    def by_timing_alone(self) -> bool:
        return dict(self.a.streams) == dict(self.b.streams)


def _user(state: str) -> dict[str, str]:
    return {"user_audio_state": state}


def _over_model(state: str) -> dict[str, str]:
    return {"user_audio_state": state, "model_audio_state": "speaking"}


HARD: tuple[Family, ...] = (
    Family(
        "yield_detection", "Yield detection", "silence duration and user audio state",
        Member("WAIT", _user("hesitating"), "short"), Member("SPEAK", {}, "long"),
    ),
    Family(
        "hesitation", "Hesitation", "filled pauses and non-final prosody",
        Member("WAIT", _user("filled_pause"), "short"), Member("BACKCHANNEL", _user("trailing_off"), "long"),
    ),
    Family(
        "barge_in_recovery", "Barge-in recovery", "overlap and interruption onset",
        Member("STOP_SPEAKING", _over_model("interrupting"), "long"), Member("WAIT", _over_model("acknowledging")),
    ),
    Family(
        "self_correction", "Self-correction", "revision timing",
        Member("WAIT", _user("revising"), "short"), Member("SPEAK", _user("revising"), "long"),
    ),
    Family(
        "backchannel_timing", "Backchannel timing", "placement of a short acknowledgement",
        Member("BACKCHANNEL", _user("phrase_boundary"), "short"), Member("ASK_CLARIFICATION", _user("mumbling")),
    ),
    Family(
        "clarification_timing", "Clarification timing", "visual confidence cue",
        Member("WAIT", {"visual_event": "looking_down"}),
        Member("ASK_CLARIFICATION", {"visual_event": "puzzled"}, "long"),
    ),
    Family(
        "visual_cue_trigger", "Visual cue trigger", "non-verbal event stream",
        Member("ASK_CLARIFICATION", {"visual_event": "head_shake"}), Member("SPEAK", {"visual_event": "nod"}),
    ),
    Family(
        "approval_interruption", "Approval interruption", "policy boundary",
        Member("REQUEST_APPROVAL", {"policy_event": "approval_required"}),
        Member("CALL_TOOL", {"policy_event": "approval_granted"}),
    ),
    Family(
        "async_tool_weaving", "Async tool weaving", "state of a background tool",
        Member("CALL_TOOL", {"background_event": "tool_ready"}, "long"),
        Member("WAIT", {"background_event": "tool_running"}),
    ),
    Family(
        "background_result", "Background result integration", "an outside result arrives mid-turn",
        Member("RESUME_WITH_RESULT", {"background_event": "result_arrived"}),
        Member("SPEAK", {"background_event": "unrelated_notice"}),
    ),
)  # fmt: skip
"""State decides, but for self-correction, where the two members differ in time only."""


def _timed(of: Family, state: Mapping[str, str], short: str, long: str) -> Family:
    """The same family decided by timing alone."""
    return Family(of.name, of.title, "how long the state has held", Member(short, state, "short"),
                  Member(long, state, "long"))  # fmt: skip


_TIMED = {
    "yield_detection": ({}, "WAIT", "SPEAK"),
    "hesitation": (_user("filled_pause"), "WAIT", "BACKCHANNEL"),
    "barge_in_recovery": (_over_model("interrupting"), "WAIT", "STOP_SPEAKING"),
    "self_correction": (_user("revising"), "WAIT", "SPEAK"),
    "backchannel_timing": (_user("phrase_boundary"), "BACKCHANNEL", "ASK_CLARIFICATION"),
    "clarification_timing": ({"visual_event": "puzzled"}, "WAIT", "ASK_CLARIFICATION"),
    "async_tool_weaving": ({"background_event": "tool_ready"}, "WAIT", "CALL_TOOL"),
}

NOISY: tuple[Family, ...] = tuple(
    _timed(family, *_TIMED[family.name]) if family.name in _TIMED else family for family in HARD
)
"""Seven of ten families by timing alone, three by state."""

CONFIRM: tuple[Family, ...] = (
    Family(
        "breath", "Drawn breath", "audible breathing",
        Member("WAIT", _user("drawing_breath"), "short"), Member("SPEAK", _user("sentence_done"), "long"),
    ),
    Family(
        "listing", "Listing", "intonation of a list",
        Member("WAIT", _user("listing_items"), "short"), Member("BACKCHANNEL", _user("seeking_echo"), "long"),
    ),
    Family(
        "overlap", "Overlap", "kind of overlapping voice",
        Member("STOP_SPEAKING", _over_model("talking_over"), "long"), Member("WAIT", _over_model("laughing_along")),
    ),
    Family(
        "sigh", "After a sigh", "how long the quiet after it lasts",
        Member("WAIT", _user("sighing"), "short"), Member("SPEAK", _user("sighing"), "long"),
    ),
    Family(
        "story", "Story", "how the voice comes through",
        Member("BACKCHANNEL", _user("telling_story"), "short"), Member("ASK_CLARIFICATION", _user("garbled")),
    ),
    Family(
        "paper", "Papers on the table", "what hands and eyes do",
        Member("WAIT", {"visual_event": "leafing_through"}),
        Member("ASK_CLARIFICATION", {"visual_event": "squinting"}, "long"),
    ),
    Family(
        "gesture", "Gesture", "a gesture without words",
        Member("ASK_CLARIFICATION", {"visual_event": "shrug"}), Member("SPEAK", {"visual_event": "thumbs_up"}),
    ),
    Family(
        "limits", "Limits", "what the rules of the house allow",
        Member("REQUEST_APPROVAL", {"policy_event": "over_limit"}),
        Member("CALL_TOOL", {"policy_event": "within_limit"}),
    ),
    Family(
        "service", "Outside service", "state of an outside service",
        Member("CALL_TOOL", {"background_event": "service_online"}, "long"),
        Member("WAIT", {"background_event": "order_in_progress"}),
    ),
    Family(
        "delivery", "Delivery", "something is handed in from outside",
        Member("RESUME_WITH_RESULT", {"background_event": "answer_delivered"}),
        Member("SPEAK", {"background_event": "advert_playing"}),
    ),
)  # fmt: skip
"""Fresh values for the same kinds of contrast; looked at once, to confirm what was chosen on HARD."""

DECOYS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {"visual_event": ("none", "none", "glance"), "background_event": ("none", "none", "street_noise")}
)
"""What may stand in a stream that does not decide."""

TALKING = "speaking"
FAMILIES: Mapping[str, tuple[Family, ...]] = MappingProxyType(
    {"mini": HARD, "hard": HARD, "noisy": NOISY, "confirm": CONFIRM}
)


def vocabulary() -> dict[str, tuple[str, ...]]:
    """Every value each stream can take, in a fixed order."""
    found: dict[str, list[str]] = {stream: [idle] for stream, idle in IDLE.items()}
    found["user_audio_state"].append(TALKING)
    for stream, values in DECOYS.items():
        found[stream] += values
    for families in (HARD, NOISY, CONFIRM):
        for family in families:
            for member in (family.a, family.b):
                for stream, value in member.streams.items():
                    found[stream].append(value)
    return {stream: tuple(dict.fromkeys(values)) for stream, values in found.items()}


def family_titles() -> dict[str, str]:
    return {family.name: family.title for family in (*HARD, *CONFIRM)}
