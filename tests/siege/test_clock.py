"""A clock that goes back, leaps ahead, or stands at 1970: nothing is lost, doubled or thrown away."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from apps.guard.sign_in import SESSION_S, SignIn
from loops.cycle import next_cycle
from loops.registry import PROGRAMMES
from loops.status import read_status
from nma13.forgetting import DAY_MS, retain, set_retention
from nma13.kit import default_kit
from nma13.llm.scripted import ScriptedModel
from nma13.navigation_loop import Turn, navigate
from nma13.store import open_ro, open_rw
from nma13.store.backup import backup
from nma13.store.doctor import diagnose
from nma13.store.lock import InstanceLock
from nma13.store.units import beat
from tests.loops.helpers import NOW, cycles

A = PROGRAMMES["a"]


def wild() -> Callable[[], int]:
    """Every look at the clock shows something else: years back, years ahead, the very beginning."""
    chance = random.Random(1)
    return lambda: chance.choice((0, NOW, NOW - 400 * DAY_MS, NOW + 4000 * DAY_MS, NOW + chance.randrange(1000)))


def episodes(folder: Path) -> list[int]:
    with closing(open_ro("memory", folder)) as connection:
        return [row[0] for row in connection.execute("SELECT id FROM episodic_memory ORDER BY id")]


def ask(now: int, text: str = "Shall I sell the house?") -> Turn:
    return [step for step in navigate(text, default_kit(None), clock=lambda: now) if isinstance(step, Turn)][-1]


@pytest.mark.parametrize("loop", PROGRAMMES.values(), ids=lambda loop: loop.source)
def test_cycles_under_a_wild_clock_are_whole_and_in_order(loop, tmp_path: Path) -> None:
    with closing(open_rw(loop.tables.database, tmp_path)) as connection:
        cycles(connection, loop, ScriptedModel(), [1, 2, 3], now_ms=wild())
        rows = connection.execute(f"SELECT cycle, status, output_count, seconds FROM {loop.tables.cycles}").fetchall()
        assert [tuple(row)[:3] for row in rows] == [(1, "done", 21), (2, "done", 21), (3, "done", 21)]
        assert all(row["seconds"] >= 0 for row in rows)
        assert next_cycle(connection, loop) == 4
    assert diagnose(tmp_path, thorough=True, now_ms=0).healthy
    assert backup(tmp_path / "copies", tmp_path).databases


@pytest.mark.parametrize("off_s", [-3600, -86_400 * 400, 5])
def test_a_running_loop_is_no_stalled_loop_because_the_clock_was_put_back(tmp_path: Path, off_s: int) -> None:
    with closing(open_rw("memory", tmp_path)) as connection, InstanceLock("loop_a", tmp_path):
        cycles(connection, A, ScriptedModel(), [1])
        beat(connection, "loop_a", 1, "running", 1, NOW + off_s * 1000)
        status = read_status(A, tmp_path, 900.0, now=NOW / 1000 + off_s)
    assert status.state == "running"
    assert (status.seconds_since_output or 0) >= 0


def test_a_leap_ahead_forgets_nothing_before_it_was_announced(data_folder: Path) -> None:
    """The one moment at which a wrong clock could destroy: retention."""
    set_retention(30)
    for day in range(3):
        ask(NOW + day * DAY_MS)
    told = ask(NOW + 4000 * DAY_MS)
    assert episodes(data_folder) == [1, 2, 3, 4]
    assert any("will be forgotten with your next run" in notice.text for notice in told.state.notices)
    ask(NOW + 3 * DAY_MS)  # the clock was set right
    ask(NOW + 4 * DAY_MS)
    assert episodes(data_folder) == [1, 2, 3, 4, 5, 6]


def test_after_a_long_absence_the_second_run_forgets(data_folder: Path) -> None:
    set_retention(30)
    ask(NOW)
    ask(NOW + 100 * DAY_MS)
    assert episodes(data_folder) == [1, 2]
    ask(NOW + 100 * DAY_MS + 1000)
    assert episodes(data_folder) == [2, 3]


def test_who_comes_once_in_a_long_while_is_forgotten_too(data_folder: Path) -> None:
    """One run a visit: what one visit announced goes with the next."""
    set_retention(30)
    for visit in range(4):
        ask(NOW + visit * 100 * DAY_MS)
    assert episodes(data_folder) == [3, 4]


def test_who_asks_for_it_is_not_kept_waiting(data_folder: Path) -> None:
    ask(NOW)
    set_retention(30)
    done = retain(now_ms=NOW + 100 * DAY_MS)
    assert done is not None
    assert done.removed
    assert episodes(data_folder) == []


def test_a_clock_put_back_forgets_nothing(data_folder: Path) -> None:
    set_retention(1)
    ask(NOW)
    ask(NOW - 4000 * DAY_MS)
    ask(0)
    assert len(episodes(data_folder)) >= 2


def test_sign_in_under_a_changed_clock() -> None:
    now = [NOW / 1000]
    door = SignIn("a-long-enough-token", b"k" * 32, clock=lambda: now[0])
    session, code = door.new_session(), door.mint_code()
    now[0] -= 86_400 * 365
    assert door.is_session(session), "put back, nobody is thrown out"
    now[0] += 86_400 * 365 + SESSION_S + 1
    assert not door.is_session(session), "leapt ahead, everybody signs in again"
    assert not door.redeem(code)
    assert door.is_token("a-long-enough-token")
