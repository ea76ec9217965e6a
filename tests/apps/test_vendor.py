"""Plotly comes from the lab itself, packed where the browser can unpack, and is kept by browsers."""

from __future__ import annotations

import gzip

from apps import vendor
from tests.served import Served
from tests.wire import ask


def test_plotly_is_served_and_kept(local: Served) -> None:
    reply = ask(local.web, vendor.plotly_address())
    assert reply.status == 200
    assert reply.body == vendor.plotly_path().read_bytes()
    assert (reply.get("content-type") or "").startswith("text/javascript")
    assert "immutable" in (reply.get("cache-control") or "")


def test_plotly_is_packed_for_those_who_ask(local: Served) -> None:
    reply = ask(local.web, vendor.plotly_address(), headers={"Accept-Encoding": "gzip"})
    assert reply.get("content-encoding") == "gzip"
    assert gzip.decompress(reply.body) == vendor.plotly_path().read_bytes()
    assert len(reply.body) < 2_000_000


def test_another_version_has_another_address(local: Served) -> None:
    assert ask(local.web, vendor.plotly_address().replace(".js", "0.js")).status == 404
