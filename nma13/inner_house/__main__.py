"""The process of one session. It owns its main thread, which MLX wants, and ends with the session.

It loads its model first and is told at its standard input what to deliberate; when that ends, so does it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from contextlib import closing
from pathlib import Path

from nma13.clock import now_ms
from nma13.errors import LabError
from nma13.inner_house import sessions
from nma13.inner_house.process import Order
from nma13.inner_house.runner import LOCK, Watch, run, warm
from nma13.llm import Model
from nma13.store import InstanceLock, open_rw


class Ear(threading.Thread):
    """Hears the order while the main thread loads: from then on the session beats, however long loading takes."""

    def __init__(self, folder: Path) -> None:
        super().__init__(name="inner-house-ear", daemon=True)
        self._folder = folder
        self.order: Order | None = None
        self.watch: Watch | None = None
        self.refused = ""
        self._lock: InstanceLock | None = None

    def run(self) -> None:
        self.order = Order.read(sys.stdin.buffer.readline())
        if self.order is None:
            return
        try:
            self._lock = InstanceLock(LOCK, self._folder).__enter__()  # until this process ends: the kernel frees it
            with closing(open_rw("memory", self._folder)) as connection:
                sessions.change(connection, self.order.session, pid=os.getpid(), beat_ms=now_ms())
        except LabError as error:
            self.refused = str(error)
            return
        self.watch = Watch(self.order.session, self._folder, self.order.timeout_s)
        self.watch.begin()


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m nma13.inner_house", description=__doc__)
    parser.add_argument("--model", default="")
    parser.add_argument("--data", type=Path, required=True)
    chosen = parser.parse_args(arguments)
    os.environ["NMA_DATA"] = str(chosen.data)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the coordinator's to hear: it cancels in the store
    ear = Ear(chosen.data)
    ear.start()
    try:
        with _open(chosen.model) as model:
            warm(model)
            ear.join()
            if ear.order is None:
                return 0
            if ear.watch is None:
                raise LabError(ear.refused)
            return _work(ear.order, chosen.data, model, ear.watch)
    except LabError as error:
        ear.join()
        if ear.order is not None:
            _say_failed(ear.order.session, chosen.data, str(error))
        print(f"inner house: {error}", file=sys.stderr)
        return 1


def _open(spec: str) -> Model:
    """The model; one too large to be loaded twice is shared through the lab's model server."""
    from nma13.llm import explain_choice, open_model
    from nma13.llm.served import ensure_served, needs_sharing

    choice = explain_choice(spec)
    if needs_sharing(choice):
        served = ensure_served(choice.spec)
        return open_model(f"openai:{served.url}#{served.model}")
    return open_model(choice.spec)


def _work(order: Order, folder: Path, model: Model, watch: Watch) -> int:
    try:
        run(order.session, folder, model, watch, order.state)
    finally:
        watch.end()
    if watch.late:
        with closing(open_rw("memory", folder)) as connection:
            minutes = watch.timeout_s / 60
            said = f"The time of {minutes:g} minutes was over. What the stations had finished is kept."
            sessions.end(connection, order.session, "timeout", now_ms(), said)
    return 0


def _say_failed(session_id: str, folder: Path, why: str) -> None:
    with closing(open_rw("memory", folder)) as connection:
        sessions.end(connection, session_id, "failed", now_ms(), f"{why} What was finished before is kept.")


if __name__ == "__main__":
    sys.exit(main())
