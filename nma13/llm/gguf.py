"""Read the header of a GGUF file in Python and refuse what is broken, before C++ ever sees it."""

from __future__ import annotations

import math
import mmap
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nma13.llm.errors import ModelFileBroken, ModelNotFound

MAX_ENTRIES = 1 << 20
MAX_STRING = 1 << 24
SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
STRING, ARRAY = 8, 9

# ggml type number -> (values in a block, bytes of a block). Types not listed are checked by offset only.
BLOCKS = {
    0: (1, 4), 1: (1, 2), 2: (32, 18), 3: (32, 20), 6: (32, 22), 7: (32, 24), 8: (32, 34), 9: (32, 36),
    10: (256, 84), 11: (256, 110), 12: (256, 144), 13: (256, 176), 14: (256, 210), 15: (256, 292),
    24: (1, 1), 25: (1, 2), 26: (1, 4), 27: (1, 8), 28: (1, 8), 30: (1, 2),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class GgufInfo:
    """What a sound header says."""

    path: Path
    size_bytes: int
    architecture: str
    name: str
    context: int | None
    parameters: int
    metadata: dict[str, Any]


def read_header(path: Path) -> GgufInfo:
    """The header of a complete GGUF file; raises with a sentence when it is anything else."""
    if not path.exists():
        raise ModelNotFound(
            f"There is no model file at {path}. Nothing was changed. "
            "Check the path, or run ./lab model to see what can be used."
        )
    if path.is_dir():
        raise ModelFileBroken(f"{path} is a folder; llamacpp: wants one .gguf file.")
    size = path.stat().st_size
    if size < 24:
        raise _broken(path, f"it holds only {size} bytes")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        try:
            return _parse(path, size, data)
        except struct.error:
            raise _broken(path, "its header ends too early; the download was probably cut off") from None


def _parse(path: Path, size: int, data: mmap.mmap) -> GgufInfo:
    if data[:4] != b"GGUF":
        raise _broken(path, "it does not begin with the letters GGUF")
    version, tensors, entries = struct.unpack_from("<IQQ", data, 4)
    if version not in (2, 3):
        raise _broken(path, f"GGUF version {version} is not one we know (2 or 3)")
    if not 0 < tensors <= MAX_ENTRIES or entries > MAX_ENTRIES:
        raise _broken(path, f"its header claims {tensors} tensors and {entries} entries")
    cursor = _Cursor(path, data, 24)
    metadata: dict[str, Any] = {}
    for _ in range(entries):
        key = cursor.text()
        metadata[key] = cursor.value(cursor.number("I"))
    shapes = [cursor.tensor() for _ in range(tensors)]
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or alignment < 8:
        raise _broken(path, f"its alignment is {alignment!r}")
    start = math.ceil(cursor.place / alignment) * alignment
    for name, dimensions, kind, offset in shapes:
        values, block_bytes = BLOCKS.get(kind, (1, 0))
        end = start + offset + math.prod(dimensions) // values * block_bytes
        if end > size:
            raise _broken(path, f"tensor {name} would end at byte {end} of {size}; the file is cut short or damaged")
    architecture = str(metadata.get("general.architecture", ""))
    if not architecture:
        raise _broken(path, "it does not name its architecture")
    context = metadata.get(f"{architecture}.context_length")
    return GgufInfo(
        path=path,
        size_bytes=size,
        architecture=architecture,
        name=path.stem,  # says more than the header: the quantisation, and what the user calls it
        context=context if isinstance(context, int) else None,
        parameters=sum(math.prod(dimensions) for _, dimensions, _, _ in shapes),
        metadata=metadata,
    )


class _Cursor:
    """Reads little-endian values one after another; every length is checked before it is used."""

    def __init__(self, path: Path, data: mmap.mmap, place: int) -> None:
        self.path, self.data, self.place = path, data, place

    def number(self, code: str) -> Any:
        (found,) = struct.unpack_from("<" + code, self.data, self.place)
        self.place += struct.calcsize("<" + code)
        return found

    def text(self) -> str:
        start, length = self.place + 8, self.number("Q")
        if length > MAX_STRING or start + length > len(self.data):
            raise _broken(self.path, f"a text of {length} bytes stands in its header")
        self.place = start + length
        return self.data[start : self.place].decode("utf-8", "replace")

    def value(self, kind: int) -> Any:
        """A metadata value. Of arrays only the length is kept: vocabularies are long and not needed."""
        if kind in SCALARS:
            return self.number(SCALARS[kind])
        if kind == STRING:
            return self.text()
        if kind != ARRAY:
            raise _broken(self.path, f"its header holds a value of unknown kind {kind}")
        inner, count = self.number("I"), self.number("Q")
        if count > len(self.data):
            raise _broken(self.path, f"a list of {count} values stands in its header")
        if inner in SCALARS:
            self.place += count * struct.calcsize("<" + SCALARS[inner])
        elif inner == STRING:
            self._skip_texts(count)
        else:
            raise _broken(self.path, f"its header holds a list of unknown kind {inner}")
        return {"length": count}

    def tensor(self) -> tuple[str, tuple[int, ...], int, int]:
        name, rank = self.text(), self.number("I")
        if not 0 < rank <= 4:
            raise _broken(self.path, f"tensor {name} has {rank} dimensions")
        dimensions = tuple(self.number("Q") for _ in range(rank))
        return name, dimensions, self.number("I"), self.number("Q")

    def _skip_texts(self, count: int) -> None:
        place, data, end = self.place, self.data, len(self.data)
        unpack = struct.Struct("<Q").unpack_from
        for _ in range(count):
            place += 8 + unpack(data, place)[0]
            if place > end:
                raise _broken(self.path, "a list in its header runs past its end")
        self.place = place


def _broken(path: Path, why: str) -> ModelFileBroken:
    return ModelFileBroken(
        f"{path} is not a usable GGUF model: {why}. Your data is unchanged. "
        "Fetch the file again, or choose another model (./lab model)."
    )
