"""Frozen values to JSON and back without loss: dataclasses, named tuples, enumerations, tuples.

Types are read from the annotations, so a new field needs nothing here. Unknown keys are refused.
"""

from __future__ import annotations

import dataclasses
import json
import types
from enum import Enum
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from nma13.errors import LabError
from nma13.state import SCHEMA, PipelineState

T = TypeVar("T")


class SchemaError(LabError):
    """A JSON value that does not have the shape it claims."""


def to_plain(value: Any) -> Any:
    """The value as dicts, lists, strings and numbers."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return [to_plain(item) for item in value]
    return {name: to_plain(getattr(value, name)) for name in _fields(type(value))}


def from_plain(kind: type[T], plain: Any) -> T:
    """The value of type `kind` that `plain` describes; raises SchemaError where it does not."""
    result: T = _build(kind, plain, kind.__name__)
    return result


def canonical(value: Any) -> str:
    """One spelling only: sorted keys, no spaces, ASCII. Equal values have equal bytes."""
    return json.dumps(to_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True)


def dump_state(state: PipelineState) -> str:
    return canonical(state)


def load_state(text: str) -> PipelineState:
    plain = json.loads(text)
    found = plain.get("schema") if isinstance(plain, dict) else None
    if found != SCHEMA:
        raise SchemaError(f"This state has schema {found!r}; this engine reads {SCHEMA}. Nothing was changed.")
    return from_plain(PipelineState, plain)


_KNOWN: dict[Any, dict[str, Any]] = {}


def _fields(kind: Any) -> dict[str, Any]:
    """Names and types of the fields of a dataclass or named tuple, in order."""
    if kind not in _KNOWN:
        if not (dataclasses.is_dataclass(kind) or hasattr(kind, "_fields")):
            raise SchemaError(f"{kind.__name__} has no JSON form.")
        hints = get_type_hints(kind)
        names = [f.name for f in dataclasses.fields(kind)] if dataclasses.is_dataclass(kind) else list(hints)
        _KNOWN[kind] = {name: hints[name] for name in names}
    return _KNOWN[kind]


def _build(kind: Any, plain: Any, where: str) -> Any:
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _build_union(get_args(kind), plain, where)
    if origin is tuple:
        item = get_args(kind)[0]
        return tuple(_build(item, part, f"{where}[{i}]") for i, part in enumerate(_expect(plain, list, where)))
    if kind is float:
        return float(_expect(plain, (int, float), where))
    if kind in (str, int, bool):
        return _expect(plain, kind, where)
    if issubclass(kind, Enum):
        try:
            return kind(plain)
        except ValueError:
            raise SchemaError(f"{where}: {plain!r} is none of {', '.join(str(m.value) for m in kind)}.") from None
    fields = _fields(kind)
    given = _expect(plain, dict, where)
    if unknown := sorted(set(given) - set(fields)):
        raise SchemaError(f"{where}: unknown {', '.join(unknown)}.")
    try:
        return kind(**{name: _build(fields[name], part, f"{where}.{name}") for name, part in given.items()})
    except TypeError as error:
        raise SchemaError(f"{where}: {error}.") from None


def _build_union(options: tuple[Any, ...], plain: Any, where: str) -> Any:
    if plain is None and types.NoneType in options:
        return None
    rest = [option for option in options if option is not types.NoneType]
    for option in rest[:-1]:
        try:
            return _build(option, plain, where)
        except SchemaError:
            continue
    return _build(rest[-1], plain, where)


def _expect(plain: Any, kind: Any, where: str) -> Any:
    if not isinstance(plain, kind) or (isinstance(plain, bool) and kind is not bool):
        raise SchemaError(f"{where}: {type(plain).__name__} where another type was expected.")
    return plain
