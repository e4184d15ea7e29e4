"""What entry points name: types of engines and auth methods, and nothing else."""

from __future__ import annotations

import logging

import pytest

from engines.transit.routes import TRANSIT
from server.runtime import plugins


def test_an_entry_point_names_an_engine_type(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    named = {"transit": TRANSIT, "class": type(TRANSIT)}
    monkeypatch.setattr(plugins, "load", lambda group, name: named.get(name))
    assert plugins.engine_type(plugins.ENGINES, "transit") is TRANSIT
    assert plugins.engine_type(plugins.ENGINES, "nothing") is None
    assert not caplog.records
    with caplog.at_level(logging.ERROR):
        assert plugins.engine_type(plugins.ENGINES, "class") is None
    assert [record.getMessage() for record in caplog.records] == [
        "the entry point class in cryptoserve.engines names no EngineType"
    ]


def test_ours_are_installed_as_a_third_party_s_would_be() -> None:
    for group in (plugins.ENGINES, plugins.AUTH_METHODS):
        for name in plugins.names(group):
            found = plugins.engine_type(group, name)
            assert found is not None and found.type in (name, "jwt")
