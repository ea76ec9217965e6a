"""A small page with what an attacker looks for: handlers, an upload, foreign words, things that fail."""

from __future__ import annotations

import time
from typing import Any

from apps import pieces
from apps.gradio_setup import gr
from apps.html import el
from apps.lab import Lab
from apps.page import page
from apps.registry import App
from nma13.errors import LabError

PROBE = App("probe", "Probe <b>page</b>", "tests.probe_page", "python -m tests.probe_page")
HOSTILE = "<img src=x onerror=\"window.__hit='img'\"><script>window.__hit='script'</script>\"'&{{1+1}}${1}"
FAR_IMAGE = "![far](http://far.example:9/seen.png) and <img src='http://far.example:9/seen2.png'>"
SECRET = "the-inside-of-an-error"


def fail() -> str:
    raise RuntimeError(SECRET)


def fail_in_words() -> str:
    raise LabError("the <store> is locked; nothing was lost; try again")


def fail_midway() -> Any:
    yield "first"
    raise RuntimeError(SECRET)


def echo(words: str) -> str:
    return f"heard {words}"


def stuck() -> str:
    time.sleep(30)
    return "late"


def build(lab: Lab) -> Any:
    private = {"api_visibility": "private"}
    with page(lab, PROBE) as demo:
        words = gr.Textbox(label="Words")
        heard = gr.Textbox(label="Heard")
        file = gr.File(label="File")
        gr.Button("Take").click(lambda _: "taken", file, heard, queue=False, **private)
        gr.Button("Echo").click(echo, words, heard, **private)
        gr.Button("Fail").click(fail, None, heard, **private)
        gr.Button("Fail in words").click(fail_in_words, None, heard, queue=False, **private)
        gr.Button("Fail midway").click(fail_midway, None, heard, **private)
        gr.Button("Stuck").click(stuck, None, heard, **private)
        gr.Button("Main", variant="primary")
        gr.HTML(
            pieces.feed([pieces.Line("12:00", HOSTILE, HOSTILE)], HOSTILE)
            + pieces.cards(pieces.card(HOSTILE, HOSTILE, HOSTILE), label=HOSTILE)
            + el("p", [pieces.chip(tone, tone) for tone in ("plain", "calm", "warm", "alarm")])  # type: ignore[arg-type]
        )
        gr.Markdown(FAR_IMAGE)
    return demo
