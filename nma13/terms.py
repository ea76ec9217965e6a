"""The vocabulary of the engine: every value a gate may decide, in the spelling people see."""

from __future__ import annotations

from enum import StrEnum


def spelled(value: object) -> str:
    """Any value as people see it: TRUE and FALSE, and a question mark for what is not known."""
    return {True: "TRUE", False: "FALSE", None: "?"}[value] if isinstance(value, bool | None) else str(value)


class Irreversibility(StrEnum):
    HIGH = "HIGH"
    MOD = "MOD"
    LOW = "LOW"
    FALSE = "FALSE"
    UNKNOWN = "UNKNOWN"


class IKind(StrEnum):
    """What cannot be undone."""

    BODY = "Body"
    IDENTITY = "Identity"
    TIME = "Time"


class Capacity(StrEnum):
    """Capacity *collapse*: HIGH means the person cannot carry ordinary life or thought now."""

    HIGH = "HIGH"
    MOD = "MOD"
    LOW = "LOW"
    FALSE = "FALSE"


class AKind(StrEnum):
    FRAME = "Frame"
    THRESHOLD = "Threshold"
    EPISTEMIC = "Epistemic"
    OPTIONS = "Options"


class Standing(StrEnum):
    CLEAR = "CLEAR"
    SHARED = "SHARED"
    UNCLEAR = "UNCLEAR"
    ABSENT = "ABSENT"
    UNKNOWN = "UNKNOWN"


class Override(StrEnum):
    NONE = "NONE"
    TC05 = "O-TC05"
    TC19 = "O-TC19"
    TC20 = "O-TC20"


class Routing(StrEnum):
    REDIRECT = "REDIRECT"
    NMA3 = "NMA-3"
    CLARIFY = "CLARIFY"
    STANDARD = "STANDARD"


class Mode(StrEnum):
    GOVERNED = "GOVERNED"
    EXECUTION = "EXECUTION"


class TrustGate(StrEnum):
    PROCEED = "PROCEED"
    HEDGE = "HEDGE"
    DECLINE = "DECLINE"
    FORK = "FORK"


class OutputClass(StrEnum):
    VECTOR = "VECTOR"
    SEQUENCED_VECTOR = "SEQUENCED VECTOR"
    HEDGED_VECTOR = "HEDGED VECTOR"
    EXPLICIT_DECLINE = "EXPLICIT DECLINE"
    EPISTEMIC_FORK = "EPISTEMIC FORK"
    TRAGIC_FORK = "TRAGIC FORK"
    REBUILD = "REBUILD"


class FrictionType(StrEnum):
    NONE = "NONE"
    PRODUCTIVE = "PRODUCTIVE"
    UNPRODUCTIVE = "UNPRODUCTIVE"
    IRREDUCIBLE = "IRREDUCIBLE"
    TRAGIC_FORK = "TRAGIC FORK"


class FrictionLevel(StrEnum):
    NONE = "NONE"
    LOW = "LOW"
    HIGH = "HIGH"


class ClaimClass(StrEnum):
    UNCERTAIN = "UNCERTAIN"
    EVIDENCED = "EVIDENCED"
    INFERRED = "INFERRED"
    ASSUMED = "ASSUMED"


class RedFlag(StrEnum):
    CRISIS = "CRISIS"
    AUTHORITY = "AUTHORITY"
    MANIPULATION = "MANIPULATION"


class PremiseCategory(StrEnum):
    STATISTICAL = "STATISTICAL"
    AUTHORITY = "AUTHORITY"
    CERTAINTY = "CERTAINTY"
    EPISTEMIC_STATE = "EPISTEMIC_STATE"
    SELF_CITATION = "SELF_CITATION"


class OutputFault(StrEnum):
    """What a generated text may be guilty of."""

    CONFABULATION = "CONFABULATION"
    CLOSURE = "CLOSURE"
    OVERREACH = "OVERREACH"


class Station(StrEnum):
    S1 = "S1"
    S2 = "S2"
    S3 = "S3"
    S4 = "S4"
    S5 = "S5"
    S6 = "S6"
    S7 = "S7"


class Constraint(StrEnum):
    """What Gate 1 binds every later step to."""

    HEDGE_FLOOR = "HEDGE_FLOOR"
    STANDING_FLAG = "STANDING_FLAG"
    SHARED_FLAG = "SHARED_FLAG"


class Lock(StrEnum):
    CLARIFY_LOCK = "CLARIFY_LOCK"
    HANDSHAKE_DISABLED = "HANDSHAKE_DISABLED"


class TraceMark(StrEnum):
    """Gate 4's word on one sentence of the output."""

    GROUNDED = "GROUNDED"
    TRACED = "TRACED"
    LABELLED = "LABELLED"
    REJECT = "REJECT"


class Criterion(StrEnum):
    """The four things S8 enforces."""

    DECENCY = "Decency"
    AGENCY = "Agency"
    NAVIGABILITY = "Navigability"
    PU_ENFORCEMENT = "P(U) Enforcement"


class Gate(StrEnum):
    STEP0 = "step0"
    GATE1 = "gate1"
    GATE2 = "gate2"
    GATE3 = "gate3"
    ENGINE = "engine"
    GATE4 = "gate4"
    S8 = "s8"


class Origin(StrEnum):
    RULE = "rule"
    LEXICON = "lexicon"
    SEMANTIC = "semantic"


class ProseSource(StrEnum):
    """Who wrote the words a person finally reads."""

    MODEL = "model"
    REPAIRED = "repaired"
    STRUCTURAL = "structural"
    FIXED = "fixed"


class Move(StrEnum):
    """A thing that a text of ours may be forbidden to do."""

    DIRECTIVE = "DIRECTIVE"  # decides for the person
    CERTAINTY = "CERTAINTY"  # promises or states as certain
    IDENTITY_QUESTION = "IDENTITY_QUESTION"  # asks who the person is
    COMFORT = "COMFORT"  # hope, consolation, reassurance
    REFRAMING = "REFRAMING"  # turns a loss into an opportunity
    NAMED_SHIFT = "NAMED_SHIFT"  # names what a not-yet-knowing will become
    VERIFIED = "VERIFIED"  # claims that a premise was verified
    MACHINERY = "MACHINERY"  # speaks of gates, prompts, rules
    INVENTED_NUMBER = "INVENTED_NUMBER"  # a figure the person did not give
    INVENTED_QUOTE = "INVENTED_QUOTE"  # quotes what the person did not write
