"""The two tiny networks. Each forward pass is written once: torch runs it to train, NumPy to live.

`xp` is the array library. Both passes look back only, so a decision cannot depend on what comes after it.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal
from zipfile import BadZipFile

import numpy as np

from experiments.manifest import write_whole
from experiments.nanoim.features import DT_EDGES, TIMES, Batch, Floats, sizes, to_batch
from experiments.nanoim.policies import Sees
from experiments.nanoim.turns import ACTIONS, STREAMS, Trace
from nma13.errors import LabError

Params = Mapping[str, Any]
STREAM_WIDTHS = (12, 4, 10, 10, 6)
DT_WIDTH = 6
HEADS, LAYERS = 4, 2
AT_ONCE = 16
"""Traces in one NumPy pass: small enough that the matrix library does not wake its threads for each tiny product,
which on a busy machine costs twenty times what they save."""


@dataclass(frozen=True, slots=True)
class Shape:
    """Which network, and how wide."""

    kind: Literal["gru", "transformer"] = "gru"
    hidden: int = 55

    @property
    def inputs(self) -> int:
        return sum(STREAM_WIDTHS) + DT_WIDTH + TIMES + 1


def initial(shape: Shape, seed: int) -> dict[str, Floats]:
    """Random parameters, the same for a seed on every machine."""
    rng = np.random.default_rng(seed)
    made: dict[str, Floats] = {}

    def matrix(name: str, rows: int, columns: int) -> None:
        made[name] = rng.uniform(-1, 1, (rows, columns)) / math.sqrt(rows)

    for stream, size, width in zip(STREAMS, sizes(), STREAM_WIDTHS, strict=True):
        made[f"embed_{stream}"] = rng.normal(0, 0.5, (size, width))
    made["embed_dt"] = rng.normal(0, 0.5, (len(DT_EDGES) + 2, DT_WIDTH))
    wide = shape.hidden
    if shape.kind == "gru":
        matrix("input", shape.inputs, 3 * wide)
        matrix("state", wide, 3 * wide)
        made["input_bias"], made["state_bias"] = np.zeros(3 * wide), np.zeros(3 * wide)
    else:
        matrix("input", shape.inputs, wide)
        made["input_bias"] = np.zeros(wide)
        for layer in range(LAYERS):
            matrix(f"{layer}_attend", wide, 3 * wide)
            matrix(f"{layer}_mix", wide, wide)
            matrix(f"{layer}_up", wide, 2 * wide)
            made[f"{layer}_up_bias"] = np.zeros(2 * wide)
            matrix(f"{layer}_down", 2 * wide, wide)
            made[f"{layer}_down_bias"] = np.zeros(wide)
            made[f"{layer}_norm1"], made[f"{layer}_norm2"] = np.ones(wide), np.ones(wide)
    matrix("head", wide, len(ACTIONS))
    made["head_bias"] = np.zeros(len(ACTIONS))
    return made


def inputs(params: Params, batch: Mapping[str, Any], xp: Any) -> Any:
    """(traces, steps, inputs): the embedded streams side by side, with the clock."""
    shown = [_embed(params[f"embed_{s}"], batch["ids"][:, :, i], xp) for i, s in enumerate(STREAMS)]
    clock = _embed(params["embed_dt"], batch["dt_bucket"], xp)
    return xp.concatenate([*shown, clock, batch["times"], batch["text"][:, :, None]], -1)


def _embed(table: Any, ids: Any, xp: Any) -> Any:
    """Rows of a table; id 0, «not shown», is all zeros whatever was learned."""
    return table[ids] * xp.where(ids > 0, 1.0, 0.0)[:, :, None]


def forward(shape: Shape, params: Params, batch: Mapping[str, Any], xp: Any) -> Any:
    """Logits (traces, steps, actions)."""
    shown = inputs(params, batch, xp)
    states = _gru(shape, params, shown, xp) if shape.kind == "gru" else _transformer(params, shown, xp)
    return states @ params["head"] + params["head_bias"]


def _gru(shape: Shape, params: Params, shown: Any, xp: Any) -> Any:
    driven = shown @ params["input"] + params["input_bias"]
    state = driven[:, 0, : shape.hidden] * 0
    states = []
    for step in range(driven.shape[1]):
        here, back = driven[:, step], state @ params["state"] + params["state_bias"]
        w = shape.hidden
        update = _sigmoid(here[:, :w] + back[:, :w], xp)
        reset = _sigmoid(here[:, w : 2 * w] + back[:, w : 2 * w], xp)
        fresh = xp.tanh(here[:, 2 * w :] + reset * back[:, 2 * w :])
        state = update * state + (1 - update) * fresh
        states.append(state)
    return xp.stack(states, 1)


def _transformer(params: Params, shown: Any, xp: Any) -> Any:
    flow = shown @ params["input"] + params["input_bias"]
    _, steps, wide = flow.shape
    ages = xp.arange(steps)[:, None] - xp.arange(steps)[None, :]
    slopes = [2.0 ** -(head + 1) for head in range(HEADS)]  # nearer steps weigh more, each head in its own measure
    for layer in range(LAYERS):
        whole = _norm(flow, xp) * params[f"{layer}_norm1"] @ params[f"{layer}_attend"]
        mixed = []
        for head, slope in enumerate(slopes):
            part = wide // HEADS
            q, k, v = (whole[:, :, i * wide + head * part : i * wide + (head + 1) * part] for i in range(3))
            scores = q @ k.swapaxes(1, 2) / math.sqrt(part) - slope * ages
            weights = xp.exp(xp.clip(scores, -30, 30)) * xp.where(ages >= 0, 1.0, 0.0)
            mixed.append(weights / weights.sum(-1)[:, :, None] @ v)
        flow = flow + xp.concatenate(mixed, -1) @ params[f"{layer}_mix"]
        up = _norm(flow, xp) * params[f"{layer}_norm2"] @ params[f"{layer}_up"] + params[f"{layer}_up_bias"]
        flow = flow + (up * _sigmoid(up, xp)) @ params[f"{layer}_down"] + params[f"{layer}_down_bias"]
    return _norm(flow, xp)


def _norm(x: Any, xp: Any) -> Any:
    """Each vector scaled to a mean square of one."""
    return x / xp.sqrt((x * x).mean(-1)[:, :, None] + 1e-6)


def _sigmoid(x: Any, xp: Any) -> Any:
    return 1 / (1 + xp.exp(xp.clip(-x, -30, 30)))


def arrays(batch: Batch) -> dict[str, Any]:
    """What a network is given of a batch: never the actions."""
    return {"ids": batch.ids, "text": batch.text, "dt_bucket": batch.dt_bucket, "times": batch.times}


def softmax(logits: Floats) -> Floats:
    raised = np.exp(logits - logits.max(-1, keepdims=True))
    return np.asarray(raised / raised.sum(-1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Network:
    """A trained network as arrays; a policy without torch."""

    name: str
    shape: Shape
    params: Mapping[str, Floats]
    trained: Mapping[str, Any]
    """Suite, seed, hash of the data, hidden fields: enough to train it again."""
    hidden: tuple[str, ...] = ()
    sees: Sees = "streams"

    def fit(self, traces: Sequence[Trace]) -> None:
        """Trained already."""

    def decide(self, traces: Sequence[Trace]) -> list[Floats]:
        parts = [traces[start : start + AT_ONCE] for start in range(0, len(traces), AT_ONCE)]
        return [rows for part in parts for rows in self.decide_batch(to_batch(part, self.hidden))]

    def decide_batch(self, batch: Batch) -> list[Floats]:
        found = softmax(forward(self.shape, self.params, arrays(batch), np))
        return [rows[:length] for rows, length in zip(found, batch.lengths, strict=True)]

    @property
    def parameters(self) -> int:
        return sum(array.size for array in self.params.values())


def save(network: Network, path: Path) -> None:
    """One file under just this name, there whole or not at all: the arrays in single precision, and what they are."""
    about = {
        "name": network.name, "shape": asdict(network.shape), "trained": dict(network.trained),
        "hidden": list(network.hidden),
    }  # fmt: skip
    single = {name: np.asarray(array, np.float32) for name, array in sorted(network.params.items())}
    packed = io.BytesIO()
    np.savez(packed, about=np.array(json.dumps(about, sort_keys=True)), **single)  # type: ignore[arg-type]
    write_whole(path, packed.getvalue())


def load(path: Path) -> Network:
    try:
        with np.load(path, allow_pickle=False) as file:
            about = json.loads(str(file["about"]))
            params = {name: file[name].astype(np.float64) for name in file.files if name != "about"}
        return Network(about["name"], Shape(**about["shape"]), params, about["trained"], tuple(about["hidden"]))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, BadZipFile) as error:
        raise LabError(f"{path} is not a network of this lab ({error}). Nothing was scored.") from None
