"""The llamacpp backend on the bundled weights."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nma13.config import ROOT
from nma13.llm import Cancel, Chunk, Model, ModelError, ModelTimeout, ModelUnavailable, Request
from nma13.llm.llamacpp import LlamaCpp

pytestmark = pytest.mark.model
Ask = Callable[..., Request]
LONG = {"max_tokens": 800, "temperature": 0.9, "seed": 3}
RATING = {
    "type": "object",
    "properties": {"friction": {"enum": ["NONE", "LOW", "HIGH"]}, "level": {"type": "integer"}},
    "required": ["friction", "level"],
    "additionalProperties": False,
}


def test_seven_stations_share_one_computed_prefix(llamacpp: LlamaCpp, seven: list[Request]) -> None:
    assert isinstance(llamacpp, Model)
    done = llamacpp.generate(seven)
    assert len(done) == 7
    assert all(c.text and 0 < c.completion_tokens <= 12 for c in done)
    assert all(c.cached_tokens > 0.8 * c.prompt_tokens for c in done), "the shared part was read once"


def test_pieces_add_up_and_several_streams_interleave(llamacpp: LlamaCpp, seven: list[Request]) -> None:
    texts, ends, order = [""] * 7, [""] * 7, []
    for index, chunk in llamacpp.stream_many(seven):
        texts[index] += chunk.text
        order.append(index)
        if chunk.completion is not None:
            ends[index] = chunk.completion.text
    assert texts == ends
    assert order.index(6) < len(order) - 1 - order[::-1].index(0), "the last began before the first ended"


def test_the_same_seed_gives_the_same_text_whatever_ran_before(llamacpp: LlamaCpp, seven: list[Request]) -> None:
    """The reproducible mode: alone, in another order, after other texts; byte for byte."""
    alone = [replace(request, reproducible=True, temperature=0.8) for request in seven[:3]]
    first = [c.text for c in llamacpp.generate(alone)]
    llamacpp.generate(seven)
    again = [c.text for c in llamacpp.generate(alone[::-1])][::-1]
    assert first == again
    (other,) = llamacpp.generate([replace(alone[0], seed=99)])
    assert other.text != first[0]


def test_json_keeps_its_schema_while_decoding(llamacpp: LlamaCpp, ask: Ask) -> None:
    requests = [ask(f"Rate case {i}.", json_schema=RATING, max_tokens=60, seed=i) for i in range(3)]
    for done in llamacpp.generate(requests):
        assert done.parse_failure is None
        assert done.parsed["friction"] in ("NONE", "LOW", "HIGH")
        assert isinstance(done.parsed["level"], int)


def test_json_cut_short_is_a_failure_and_no_result(llamacpp: LlamaCpp, ask: Ask) -> None:
    (done,) = llamacpp.generate([ask("Rate it.", json_schema=RATING, max_tokens=4)])
    assert done.parsed is None
    assert done.parse_failure is not None
    assert "cut off" in done.parse_failure.reason


def test_a_grammar_holds_and_a_broken_one_is_refused(llamacpp: LlamaCpp, ask: Ask) -> None:
    (done,) = llamacpp.generate([ask("Hm?", grammar='root ::= "I hear " ("you" | "that") "."')])
    assert done.text in ("I hear you.", "I hear that.")
    with pytest.raises(ModelError, match="grammar"):
        llamacpp.generate([ask("Hm?", grammar="root ::= ((")])


def test_a_choice_is_one_of_the_options(llamacpp: LlamaCpp, ask: Ask) -> None:
    options = ['say "no"', "two\nlines", "ja – öffnen", "ja"]
    chosen = llamacpp.choose(ask("Which one?"), options)
    assert chosen.option == options[chosen.index]
    assert chosen.how == "constrained decoding"
    assert llamacpp.choose(ask("Which one?"), ["only"]).index == 0
    with pytest.raises(ModelError, match="option"):
        llamacpp.choose(ask("Which one?"), [])


def test_stop_words_end_the_text(llamacpp: LlamaCpp, ask: Ask) -> None:
    (free,) = llamacpp.generate([ask("Tell me about rivers.", max_tokens=30)])
    word = free.text.split()[3]
    (done,) = llamacpp.generate([ask("Tell me about rivers.", max_tokens=30, stop=(word,))])
    assert word not in done.text
    assert done.finish_reason == "stop"


def test_a_cancel_stops_the_library_itself(llamacpp: LlamaCpp, ask: Ask) -> None:
    cancel, begun, seen = Cancel(), 0.0, list[Chunk]()
    for chunk in llamacpp.stream(ask("Tell a very long story.", **LONG), cancel):
        seen.append(chunk)
        if len(seen) == 3:
            begun = time.monotonic()
            cancel.cancel()
    assert time.monotonic() - begun < 1
    assert seen[-1].completion is not None
    assert seen[-1].completion.finish_reason == "cancelled"
    # All slots are free again at once: had it gone on writing, a lone run would wait for it.
    begun = time.monotonic()
    llamacpp.generate([ask("Hi.", max_tokens=1, reproducible=True)])
    assert time.monotonic() - begun < 3


def test_a_deadline_keeps_what_had_arrived(llamacpp: LlamaCpp, ask: Ask) -> None:
    with pytest.raises(ModelTimeout) as caught:
        llamacpp.generate([ask("Tell a very long story.", timeout_s=0.5, **LONG)])
    assert caught.value.partial


def test_a_prompt_too_long_is_told_with_both_numbers(llamacpp: LlamaCpp, ask: Ask) -> None:
    with pytest.raises(ModelError, match=r"has room for 1024"):
        llamacpp.generate([ask("word " * 3000)])


def test_surrogates_and_nul_reach_the_model_without_harm(llamacpp: LlamaCpp, ask: Ask) -> None:
    (done,) = llamacpp.generate([ask("a \ud800 b \x00 c \u202e d", max_tokens=2)])
    assert done.completion_tokens > 0


def test_it_says_what_it_is_and_leaves_nothing_open(llamacpp: LlamaCpp) -> None:
    about = llamacpp.describe()
    assert about.backend == "llamacpp"
    assert (about.slots, about.context, about.threads) == (7, 1024, 1)
    assert about.threads_why == "NMA_THREADS=1"
    assert not about.leaves_machine
    assert about.size_bytes
    assert about.parameters


def test_closing_frees_everything_and_opens_no_port(gguf: Path, model_data: Path) -> None:
    """In a process of its own: after close no thread, no folder and no listening port is left."""
    code = """
