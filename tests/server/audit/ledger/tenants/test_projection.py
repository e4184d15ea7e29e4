"""Which log an entry belongs to, and what of it a tenant's log has."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pytest

from server.audit.ledger.device.entries import shortened
from server.audit.ledger.tenants.projection import is_tenant_id, project, tenant_of
from tests.server.audit.ledger.ledgers import line, member, own_entry


def entry(namespace: Any = "abc", **more: Any) -> bytes:
    request = {"id": "r", "namespace": {"id": namespace, "path": "team/"}, **more}
    return line({"time": "2026-11-27T05:00:00Z", "type": "request", "request": request, "ledger": member(7)})


def test_an_entry_belongs_to_the_namespace_of_its_request() -> None:
    assert tenant_of(entry()) == "abc"
    assert tenant_of(entry("root")) is None
    assert tenant_of(own_entry(0, "opened")) is None
    assert tenant_of(own_entry(0, "rotated", namespace={"id": "abc"})) == "abc"


@pytest.mark.parametrize("text", ["root", "other"])
def test_data_do_not_choose_the_log(text: str) -> None:
    data = {"a": {"namespace": {"id": text}}, "b": [{"request": {"namespace": {"id": text}}}]}
    assert tenant_of(entry(data=data)) == "abc"
    assert tenant_of(entry("root", data=data)) is None
    stamp = {"ledger": {"worker": 1, "run": "x", "n": 1, "mono_ns": 1}}
    made = project(entry(data=stamp), "abc", 3, lambda path, limit: None)
    assert json.loads(made.entry)["request"]["data"] == stamp


@pytest.mark.parametrize("name", ["", "..", "a/b", "a" * 65, "root", "é", "a\n", "A-b"])
def test_ids_that_are_no_names_of_folders(name: str) -> None:
    assert not is_tenant_id(name)
    assert tenant_of(entry(name)) is None


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'"namespace":{"id":"abc"}',
        b'{"request":{"namespace":{"id":"abc"}}}',
        b'{"request":7,"namespace":{"id":"abc"}}',
        b'{"request":{"namespace":{"id":"abc"}},"ledger":{"worker":0,"run":"x","n":1,"mono_ns":1},"more":1}',
    ],
)
def test_what_is_no_entry_of_ours_belongs_to_none(content: bytes) -> None:
    assert tenant_of(content) is None


def test_a_tenants_entry_counts_the_tenants_own_alone() -> None:
    made = json.loads(project(entry(), "abc", 41, lambda path, limit: None).entry)
    assert made.pop("ledger") == {"n": 41}
    whole = json.loads(entry())
    del whole["ledger"]
    assert made == whole


def test_the_servers_entry_about_a_log_is_that_logs_own() -> None:
    given = own_entry(3, "rotated", namespace={"id": "abc"}, old=["a"], new=["b"], overlap_seconds=1)
    made = json.loads(project(given, "abc", 5, lambda path, limit: None).entry)
    expected = json.loads(own_entry(3, "rotated", old=["a"], new=["b"], overlap_seconds=1))
    assert made == {**expected, "ledger": {"n": 5}}


def test_a_large_body_is_the_tenants_too() -> None:
    body = entry(data={"long": "x" * 100})
    name = sha256(body).hexdigest()
    files = {f"large/{name}": body}
    made = project(shortened(body, name), "abc", 9, lambda path, limit: files.get(path))
    assert made.body is not None
    assert json.loads(made.body)["ledger"] == {"n": 9}
    assert made.name == sha256(made.body).hexdigest()
    assert json.loads(made.entry)["request"]["data"] == {"large": {"sha256": made.name, "size": len(made.body)}}
    assert b"mono_ns" not in made.entry + made.body
    files[f"large/{name}"] = body + b" "
    lost = project(shortened(body, name), "abc", 9, lambda path, limit: files.get(path))
    assert (lost.body, json.loads(lost.entry)["request"]["data"]["large"]["sha256"]) == (None, name)


def test_an_entry_that_is_long_without_its_data_keeps_its_namespace() -> None:
    body = entry(headers={"x": "y" * 70_000})
    short = shortened(body, sha256(body).hexdigest())
    assert len(short) < 1000
    assert tenant_of(short) == "abc"
