"""Rule files from disk: TOML to checked rules, the user's overlay, and the hash that names the whole set."""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from nma13.rules import vocabulary
from nma13.rules.model import Place, Rule, RuleError
from nma13.rules.regex import bounded, expand, runaway, unedged

FOLDER = Path(__file__).resolve().parent
LISTS = ("words.toml", "guards.toml")  # what rules lean on; every other TOML file here holds rules

_LISTED = ("triggers", "pattern", "unless", "guards", "marks", "all", "any", "none", "hits", "misses")
_TEXT = ("id", "sets", "kind", "reason", "scope", "near", "verify", "within")
_KEYS = {*_LISTED, *_TEXT, "window", "cased"}
_SCOPES = ("clause", "sentence", "text")


@dataclass(frozen=True, slots=True)
class Overlay:
    """The user's own changes: rules switched off, phrases allowed."""

    name: str = ""
    off: tuple[str, ...] = ()
    allow: tuple[str, ...] = ()


@lru_cache(maxsize=1)
def word_lists() -> Mapping[str, str]:
    """The named word lists of words.toml, each as an alternation, longest first."""
    plain = tomllib.loads((FOLDER / "words.toml").read_text("utf-8"))
    lists: dict[str, str] = {}
    for name, words in plain.items():
        lists[name] = "(?:" + "|".join(sorted((str(w) for w in words), key=lambda w: (-len(w), w))) + ")"
    return lists


def rule_files() -> list[Path]:
    return sorted(path for path in FOLDER.glob("*.toml") if path.name not in LISTS)


def load_rules(files: Sequence[Path] | None = None) -> list[Rule]:
    """Every rule of the files, checked, in the order of file and place."""
    rules: list[Rule] = []
    seen: dict[str, Place] = {}
    for path in files if files is not None else rule_files():
        for rule in _read(path):
            if rule.id in seen:
                raise RuleError(f"{rule.place} rule {rule.id}: the id is already used at {seen[rule.id]}")
            seen[rule.id] = rule.place
            rules.append(rule)
    return rules


