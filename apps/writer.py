"""The language model behind the pages: chosen at start, loaded once in the background, shared by all rooms."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from nma13.errors import LabError
from nma13.interpreter import Voice
from nma13.llm import Model, ModelChoice, explain_choice

BUNDLED_NOTE = "bundled; it shows the machinery, not the prose"


@dataclass(slots=True)
class Writer:
    """`line` says what is going on; `voice` waits for the model and is None when there is none."""

    spec: str | None = None
    use_model: bool = True
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _choice: ModelChoice | None = None
    _model: Model | None = None
    _small: bool = True
    _failure: str = ""
    _loading: bool = False

    @property
    def wish(self) -> str | None:
        """The model as other processes are told of it; `none` where the lab was opened without one."""
        return self.spec if self.use_model else "none"

    def warm(self) -> None:
        """Begin to load, so that the first question does not wait for it."""
        if self.use_model:
            threading.Thread(target=self._load_quietly, name="model", daemon=True).start()

    def line(self) -> str:
        """Which model writes here, in words, without waiting for it."""
        if not self.use_model:
            return "no model: structure only"
        choice = self._chosen()
        if choice.backend == "none":
            return "no model: structure only"
        model = self._model  # another thread may give it back meanwhile
        name = model.describe().model if model else choice.spec.rsplit("/", 1)[-1]
        if self._failure:
            return f"{name} could not be loaded; structure only"
        if model is None:
            return f"{name}, loading" if self._loading else name
        return f"{name}, {BUNDLED_NOTE}" if choice.bundled else name

    def failure(self) -> str:
        """Why there is no model although one was to run; empty when all is well."""
        return self._failure

    def report(self) -> dict[str, Any] | None:
        """What is known of the model that is loaded, as `./lab model --json` tells it; None before it is loaded."""
        model = self._model
        if model is None:
            return None
        from nma13.llm.probe import known_speed, model_report, probe_cached

        about = model.describe()
        probed = None if about.backend == "scripted" else probe_cached(model)
        return model_report(model, self._chosen(), probed=probed, speed=known_speed(about))

    def voice(self, seed: int = 0) -> Voice | None:
        """Who writes; loads the model if that has not happened yet. A model that fails leaves structure only."""
        if not self.use_model or self._chosen().backend == "none":
            return None
        self._load_quietly()
        model = self._model
        return Voice(model, self._small, seed) if model else None

    def close(self) -> bool:
        """Give the model back; False when it is still loading and would have to be waited for."""
        self.use_model = False
        if not self._lock.acquire(timeout=0.2):
            return False
        try:
            if self._model is not None:
                self._model.close()
                self._model = None
        finally:
            self._lock.release()
        return True

    def _chosen(self) -> ModelChoice:
        if self._choice is None:
            self._choice = explain_choice(self.spec)
        return self._choice

    def _load_quietly(self) -> None:
        with self._lock:
            if self._model is not None or self._failure or not self.use_model:
                return
            self._loading = True
            try:
                self._model, self._small = load(self._chosen())
            except LabError as error:
                self._failure = str(error)
            finally:
                self._loading = False


def load(choice: ModelChoice) -> tuple[Model, bool]:
    """The model, and whether it must write by choosing. A large one is loaded once for the whole machine."""
    from nma13.llm import open_model
    from nma13.llm.probe import probe_cached
    from nma13.llm.served import ensure_served, needs_sharing

    spec = choice.spec
    if needs_sharing(choice):
        served = ensure_served(spec)
        spec = f"openai:{served.url}#{served.model}"
    model = open_model(spec, look_for_served=False)
    scripted = model.describe().backend == "scripted"
    return model, not scripted and probe_cached(model).small
