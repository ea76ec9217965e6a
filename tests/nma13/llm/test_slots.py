"""Which computed prefix a request begins from."""

from __future__ import annotations

from collections import OrderedDict
from pathlib import Path
from typing import Any

from nma13.llm.slots import Slots, prefix_key

MATTER = prefix_key("matter")


class Noting(Slots):
    """Says what the library was asked to do; a test with real weights stands in tests/loops/test_bundled.py."""

    def __init__(self, folder: Path) -> None:
        super().__init__(2, folder, folder / "lib.sock")
        self.asked: list[tuple[str, str]] = []

    def _action(self, slot: int, action: str, filename: str = "") -> dict[str, Any]:
        self.asked.append((action, filename))
        return {"n_written": 1000}

    def computes(self, slot: int, canonical: bool) -> bool:
        computed: list[int] = []
        self.prepare(slot, "matter", 4000, canonical, computed.append)
        return bool(computed)


def test_a_shared_prefix_is_computed_once_and_restored_next_door(tmp_path: Path) -> None:
    slots = Noting(tmp_path)
    assert slots.computes(0, canonical=False)
    assert not slots.computes(1, canonical=False)
    assert slots.asked[-1] == ("restore", f"{MATTER}.state")


def test_a_canonical_state_is_never_one_that_grew_out_of_an_earlier_prompt(tmp_path: Path) -> None:
    slots = Noting(tmp_path)
    slots.computes(0, canonical=False)
    slots.asked.clear()
    assert slots.computes(0, canonical=True)
    assert [action for action, _ in slots.asked] == ["erase", "save", "restore"]
    assert not slots.computes(0, canonical=True)
    assert slots.asked[-1] == ("restore", f"{MATTER}-canonical.state")


def test_of_the_free_slots_the_one_that_holds_most_of_a_prefix_is_taken(tmp_path: Path) -> None:
    slots = Slots(3, tmp_path, tmp_path / "lib.sock")
    for slot, held in enumerate(("other rules", "rules, and a matter", "rules")):
        slots._held[slot] = held
    for shared, wanted in (("rules, and a matter that is new", 1), ("rules", 2), ("nothing alike", 2)):
        with slots.one(shared, False, lambda: False) as slot:
            assert slot == wanted
        slots._free.sort()


class UnderItsLock(OrderedDict[str, int]):
    """What is saved, as long as nobody reorders it beside a neighbour who saves and lets the oldest go."""

    def __init__(self, guard: Any) -> None:
        super().__init__()
        self._guarded_by = guard

    def move_to_end(self, key: str, last: bool = True) -> None:
        assert self._guarded_by.locked()
        super().move_to_end(key, last)


def test_what_is_saved_is_reordered_by_one_request_at_a_time(tmp_path: Path) -> None:
    slots = Noting(tmp_path)
    slots._saved = UnderItsLock(slots._saving)
    slots.computes(0, canonical=False)
    assert not slots.computes(1, canonical=False)
    assert slots.asked[-1] == ("restore", f"{MATTER}.state")