@lru_cache(maxsize=1)
def rules_hash() -> str:
    """sha256 over names and bytes of every shipped rule and list file, and of the lexicon."""
    digest = hashlib.sha256()
    for path in sorted([*FOLDER.glob("*.toml"), *FOLDER.glob("*.tsv")]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def load_overlay(path: Path) -> Overlay:
    """The overlay file, or an empty overlay where there is none."""
    if not path.is_file():
        return Overlay()
    raw = path.read_bytes()
    try:
        plain = tomllib.loads(raw.decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RuleError(f"{path.name}: {error}. The overlay was not used; mend or remove the file.") from error
    if unknown := sorted(set(plain) - {"off", "allow"}):
        raise RuleError(f"{path.name}: unknown key {', '.join(unknown)}; it may hold `off` and `allow`.")
    off, allow = (_strings(plain.get(key, []), path.name, key) for key in ("off", "allow"))
    name = f"{path.name} sha256:{hashlib.sha256(raw).hexdigest()[:16]}"
    return Overlay(name, off, tuple(phrase.lower() for phrase in allow))


def _strings(value: Any, file: str, key: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise RuleError(f"{file}: `{key}` must be a list of texts.")
    return tuple(value)


def _read(path: Path) -> list[Rule]:
    source = path.read_text("utf-8")
    try:
        plain = tomllib.loads(source)
    except tomllib.TOMLDecodeError as error:
        raise RuleError(f"{path.name}: not valid TOML: {error}") from error
    if unknown := sorted(set(plain) - {"rule"}):
        raise RuleError(f"{path.name}: unknown table {', '.join(unknown)}; a rule file holds [[rule]] only")
    starts = [number for number, line in enumerate(source.splitlines(), 1) if line.strip() == "[[rule]]"]
    return [
        _rule(table, Place(path.name, starts[i] if i < len(starts) else 1))
        for i, table in enumerate(plain.get("rule", []))
    ]


Wrong = Callable[[str], RuleError]
"""Makes the error for one rule: its file, line and id in front of what is wrong."""


def _rule(table: Mapping[str, Any], place: Place) -> Rule:
    def wrong(what: str) -> RuleError:
        return RuleError(f"{place} rule {table.get('id', '?')}: {what}")

    lists, text = _shape(table, wrong)
    scope, within = text["scope"] or "clause", text["within"] or "text"
    _sense(lists, text, scope, within, wrong)
    pattern = _patterns(lists["pattern"], "pattern", wrong)
    return Rule(
        id=text["id"],
        sets=text["sets"],
        kind=text["kind"],
        reason=text["reason"],
        scope=scope,
        pattern=pattern,
        body=unedged(pattern),
        near=_patterns((text["near"],) if text["near"] else (), "near", wrong),
        window=int(table.get("window", 150)),
        unless=_patterns(lists["unless"], "unless", wrong),
        guards=lists["guards"],
        marks=lists["marks"],
        cased=bool(table.get("cased", False)),
        verify=text["verify"],
        triggers=tuple(tuple(group.split("|")) for group in lists["triggers"]),
        all=lists["all"],
        any=lists["any"],
        none=lists["none"],
        within=within,
        hits=lists["hits"],
        misses=lists["misses"],
        place=place,
        anchored=bool(lists["pattern"]) and all(p.startswith("^") for p in lists["pattern"]),
    )


def _shape(table: Mapping[str, Any], wrong: Wrong) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """The lists and texts of a rule, each of the type it must have."""
    if unknown := sorted(set(table) - _KEYS):
        raise wrong(f"unknown key {', '.join(unknown)}; known are {', '.join(sorted(_KEYS))}")
    if missing := [key for key in ("id", "sets", "reason", "hits", "misses") if not table.get(key)]:
        raise wrong(f"missing {', '.join(missing)}")
    lists: dict[str, tuple[str, ...]] = {}
    for key in _LISTED:
        value = table.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise wrong(f"{key} must be a text or a list of texts")
        lists[key] = tuple(value)
    text = {key: table.get(key, "") for key in _TEXT}
    if bad := [key for key, value in text.items() if not isinstance(value, str)]:
        raise wrong(f"{bad[0]} must be a text")
    return lists, text


def _sense(
    lists: Mapping[str, tuple[str, ...]], text: Mapping[str, str], scope: str, within: str, wrong: Wrong
) -> None:
    """Whether the parts of a rule go together."""
    if trouble := vocabulary.check(text["sets"], text["kind"]):
        raise wrong(trouble)
    if len(lists["hits"]) < 2 or len(lists["misses"]) < 2:
        raise wrong("at least two hits and two misses are asked for")
    if scope not in _SCOPES or within not in ("sentence", "text"):
        raise wrong(f"scope must be one of {', '.join(_SCOPES)}; within must be sentence or text")
    combines = bool(lists["all"] or lists["any"])
    if combines == bool(lists["pattern"]):
        raise wrong("a rule has either `pattern` or `all`/`any`")
    if not combines and not lists["triggers"]:
        raise wrong("a pattern needs `triggers`: words of which one must be there for the pattern to match")
    for signal in (*lists["all"], *lists["any"], *lists["none"]):
        if trouble := vocabulary.check(signal, ""):
            raise wrong(trouble.replace("sets", "signal"))


def _patterns(patterns: tuple[str, ...], key: str, wrong: Wrong) -> str:
    if not patterns:
        return ""
    expanded = []
    for pattern in patterns:
        try:
            source = expand(pattern, word_lists())
        except KeyError as error:
            raise wrong(f"{key}: there is no word list {error.args[0]} in words.toml") from error
        if trouble := runaway(source):
            raise wrong(f"{key}: {trouble}")
        expanded.append(source)
    return bounded(tuple(expanded))
