"""Memory: what the lab has kept, whether the loops are well, and how to have any of it forgotten."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from apps import remembered
from apps.gradio_setup import gr
from apps.html import Html, el
from apps.lab import Lab
from apps.registry import QUIET
from nma13 import forgetting, takeout
from nma13.clock import now_ms
from nma13.errors import UsageError
from nma13.forgetting import Forgotten
from nma13.memory import VERDICTS, give_feedback
from nma13.store import open_rw
from nma13.store.doctor import diagnose

LOOK_EVERY_S = 3.0
LOOPS_EVERY_S = 30.0
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
    with gr.Accordion("Read one episode whole", open=False):
        _read(lab)
    with gr.Accordion("Forget", open=False):
        _forget(lab, shown)
    with gr.Accordion("Keep and take along", open=False):
        _keep(lab)
        _archive(lab, shown)
        _disk(lab)


def _read(lab: Lab) -> None:
    """All that was kept of a run, and what you think of it now."""
    with gr.Row():
        which = gr.Textbox(label="Its number", placeholder="12", max_lines=1, scale=1)
        go = gr.Button("Read", scale=1)
    whole = gr.HTML()
    with gr.Row():
        verdict = gr.Radio(list(VERDICTS), label="What do you think of its decision now?", scale=2)
        reason = gr.Textbox(label="Why (if you like)", scale=3)
        say = gr.Button("Keep what I think", scale=1)

    def read(which: str) -> Html:
        return remembered.episode_whole(lab.data, _number(which.strip().lstrip("#")))

    def judge(which: str, verdict: Any, reason: str) -> Html:
        if verdict is None:
            raise UsageError("Choose what you think of it first. Nothing was changed.")
        id_ = _number(which.strip().lstrip("#"))
        with closing(open_rw("memory", lab.data)) as connection:
            give_feedback(connection, id_, verdict, reason, now_ms())
        return read(which)

    gr.on([go.click, which.submit], read, [which], [whole], **QUIET)
    say.click(judge, [which, verdict, reason], [whole], **QUIET)


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

    def retain(days: float | None) -> str:  # None: the field was emptied
        due = forgetting.set_retention(int(days or 0) or None, lab.data)
        older = f" {due} are older than that; your next runs remove them, unless you set it to 0." if due else ""
        return f"Runs are kept for {int(days)} days.{older}" if days else "Runs are kept until you forget them."

    def export() -> Any:
        taken = takeout.export(folder=lab.data)
        # Gradio hands out files only from its own folder, which is private; the copy there goes after a day.
        return gr.DownloadButton(f"Download {taken.path.name}", value=str(_handed_out(taken.path)), visible=True)

    keep.click(retain, [days], [told], **QUIET)
    make.click(export, None, [file], show_progress="hidden", api_visibility="private")


def _archive(lab: Lab, shown: Any) -> None:
    """Old episodes into a file beside the store, and back again."""
    with gr.Row():
        days = gr.Number(label="Move episodes into an archive that are older than (days)", value=365, minimum=0)
        move = gr.Button("Move to an archive")
    with gr.Row():
        which = gr.Dropdown(_archives(lab), label="An archive")
        back = gr.Button("Put back")
    told = gr.HTML()

    def moved(days: float) -> tuple[Html, Html, Any]:
        taken = takeout.archive(days, lab.data)
        said = (
            f"{taken.rows['episodes']} episodes were moved to {taken.path.name} in {taken.path.parent}, after it had "
            "been read back."
            if taken
            else f"No episode is older than {days:g} days. Nothing was changed."
        )
        return el("p", said, role="status"), remembered.memory_screen(lab.data), gr.Dropdown(choices=_archives(lab))

    def put_back(which: str | None) -> tuple[Html, Html]:
        if not which:
            raise UsageError("Choose an archive first. Nothing was changed.")
        count = takeout.put_back(lab.data / "archive" / Path(which).name, lab.data)
        said = f"{count} episodes are back under their old numbers; the archive stays where it is."
        return el("p", said, role="status"), remembered.memory_screen(lab.data)

    move.click(moved, [days], [told, shown, which], show_progress="hidden", api_visibility="private")
    back.click(put_back, [which], [told, shown], show_progress="hidden", api_visibility="private")


def _archives(lab: Lab) -> list[str]:
    return sorted((path.name for path in (lab.data / "archive").glob("*.jsonl.gz")), reverse=True)


def _disk(lab: Lab) -> None:
    look = gr.Button("How long will the disk last?")
    told = gr.HTML()
    look.click(
        lambda: remembered.disk(diagnose(lab.data)), None, [told], show_progress="hidden", api_visibility="private"
    )


def _handed_out(path: Path) -> Path:
    folder = Path(os.environ["GRADIO_TEMP_DIR"]) / "export"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Path(shutil.move(path, folder / path.name))


def _look(lab: Lab, known: str) -> tuple[Any, Any]:
    # A loop that has stalled writes nothing, so the clock is a part of what may have changed.
    now = f"{remembered.version(lab.data)} {time.time() // LOOPS_EVERY_S}"
    return (gr.skip(), gr.skip()) if now == known else (remembered.memory_screen(lab.data), now)


def _number(given: str) -> int:
    if not given.isdecimal() or len(given) > 18:  # more is more than a database counts
        raise UsageError(f"«{given}» is no number. Nothing was changed.")
    return int(given)
