"""A writer as a proposer: its lines become edits; what is no edit is left out."""

from __future__ import annotations

from experiments.verisim.asked import Asked, edits_in
from experiments.verisim.worlds import make_world
from experiments.verisim.worlds.contract import Action, Edit


def test_lines_become_edits_and_the_rest_is_left_out() -> None:
    said = "Sure!\nlink_add h0 h1\nlink_add 0\nflow_open 0 1 x\nrm -rf /\nexit 0\n" + "exit " + 5000 * "9"
    assert edits_in("network", said) == (Edit("link_add", (0, 1)), Edit("exit", (0,)))
    assert edits_in("filesystem", "create /a  644\ndelete /b\nresult 0 abc") == (
        Edit("delete", ("/b",)),
        Edit("result", (0, "abc")),
    )


def test_a_directory_and_an_empty_file_can_be_said() -> None:
    world = make_world("filesystem")
    state, quiet = world.initial(), world.initial().out  # type: ignore[attr-defined]
    for line, said in (
        ("mkdir a", f"create /a null 755\nresult 0 {quiet}"),
        ("touch a", f'create /a "" 644\nresult 0 {quiet}'),
    ):
        arm = Asked(world, lambda _, said=said: said)
        right = world.step(state, world.parse(line)).delta
        assert arm.predict_delta(state, world.parse(line)) == right


def test_a_path_that_looks_like_a_number_is_a_path() -> None:
    world = make_world("filesystem")
    state = world.step(world.initial(), world.parse("mkdir a")).state
    assert edits_in("filesystem", "move /a 5") == (Edit("move", ("/a", "5")),)
    assert world.apply(state, edits_in("filesystem", "move /a 5")) != state


def test_the_writer_sees_the_state_and_the_action() -> None:
    world, seen = make_world("network"), []

    def ask(prompt: str) -> str:
        seen.append(prompt)
        return "port_add h1 80\nexit 0"

    arm, state, action = Asked(world, ask), world.initial(), Action("svc_up", (1, 80))
    assert arm.predict_delta(state, action) == world.step(state, action).delta
    assert "svc_up h1 80" in seen[0]
    assert '"clock":0' in seen[0]