import os, sys, glob, tempfile, threading, pathlib
from nma13.llm import open_model, Request, Message
model = open_model(sys.argv[1], slots=2, context=256)
listening = [l for f in ("/proc/self/net/tcp", "/proc/self/net/tcp6") if os.path.exists(f)
             for l in open(f).read().splitlines()[1:] if l.split()[3] == "0A"]
inodes = {os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd")
          if os.path.islink(f"/proc/self/fd/{n}")} if os.path.isdir("/proc/self/fd") else set()
ours = [l for l in listening if f"socket:[{l.split()[9]}]" in inodes]
model.generate([Request((Message("user", "Hi"),), max_tokens=2)])
folder = model._folder
model.close(); model.close()
print(len(ours), folder.exists())
"""
    done = subprocess.run(
        [sys.executable, "-c", code, f"llamacpp:{gguf}"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.split() == ["0", "False"], done.stderr
    assert done.stderr == "", "the library's log stays silent"


INTERRUPTED = """
import os, signal, sys, threading
import xllamacpp
load = xllamacpp.Server
def interrupted(params):
    threading.Timer(0.1, os.kill, (os.getpid(), int(sys.argv[2]))).start()
    return load(params)
xllamacpp.Server = interrupted
signal.signal(signal.SIGTERM, signal.default_int_handler)
from nma13.llm import open_model
try:
    with open_model(sys.argv[1]):
        pass
    print("too late")
except KeyboardInterrupt:
    print("ended")
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_while_the_model_loads_ends_the_process(gguf: Path, model_data: Path, number: int) -> None:
    """The library took the signal for itself, and the process hung for good."""
    words = [sys.executable, "-c", INTERRUPTED, f"llamacpp:{gguf}", str(int(number))]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["ended"], done.stderr


def test_a_closed_model_says_so(gguf: Path, model_data: Path, ask: Ask) -> None:
    model = LlamaCpp(gguf, slots=1, context=256)
    model.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        model.generate([ask("Hi.")])
