"""How long the second look takes: `python -m benchmarks.encoder [--json] [--short]`.

The encoder is kept loaded, as it is in every process of the lab. The alternative measured in the same run is what
most programs do: each sentence through the encoder by itself, padded to a common length.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks import table
from benchmarks._measuring import median_ms
from benchmarks.table import Row
from nma13.encoder import encode, shared_encoder
from nma13.semantic import chosen_screen
from nma13.text import read

TEXT = (Path(__file__).parent / "ordinary.txt").read_text("utf-8").strip()
SENTENCE = "I sit in the car outside work and cannot make my hand open the door."
PADDED = 128  # tokens, the usual choice for sentences


def main(arguments: Sequence[str] | None = None) -> int:
    return table.run("encoder", measure, arguments)


def measure(short: bool = False) -> list[Row]:
    repeats = 5 if short else 30
    started = time.perf_counter()
    shared_encoder()
    loading = (time.perf_counter() - started) * 1e3
    screen = chosen_screen("on")
    if screen is None:
        raise SystemExit("The sentence encoder is not installed; ./lab setup installs it.")
    documents = {"one sentence": read(SENTENCE), "500 words": read(TEXT)}
    rows = [Row("loading the weights", loading, "ms")]
    for name, document in documents.items():
        whole = _median(lambda d=document: screen(d), repeats)  # type: ignore[misc]
        sentences = [document.span(s.start, s.end).text for s in document.sentences]
        filled = [padded(text) for text in sentences]
        apart = _median(lambda texts=filled: [encode([text]) for text in texts], max(2, repeats // 5))  # type: ignore[misc]
        rows.append(Row(f"screen, {name}", whole, "ms", "each sentence by itself, padded", apart / whole))
    return rows


def padded(text: str) -> str:
    """The text with as many fillers as bring it to the common length."""
    return text + " the" * max(0, PADDED - len(shared_encoder().tokens([text], 0, [])[0]))


def _median(work: Callable[[], object], repeats: int) -> float:
    work()
    return median_ms(work, repeats)


if __name__ == "__main__":
    raise SystemExit(main())
