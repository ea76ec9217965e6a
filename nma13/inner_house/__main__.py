"""The process of one session. It owns its main thread, which MLX wants, and ends with the session."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from contextlib import closing
from pathlib import Path

from nma13.errors import LabError
from nma13.inner_house import sessions
from nma13.inner_house.runner import LOCK, TIMEOUT_S, Watch, now_ms, run
from nma13.llm import Model
from nma13.store import InstanceLock, open_rw


def _open(spec: str) -> Model:
    """The model; one too large to be loaded twice is shared through the lab's model server."""
    from nma13.llm import explain_choice, open_model
    from nma13.llm.served import ensure_served, needs_sharing

    choice = explain_choice(spec)
    if needs_sharing(choice):
        served = ensure_served(choice.spec)
        return open_model(f"openai:{served.url}#{served.model}")
    return open_model(choice.spec)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nma13.inner_house", description=__doc__)
    parser.add_argument("session")
    parser.add_argument("--model", default="")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--timeout", type=float, default=TIMEOUT_S)
    chosen = parser.parse_args(arguments)
    os.environ["NMA_DATA"] = str(chosen.data)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to hear: it cancels in the store
    watch = Watch(chosen.session, chosen.data, chosen.timeout)
    try:
        with InstanceLock(LOCK, chosen.data):
            return _work(chosen.session, chosen.data, chosen.model, watch)
    except LabError as error:
        _say_failed(chosen.session, chosen.data, str(error))
        print(f"inner house: {error}", file=sys.stderr)
        return 1


def _work(session_id: str, folder: Path, spec: str, watch: Watch) -> int:
    with closing(open_rw("memory", folder)) as connection:
        sessions.change(connection, session_id, pid=os.getpid(), beat_ms=now_ms())
        session = sessions.read(connection, session_id)
    if session is not None and not session.under_way:
        return 0  # cancelled before it began: no model is loaded for it
    watch.begin()
    try:
        with _open(spec) as model:
            run(session_id, folder, model, watch)
    finally:
        watch.end()
    if watch.late:
        with closing(open_rw("memory", folder)) as connection:
            minutes = watch.timeout_s / 60
            said = f"The time of {minutes:g} minutes was over. What the stations had finished is kept."
            sessions.end(connection, session_id, "timeout", now_ms(), said)
    return 0


def _say_failed(session_id: str, folder: Path, why: str) -> None:
    with closing(open_rw("memory", folder)) as connection:
        sessions.end(connection, session_id, "failed", now_ms(), f"{why} What was finished before is kept.")


if __name__ == "__main__":
    sys.exit(main())
