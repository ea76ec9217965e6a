"""Paths as text: everything lexical, nothing asked of a state."""

from __future__ import annotations

from functools import lru_cache


@lru_cache(maxsize=65536)
def resolve(cwd: str, path: str) -> str:
    """An absolute path without `.`, `..` and doubled slashes; `..` stops at the root."""
    parts: list[str] = [] if path.startswith("/") else [part for part in cwd.split("/") if part]
    for part in path.split("/"):
        if part == "..":
            if parts:
                parts.pop()
        elif part and part != ".":
            parts.append(part)
    return "/" + "/".join(parts)


def parent(path: str) -> str:
    """The directory a path lies in; the root lies in itself."""
    return path[: path.rfind("/")] or "/"


def name(path: str) -> str:
    return path[path.rfind("/") + 1 :]


def join(directory: str, child: str) -> str:
    return f"{directory.rstrip('/')}/{child}"


def under(directory: str) -> str:
    """What every path below a directory begins with."""
    return directory if directory == "/" else directory + "/"


def within(path: str, directory: str) -> bool:
    """Is it the directory itself, or below it?"""
    return path == directory or path.startswith(under(directory))
