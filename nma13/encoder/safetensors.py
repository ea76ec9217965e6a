"""Reading a .safetensors file without its library: a JSON header and raw little-endian numbers behind it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

HEADER_LIMIT = 10_000_000


def read_tensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Every float32 tensor of the file, mapped rather than copied. Raises ValueError on a damaged file."""
    import numpy as np

    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if not 2 <= length <= min(HEADER_LIMIT, size - 8):
            raise ValueError("its header is damaged")
        header: dict[str, Any] = json.loads(file.read(length))
    body = np.memmap(path, dtype=np.uint8, mode="r", offset=8 + length)
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__" or entry["dtype"] != "F32":
            continue
        start, end = entry["data_offsets"]
        if not 0 <= start <= end <= body.size:
            raise ValueError(f"tensor {name} lies outside the file: it was cut short")
        tensors[name] = body[start:end].view("<f4").reshape(entry["shape"])
    return tensors
