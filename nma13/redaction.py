"""A name blackened wherever words are kept: which columns hold words, and how one is struck out of them."""

from __future__ import annotations

import json
import re
import sqlite3
import unicodedata
from collections.abc import Callable
from typing import Any

BLACK = "█"

# Columns in which a person's or a model's words may stand. A test asks of every text column whether it is here
# or among the plain ones, so that a new one cannot be overlooked.
WORDS: dict[str, tuple[str, ...]] = {
    "episodic_memory": ("session", "input", "state", "prose"),
    "loop_state": ("session", "state"),
    "feedback": ("reason",),
    "settings": ("value",),
    "inner_house_sessions": ("problem", "gates", "friction_source", "resolution", "loop_context", "error"),
    "inner_house_outputs": ("text", "findings"),
    "inner_house_terrain": ("text", "reason"),
    "documents": ("name",),
    "document_chunks": ("heading", "text"),
    "search_cache": ("query", "results"),
    "autonomous_loop_cycles": ("friction_source", "arb_note", "bof_text", "context"),
    "autonomous_loop": ("text", "findings"),
    "prime_cycles": ("friction_source", "arb_note", "bof_text", "collective_lean", "context"),
    "prime_loop": ("text", "findings", "lean"),
    "cognition_cycles": ("friction_source", "arb_note", "bof_text", "collective_lean", "architecture_note", "context"),
    "cognition_loop": ("text", "findings", "lean"),
    "loop_d_cycles": (
        "friction_source", "arb_note", "bof_text", "collective_lean", "architecture_note", "sequence_note", "context",
    ),
    "loop_d": ("text", "findings", "lean"),
    "components": ("name", "description"),
    "knowledge_ledger": ("uncertainty", "movement"),
    "heartbeat": ("detail",),
    "process_events": ("detail",),
}  # fmt: skip
CHAINED = {"decision_records": ("body",)}  # a hash covers it: what stands there is told, not changed


def pattern_of(name: str) -> re.Pattern[str]:
    """The name as a word of its own, in any case, composed or decomposed, over any white space."""
    spelled = {unicodedata.normalize(form, name) for form in ("NFC", "NFD")} | {name}
    ways = "|".join(r"\s+".join(re.escape(part) for part in one.split()) for one in sorted(spelled))
    return re.compile(rf"(?<!\w)(?:{ways})(?!\w)", re.IGNORECASE)


def redact_everywhere(connection: sqlite3.Connection, name: str) -> dict[str, int]:
    """Blacken the name in one database; how often, by place. Belongs into a transaction.

    A blackened text loses its fingerprint and, by the store's triggers, its vector and its old words in the index.
    """
    strike = _striker(pattern_of(name))
    connection.create_function("struck", 1, strike, deterministic=True)
    connection.create_function("holds_name", 1, lambda value: strike(value) != value, deterministic=True)
    counts: dict[str, int] = {}
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
    for table, columns in WORDS.items():
        if table not in tables:
            continue
        present = {row["name"] for row in connection.execute(f"PRAGMA table_info({table})")}
        if table == "episodic_memory":
            connection.execute("UPDATE episodic_memory SET input_hash = '' WHERE holds_name(input)")
        if table == "search_cache":  # its key is the query itself: two of them may become one
            gone = connection.execute("DELETE FROM search_cache WHERE holds_name(query) OR holds_name(results)")
            counts["search_cache (removed)"] = gone.rowcount
            continue
        for column in columns:
            if column in present:
                changed = connection.execute(
                    f"UPDATE {table} SET {column} = struck({column}) WHERE holds_name({column})"  # noqa: S608
                )
                counts[f"{table}.{column}"] = changed.rowcount
    return {place: count for place, count in counts.items() if count}


def _striker(pattern: re.Pattern[str]) -> Callable[[Any], Any]:
    def strike(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value[:1] in ("{", "["):
            try:
                plain = json.loads(value)
            except (ValueError, RecursionError):
                return _black(pattern, value)
            struck = _walk(pattern, plain)
            return value if struck == plain else json.dumps(struck, sort_keys=True, separators=(",", ":"))
        return _black(pattern, value)

    return strike


def _walk(pattern: re.Pattern[str], plain: Any) -> Any:
    if isinstance(plain, str):
        return _black(pattern, plain)
    if isinstance(plain, list):
        return [_walk(pattern, item) for item in plain]
    if isinstance(plain, dict):
        return {_black(pattern, key): _walk(pattern, item) for key, item in plain.items()}
    return plain


def _black(pattern: re.Pattern[str], text: str) -> str:
    """As many black squares as there were characters: places in the text stay what they were."""
    return pattern.sub(lambda found: BLACK * len(found.group()), text)
