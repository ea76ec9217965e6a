"""Pages that are really served, one set a module, on free ports."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from apps.access import Access, choose_access
from tests.served import TOKEN, Served, start


@pytest.fixture(scope="module")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Access], Served]]:
    running: list[Served] = []

    def one(access: Access) -> Served:
        running.append(start(tmp_path_factory.mktemp("data"), access))
        return running[-1]

    yield one
    for served in running:
        served.servers.stop()


@pytest.fixture(scope="module")
def local(serve: Callable[[Access], Served]) -> Served:
    """As most people run it: loopback, no token."""
    return serve(Access())


@pytest.fixture(scope="module")
def networked(serve: Callable[[Access], Served]) -> Served:
    """As attacked from outside: bound to every address, named lab.test, with a token."""
    return serve(choose_access(host="0.0.0.0", allow_hosts=["lab.test"], env={"NMA_TOKEN": TOKEN}))
