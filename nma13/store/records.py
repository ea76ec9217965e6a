"""The hash chain of decision records: an altered, removed or reordered record shows."""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nma13.store.connect import transaction

HALF_A_PAIR = re.compile("[\ud800-\udfff]")
GENESIS = "sha256:" + "0" * 64


@dataclass(frozen=True, slots=True)
class Link:
    """One record of the chain."""

    seq: int
    parent: str
    hash: str
    body: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A place where the chain does not hold, in words."""

    seq: int
    what: str


def canonical(body: Mapping[str, Any]) -> str:
    """One spelling for one content, so that equal records have equal hashes.

    Half of a surrogate pair, which a cut stream may leave, has no UTF-8: pairs are joined, and what stays
    half is spelled as JSON's escape. So a record read back and spelled again has the same hash.
    """
    spelled = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    if not HALF_A_PAIR.search(spelled):
        return spelled
    joined = spelled.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return HALF_A_PAIR.sub(lambda half: f"\\u{ord(half.group()):04x}", joined)


def chain_hash(parent: str, body: str) -> str:
    return "sha256:" + hashlib.sha256(f"{parent}\n{body}".encode("utf-8", "surrogatepass")).hexdigest()


def append_record(connection: sqlite3.Connection, body: Mapping[str, Any], created_ms: int) -> Link:
    """Add a record behind the last one."""
    text = canonical(body)
    with transaction(connection):
        last = connection.execute("SELECT hash FROM decision_records ORDER BY seq DESC LIMIT 1").fetchone()
        parent = last["hash"] if last else GENESIS
        hash_ = chain_hash(parent, text)
        connection.execute(
            "INSERT INTO decision_records (parent, hash, body, created_ms) VALUES (?, ?, ?, ?)",
            (parent, hash_, text, created_ms),
        )
        seq = int(connection.execute("SELECT last_insert_rowid()").fetchone()[0])
    return Link(seq, parent, hash_, text)


def links(connection: sqlite3.Connection) -> Iterable[Link]:
    for row in connection.execute("SELECT seq, parent, hash, body FROM decision_records ORDER BY seq"):
        yield Link(row["seq"], row["parent"], row["hash"], row["body"])


def verify(chain: Iterable[Link]) -> list[Fault]:
    """Every place where the chain is broken; empty means that it holds."""
    faults, parent, expected = [], GENESIS, 1
    for link in chain:
        if link.seq != expected:
            faults.append(Fault(expected, f"record {expected} is missing"))
        if link.parent != parent:
            faults.append(Fault(link.seq, "does not follow the record before it"))
        if chain_hash(link.parent, link.body) != link.hash:
            faults.append(Fault(link.seq, "its content was altered after it was written"))
        parent, expected = link.hash, link.seq + 1
    return faults


def verify_database(connection: sqlite3.Connection) -> list[Fault]:
    """The chain of a database. Its counter also tells when records were cut off at the end."""
    chain = list(links(connection))
    counter = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'decision_records'").fetchone()
    last = chain[-1].seq if chain else 0
    faults = verify(chain)
    if counter and counter[0] > last:
        faults.append(Fault(last + 1, f"records {last + 1} to {counter[0]} were cut off at the end"))
    return faults
