"""Names of namespaces, their reserved ones, and the normal form of paths."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from engines.faults import InvalidRequest
from server.tenants.namespaces.names import check_new_name, normalise, refuse_separators
from tests.server.tenants.namespaced import ask_in, make, with_key
from tests.support.systems import Server

RESERVED = ("root", "sys", "audit", "auth", "cubbyhole", "identity")


@pytest.mark.parametrize("name", RESERVED)
async def test_no_namespace_has_a_reserved_name(server: Server, name: str) -> None:
    status, answer = await server.ask("POST", f"sys/namespaces/{name}", {})
    assert status == 400
    assert answer["errors"] == [f'"{name}/" is a reserved path and cannot be used as a namespace name']


@pytest.mark.parametrize(
    "name", ["ROOT", "Root", "rOOt", "SYS", "Auth", "\uff52\uff4f\uff4f\uff54", "\uff33\uff39\uff33"]
)
def test_no_namespace_has_a_name_that_reads_like_a_reserved_one(name: str) -> None:
    with pytest.raises(InvalidRequest, match="reserved"):
        check_new_name(name)


@pytest.mark.parametrize("path", ["%20root", "root%20", "%72oot", "%72%6F%6F%74", "%52OOT", "root%2F", "%2Froot"])
async def test_root_is_reserved_however_it_is_escaped(server: Server, path: str) -> None:
    status, _ = await server.ask("POST", f"sys/namespaces/{path}", {})
    assert status == 400
    assert (await server.ask("LIST", "sys/namespaces"))[0] == 404


@pytest.mark.parametrize("header", ["root", "/root/", "root/", "/", ".", "./root", ""])
async def test_root_by_its_name_is_the_root_namespace(server: Server, header: str) -> None:
    await with_key(server, "")
    await make(server, "one")
    assert (await ask_in(server, header, "GET", "transit/keys/k"))[0] == 200


@pytest.mark.parametrize("header", ["ROOT", "Root", " root x", "%72oot", "root/root", "one/../root", "..", "one/.."])
async def test_other_spellings_of_root_name_nothing(server: Server, header: str) -> None:
    await with_key(server, "")
    await make(server, "one")
    assert await ask_in(server, header, "GET", "transit/keys/k") == (404, {"errors": ["namespace not found"]})


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a b", "a\u00a0b", "a\u2028b", "a+b", "a*", "\u200bx", "a\x7f", "x" * 256]
)
def test_names_that_would_mislead_or_not_fit_are_refused(name: str) -> None:
    with pytest.raises(InvalidRequest):
        check_new_name(name)


def test_long_names_are_not_put_into_normal_form(monkeypatch: pytest.MonkeyPatch) -> None:
    """Which takes quadratic time for combining marks."""

    def normalize(form: str, text: str) -> str:
        raise AssertionError(f"{len(text)} characters")

    monkeypatch.setattr("server.tenants.namespaces.names.unicodedata", SimpleNamespace(normalize=normalize))
    refuse_separators("a" + "\u0300\u0323" * 16_000)
    with pytest.raises(InvalidRequest, match="at most"):
        check_new_name("a" + "\u0300\u0323" * 16_000)


@pytest.mark.parametrize(
    ("path", "normal"),
    [("", ""), ("root", ""), ("/", ""), ("a", "a/"), ("/a//b/", "a/b/"), ("./a/.", "a/"), ("root/a", "root/a/")],
)
def test_the_form_of_paths(path: str, normal: str) -> None:
    assert normalise(path) == normal
