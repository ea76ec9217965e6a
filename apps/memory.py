"""Memory: what the lab has kept, whether the loops are well, and how to have any of it forgotten."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from apps import remembered
from apps.gradio_setup import gr
from apps.lab import Lab
from nma13 import forgetting, takeout
from nma13.errors import UsageError
from nma13.forgetting import Forgotten

LOOK_EVERY_S = 3.0
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
KINDS = ("An episode", "A session", "A person's name", "A document", "Everything older than (days)")


def build(lab: Lab) -> None:
    """Statistics, loops and newest episodes; then search; then what can be done with it."""
    shown, seen = gr.HTML(lambda: remembered.memory_screen(lab.data)), gr.State("")
    gr.Timer(LOOK_EVERY_S).tick(lambda known: _look(lab, known), [seen], [shown, seen], **QUIET)
    with gr.Row():
        query = gr.Textbox(label="Search by likeness", placeholder="In any words: meaning counts too.", scale=4)
        search = gr.Button("Search", scale=1)
    found = gr.HTML()
    gr.on(
        [search.click, query.submit], lambda words: remembered.search_result(lab.data, words), [query], [found],
        show_progress="hidden", api_visibility="private",
    )  # fmt: skip
    with gr.Accordion("Forget", open=False):
        _forget(lab, shown)
    with gr.Accordion("Keep and take along", open=False):
        _keep(lab)


def _forget(lab: Lab, shown: Any) -> None:
    kind = gr.Radio(KINDS, value=KINDS[0], label="What is to be forgotten?")
    which = gr.Textbox(label="Which one? Its number, its name, or days")
    words_only = gr.Checkbox(label="An episode: forget its words, keep what was decided", value=False)
    sure = gr.Checkbox(label="I know that this cannot be undone", value=False)
    go = gr.Button("Forget", variant="stop")
    report = gr.HTML()

    def forget(kind: str, which: str, words_only: bool, sure: bool) -> tuple[Any, ...]:
        if not sure:
            raise UsageError("Tick that you know it cannot be undone. Nothing was changed.")
        done = _forgotten(lab, kind, which.strip(), words_only)
        return remembered.forgotten(done), remembered.memory_screen(lab.data), "", False

    go.click(forget, [kind, which, words_only, sure], [report, shown, which, sure], show_progress="hidden",
             api_visibility="private")  # fmt: skip


def _forgotten(lab: Lab, kind: str, which: str, words_only: bool) -> Forgotten:
    if not which:
        raise UsageError("Say which one. Nothing was changed.")
    ways: dict[str, Callable[[], Forgotten]] = {
        KINDS[0]: lambda: forgetting.forget_episode(_number(which.lstrip("#")), lab.data, redact=words_only),
        KINDS[1]: lambda: forgetting.forget_session(which, lab.data),
        KINDS[2]: lambda: forgetting.forget_name(which, lab.data),
        KINDS[3]: lambda: forgetting.forget_document(which, lab.data),
        KINDS[4]: lambda: forgetting.forget_older_than(_number(which), lab.data),
    }
    return ways[kind]()


def _keep(lab: Lab) -> None:
    with gr.Row():
        days = gr.Number(label="Keep runs for so many days (0: until I forget them)", value=0, minimum=0, precision=0)
        keep = gr.Button("Keep so long")
    told = gr.Markdown()
    make = gr.Button("Make an export")
    file = gr.DownloadButton("Download the export", visible=False)

    def retain(days: float) -> str:
        forgetting.set_retention(int(days) or None, lab.data)
        done = forgetting.retain(lab.data)
        gone = sum(done.removed.values()) if done else 0
        return f"Runs are kept for {int(days)} days; {gone} rows were removed." if days else "Runs are kept."

    def export() -> Any:
        taken = takeout.export(folder=lab.data)
        # Gradio hands out files only from its own folder, which is private; the copy there goes after a day.
        return gr.DownloadButton(f"Download {taken.path.name}", value=str(_handed_out(taken.path)), visible=True)

    keep.click(retain, [days], [told], **QUIET)
    make.click(export, None, [file], show_progress="hidden", api_visibility="private")


def _handed_out(path: Path) -> Path:
    folder = Path(os.environ["GRADIO_TEMP_DIR"]) / "export"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(shutil.move(path, folder / path.name))


def _look(lab: Lab, known: str) -> tuple[Any, Any]:
    now = remembered.version(lab.data)
    return (gr.skip(), gr.skip()) if now == known else (remembered.memory_screen(lab.data), now)


def _number(given: str) -> int:
    if not given.isdecimal():
        raise UsageError(f"«{given}» is no number. Nothing was changed.")
    return int(given)
