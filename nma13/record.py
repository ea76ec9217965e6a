"""The decision record: one run as portable JSON, chained by hash, verified and replayed by anybody.

A record holds the hash of the input (the input itself only where the person allows it), what decided (rules,
overlay, engine version), the whole state, and who wrote the prose with which seed. Records follow each other
in a file of lines; each line's hash covers its body and the hash before it.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from io import FileIO
from pathlib import Path
from typing import Any

from nma13 import __version__
from nma13.errors import LabError
from nma13.jsonio import load_state, to_plain
from nma13.kit import Kit, Remembered
from nma13.pipeline import run
from nma13.state import PipelineState, summary
from nma13.store.records import GENESIS, Fault, Link, canonical, chain_hash, verify

FORMAT = "nma-decision-record/1"


class RecordError(LabError):
    """A record file that cannot be read or replayed."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One record run again: what differs from what was recorded, and why it may."""

    seq: int
    differences: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    was_run: bool = True
    """False: the record does not hold its input, so there is nothing to compare."""

    @property
    def identical(self) -> bool:
        return self.was_run and not self.differences


def body_of(state: PipelineState, *, keep_input: bool) -> dict[str, Any]:
    """The record's content. Without the input, every quotation of it is left out; places stay."""
    plain = to_plain(state)
    if not keep_input:
        plain = _redacted(plain)
    made = state.interpretation
    return {
        "format": FORMAT,
        "engine": __version__,
        "input_sha256": hashlib.sha256(state.text.encode("utf-8", "surrogatepass")).hexdigest(),
        "input_kept": keep_input,
        "rules_sha256": state.provenance.rules_sha256,
        "overlay": state.provenance.overlay,
        "prose_source": made.source.value if made else None,
        "model": made.model if made else None,
        "seed": made.seed if made else None,
        "summary": summary(state),
        "state": plain,
    }


def append_to_file(path: Path, state: PipelineState, *, keep_input: bool) -> Link:
    """Add a record behind the last one of the file; a file whose chain is broken is not continued."""
    body = canonical(body_of(state, keep_input=keep_input))
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(handle, "ab", buffering=0) as file:
            fcntl.flock(handle, fcntl.LOCK_EX)  # two processes at once would both stand behind the same record
            os.fchmod(handle, 0o600)
            links = list(read_file(path))
            if faults := verify(links):
                what = f"{faults[0].what} at record {faults[0].seq}"
                raise RecordError(f"{path.name} is not intact ({what}); nothing was added.")
            parent = links[-1].hash if links else GENESIS
            link = Link(len(links) + 1, parent, chain_hash(parent, body), body)
            _append(file, link)
    except OSError as error:
        raise RecordError(
            f"{path} cannot be written ({error.strerror}). The run is whole; it was not recorded. Name another file."
        ) from None
    return link


def _append(file: FileIO, link: Link) -> None:
    """A whole line or none: half of one would break the chain for good."""
    line = json.dumps({"seq": link.seq, "parent": link.parent, "hash": link.hash, "body": json.loads(link.body)})
    left, size = line.encode() + b"\n", os.fstat(file.fileno()).st_size
    try:
        while left:
            left = left[file.write(left) :]  # a full disk takes a part without a word
        os.fsync(file.fileno())
    except BaseException:  # a full disk, or somebody who presses Ctrl-C
        os.ftruncate(file.fileno(), size)
        raise


def read_file(path: Path) -> Iterator[Link]:
    """The records of a file, as they stand."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RecordError(
            f"{path} cannot be read ({error.strerror}). ./lab navigate --record FILE makes one."
        ) from None
    except UnicodeDecodeError:
        raise RecordError(f"{path} is no file of decision records. ./lab navigate --record FILE makes one.") from None
    for number, line in enumerate(lines, 1):
        try:
            plain = json.loads(line)
            yield Link(int(plain["seq"]), str(plain["parent"]), str(plain["hash"]), canonical(plain["body"]))
        except (ValueError, KeyError, TypeError) as error:
            raise RecordError(f"{path.name}, line {number}: this is not a decision record ({error}).") from None


def verify_file(path: Path) -> list[Fault]:
    return verify(read_file(path))


def replay(links: Iterable[Link], kit: Kit) -> Iterator[Replay]:
    """Run each recorded input again. What the screen saw is taken from the record, so no encoder is needed."""
    for link in links:
        body = json.loads(link.body)
        if not body["input_kept"]:
            yield Replay(link.seq, was_run=False)
            continue
        recorded = load_state(json.dumps(body["state"]))
        recorded = replace(recorded, interpretation=None, audit=None)
        again = run(recorded.text, recorded.context, Kit(kit.rules, _seen(recorded)))
        differences = tuple(_differences(to_plain(recorded), to_plain(again)))
        yield Replay(link.seq, differences, _causes(recorded, again) if differences else ())


def _seen(state: PipelineState) -> Remembered | None:
    if not state.provenance.semantic:
        return None
    return Remembered(tuple(f for f in state.findings if f.origin == "semantic"))


def _causes(recorded: PipelineState, again: PipelineState) -> tuple[str, ...]:
    """Which part of what decides has changed since."""
    before, now = recorded.provenance, again.provenance
    causes = [
        f"{name}: {getattr(before, name) or 'none'} then, {getattr(now, name) or 'none'} now"
        for name in ("engine", "rules_sha256", "overlay", "rules_off", "allowed")
        if getattr(before, name) != getattr(now, name)
    ]
    then = {(f.rule, f.spans) for f in recorded.findings if f.counts}
    here = {(f.rule, f.spans) for f in again.findings if f.counts}
    causes += [f"rule {rule} saw this then and does not now" for rule in sorted({r for r, _ in then - here})]
    causes += [f"rule {rule} sees now what it did not then" for rule in sorted({r for r, _ in here - then})]
    return tuple(causes)


def _differences(before: Any, now: Any, path: str = "state") -> Iterator[str]:
    if isinstance(before, dict) and isinstance(now, dict):
        for key in sorted({*before, *now}):
            yield from _differences(before.get(key), now.get(key), f"{path}.{key}")
    elif isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for index, (a, b) in enumerate(zip(before, now, strict=True)):
            yield from _differences(a, b, f"{path}[{index}]")
    elif before != now:
        yield path


def _redacted(plain: Any) -> Any:
    """The same structure without words: a record that proves without telling."""
    if isinstance(plain, dict):
        return {key: "" if key == "text" else _redacted(value) for key, value in plain.items()}
    if isinstance(plain, list):
        return [_redacted(item) for item in plain]
    return plain
