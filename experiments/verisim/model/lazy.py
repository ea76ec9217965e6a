"""torch, imported when it is first used: the lab's pages and the shipped models work without it."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from nma13.errors import LabError


class _Torch:
    """Stands for the module; one thread, since several were slower at these sizes on a shared machine."""

    _module: ModuleType | None = None

    def __getattr__(self, name: str) -> Any:
        if _Torch._module is None:
            _Torch._module = _load()
        return getattr(_Torch._module, name)


def _load() -> ModuleType:
    try:
        module = importlib.import_module("torch")
    except ImportError:
        raise LabError(
            "Training needs PyTorch, which is not installed. What is shipped can be looked at without it. "
            "Install it with: ./lab setup --all"
        ) from None
    module.set_num_threads(1)
    return module


torch = _Torch()
