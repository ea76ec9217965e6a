"""When a handler fails: a calm sentence with an id for the person, the whole traceback for the log only."""

from __future__ import annotations

import functools
import inspect
import secrets
import sys
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from apps.gradio_setup import gr
from nma13.errors import LabError


@contextmanager
def told_calmly() -> Iterator[None]:
    """Turns whatever is raised inside into something a page may show."""
    try:
        yield
    except gr.Error:
        raise
    except LabError as error:  # already written for people
        raise gr.Error(escape(str(error)), duration=None, print_exception=False) from None
    except Exception:  # noqa: BLE001 - the last line before the page; nothing is swallowed
        mark = secrets.token_hex(3)
        print(f"[{mark}] a handler failed:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        raise gr.Error(
            f"Something in the lab failed. What was stored before is untouched. The log has the details under {mark}.",
            duration=None,
            print_exception=False,
        ) from None


def calm(fn: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, failing calmly. It stays of its kind, because Gradio looks at that."""
    if inspect.isasyncgenfunction(fn):

        @functools.wraps(fn)
        async def stream(*args: Any, **kwargs: Any) -> AsyncIterator[Any]:
            with told_calmly():
                async for value in fn(*args, **kwargs):
                    yield value

        return stream
    if inspect.isgeneratorfunction(fn):

        @functools.wraps(fn)
        def steps(*args: Any, **kwargs: Any) -> Iterator[Any]:
            with told_calmly():
                yield from fn(*args, **kwargs)

        return steps
    if inspect.iscoroutinefunction(fn):

        @functools.wraps(fn)
        async def later(*args: Any, **kwargs: Any) -> Any:
            with told_calmly():
                return await fn(*args, **kwargs)

        return later

    @functools.wraps(fn)
    def now(*args: Any, **kwargs: Any) -> Any:
        with told_calmly():
            return fn(*args, **kwargs)

    return now


def calm_all(blocks: Any) -> None:
    """Every handler of a finished page, so that no room can forget it."""
    for handler in blocks.fns.values():
        if handler.fn is not None and not hasattr(handler.fn, "__wrapped__"):
            handler.fn = calm(handler.fn)
