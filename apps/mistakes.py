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


def told(words: str) -> gr.Error:
    """What a page shows until it is put away; the log has its own."""
    return gr.Error(words, duration=None, print_exception=False)


@contextmanager
def told_calmly() -> Iterator[None]:
    """Turns whatever is raised inside into something a page may show."""
    try:
        yield
    except gr.Error:
        raise
    except LabError as error:  # already written for people
        raise told(escape(str(error))) from None
    except Exception:  # noqa: BLE001 - the last line before the page; nothing is swallowed
        mark = secrets.token_hex(3)
        print(f"[{mark}] a handler failed:\n{traceback.format_exc()}", file=sys.stderr, flush=True)
        raise told(
            f"Something in the lab failed. What was stored before is untouched. The log has the details under {mark}."
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
    """Every handler of a finished page, so that no room can forget it; and the reading of what a call brings."""
    for handler in blocks.fns.values():
        if handler.fn is not None and not hasattr(handler.fn, "__wrapped__"):
            handler.fn = calm(handler.fn)
    blocks.preprocess_data = _fitting(blocks.preprocess_data)


def _fitting(read: Callable[..., Any]) -> Callable[..., Any]:
    """Gradio prints a call that does not fit its handler with all its values; those are somebody's words.

    Here it ends in a sentence for the caller, and in a line without any value for the log.
    """

    @functools.wraps(read)
    async def reading(handler: Any, values: Any, *rest: Any, **more: Any) -> Any:
        name, wanted = handler.api_name or "this handler", len(handler.inputs)
        if len(values) < wanted:
            raise told(
                f"Nothing was run: {name} wants {wanted} values and was given {len(values)}. docs/web.md shows calls."
            )
        try:
            return await read(handler, values, *rest, **more)
        except gr.Error as error:  # a component's own sentence about its value; for the caller alone
            error.print_exception = False
            raise
        except Exception as error:  # noqa: BLE001 - its text may hold the value; its kind and place do not
            where = traceback.extract_tb(error.__traceback__)[-1]
            kind = type(error).__name__
            print(f"a value given to {name} was refused: {kind} at {where.name}", file=sys.stderr, flush=True)
            raise told(
                f"Nothing was run: a value given to {name} is not of the kind it takes. docs/web.md shows calls."
            ) from None

    return reading
