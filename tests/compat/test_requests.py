"""What requests are turned into; every refusal here was observed on OpenBao 2.7.2."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compat.envelope import errors_body
from compat.queries import MAX_PAIRS, parse_form, parse_query
from compat.requests import Headers, Request, parse_request, read_headers
from compat.statuses import status_of, texts_of
from compat.urls import Redirect, Refusal
from engines.base import Operation
from engines.faults import Fault, InvalidRequest

PATCH = [(b"content-type", b"application/merge-patch+json")]
FORM = [(b"content-type", b"application/x-www-form-urlencoded")]


def ask(
    method: str, target: bytes, headers: Headers = (), body: bytes = b""
) -> tuple[int, bytes] | Request | Redirect | Refusal:
    """What becomes of a request: itself, or the status and body of its refusal."""
    path, _, query = target.partition(b"?")
    try:
        return parse_request(method, path, query, read_headers(headers), body)
    except Fault as fault:
        return status_of(fault), errors_body(texts_of(fault))


def understood(method: str, target: bytes, headers: Headers = (), body: bytes = b"") -> Request:
    request = ask(method, target, headers, body)
    assert isinstance(request, Request)
    return request


def refused(method: str, target: bytes, headers: Headers = (), body: bytes = b"") -> tuple[int, bytes]:
    answer = ask(method, target, headers, body)
    if isinstance(answer, Refusal):
        return answer.status, answer.body
    assert isinstance(answer, tuple)
    return answer


def test_an_ordinary_write() -> None:
    headers = [
        (b"host", b"127.0.0.1"),
        (b"x-vault-token", b"s.secret"),
        (b"x-vault-namespace", b"/team/a/"),
        (b"x-vault-wrap-ttl", b"90m"),
        (b"x-vault-wrap-format", b"jwt"),
        (b"x-vault-index", b"abc"),
        (b"content-type", b"text/plain"),
    ]
    body = b'{"plaintext":"aGk=","n":[1]}'
    request = parse_request(
        "POST", b"/v1/transit/encrypt/k%2f%C3%A9", b"x=1", read_headers(headers), body, ("10.0.0.1", 4711)
    )
    assert request == Request(
        "POST", Operation.UPDATE, "transit/encrypt/k/é", "team/a", True, "s.secret", {"plaintext": "aGk=", "n": [1]},
        5400.0, "jwt", "abc", headers, "10.0.0.1", 4711,
    )  # fmt: skip
    assert "secret" not in repr(request)
    assert "aGk" not in repr(request)


@pytest.mark.parametrize(
    ("method", "target", "operation", "path", "data"),
    [
        ("GET", b"/v1/a", Operation.READ, "a", {}),
        ("PUT", b"/v1/a", Operation.UPDATE, "a", {}),
        ("DELETE", b"/v1/a?x=1", Operation.DELETE, "a", {"x": "1"}),
        ("LIST", b"/v1/a?after=b", Operation.LIST, "a/", {"after": "b"}),
        ("LIST", b"/v1/a/?list=true", Operation.LIST, "a/", {"list": "true"}),
        ("SCAN", b"/v1/a", Operation.SCAN, "a/", {}),
        ("GET", b"/v1/a?list=true&x=1", Operation.LIST, "a/", {"x": "1"}),
        ("GET", b"/v1/a?list=%74RUE&list=true".replace(b"RUE", b"rue"), Operation.LIST, "a/", {}),
        ("GET", b"/v1/a?list=0&scan=T", Operation.SCAN, "a/", {"list": "0"}),
        ("GET", b"/v1/a?list=true&list=false", Operation.LIST, "a/", {}),
        ("GET", b"/v1/a?list", Operation.READ, "a", {"list": ""}),
        ("POST", b"/v1/a?list=yes", Operation.UPDATE, "a", {}),
        ("GET", b"/v1/a?help=0", Operation.HELP, "a", {}),
        ("GET", b"/v1/a?help=", Operation.READ, "a", {}),
        ("POST", b"/v1/a/?help=1", Operation.HELP, "a/", {}),
        ("OPTIONS", b"/v1/a?help=1", Operation.HELP, "a", {}),
        ("PATCH", b"/v1/a?help=1", Operation.HELP, "a", {}),
        ("HELP", b"/v1/a/b", Operation.HELP, "a/b", {}),
        ("HEAD", b"/v1/a?x=1", Operation.READ, "a", {"x": "1"}),
        ("POST", b"/v1/", Operation.UPDATE, "", {}),
        ("LIST", b"/v1/", Operation.LIST, "/", {}),
        ("GET", b"/v1/a..b/...", Operation.READ, "a..b/...", {}),
        ("GET", b"/v1/.well-known", Operation.READ, ".well-known", {}),
        ("GET", b"/v1/a%2f%2fb", Operation.READ, "a//b", {}),
        ("GET", b"/v1/%ff", Operation.READ, "\ufffd", {}),
        ("GET", b"/v1/a?x=1;y=2&z=%zz&w=a%20b+c&=5&v", Operation.READ, "a", {"w": "a b c", "": "5", "v": ""}),
        ("GET", b"/v1/a?x=1&x=2&x=3", Operation.READ, "a", {"x": ["1", "2", "3"]}),
    ],
)
def test_operations_paths_and_queries(
    method: str, target: bytes, operation: Operation, path: str, data: dict[str, Any]
) -> None:
    request = understood(method, target)
    assert (request.operation, request.path, request.data) == (operation, path, data)
    assert request.head == (method == "HEAD")


@pytest.mark.parametrize(
    ("method", "target", "location"),
    [
        ("GET", b"/v1/sys//mounts", "/v1/sys/mounts"),
        ("POST", b"/v1/sys/./mounts", "/v1/sys/mounts"),
        ("FOO", b"/v1/transit/../sys/mounts", "/v1/sys/mounts"),
        ("GET", b"/v1/sys", "/v1/sys/"),
        ("LIST", b"/v1/sys?list=true", "/v1/sys/?list=true"),
        ("GET", b"/v1/transit/keys/..", "/v1/transit"),
        ("GET", b"/v1/sys/mounts/..", "/v1/sys/"),
        ("GET", b"/v1/transit/keys/k//", "/v1/transit/keys/k/"),
        ("GET", b"/v1/..", "/"),
        ("GET", b"/v1/../../foo", "/foo"),
        ("GET", b"/v1/..//evil.example", "/evil.example"),
        ("GET", b"/v1/./", "/v1/"),
        ("GET", b"/v1//", "/v1/"),
        ("GET", b"/v1/a%2fb//c%20d", "/v1/a%2fb/c%20d"),
        ("GET", b'/v1/\xc3\xa9//"<b>', "/v1/%C3%A9/%22%3Cb%3E"),
        ("GET", b"/v1/sys//mounts?a=b&c=%zz", "/v1/sys/mounts?a=b&c=%zz"),
    ],
)
def test_unclean_paths_are_redirected(method: str, target: bytes, location: str) -> None:
    redirect = ask(method, target)
    assert redirect == Redirect(location)


def test_only_a_get_is_told_of_the_redirect_in_html() -> None:
    redirect = Redirect("/v1/a?b=c&d=e")
    assert redirect.body("GET") == b'<a href="/v1/a?b=c&amp;d=e">Temporary Redirect</a>.\n\n'
    assert redirect.body("POST") == b""


def error(text: str) -> bytes:
    return errors_body((text,))


NONE = b'{"errors":[]}\n'
RELATIVE = error("relative paths not supported")
SLASH = error("cannot write to a path ending in '/'")
BROKEN = error("failed to decode JSON input: unexpected EOF")
NEGATIVE = error("error parsing X-Vault-Wrap-TTL header: requested wrap ttl cannot be negative")
NO_TTL = error('error parsing X-Vault-Wrap-TTL header: time: invalid duration "abc"')
WRAP = [(b"x-vault-wrap-ttl", b"abc")]


@pytest.mark.parametrize(
    ("method", "target", "headers", "body", "answer"),
    [
        ("GET", b"/v2/x", [], b"", (404, NONE)),
        ("GET", b"/v1", [], b"", (404, NONE)),
        ("GET", b"//v1/sys/mounts", [], b"", (404, NONE)),
        ("GET", b"/V1/sys/mounts", [], b"", (404, NONE)),
        ("GET", b"/v1/a%zz", [], b"", (400, b"400 Bad Request")),
        ("GET", b"/v1/%", [], b"", (400, b"400 Bad Request")),
        *[("GET", b"/v1/a" + bad, [], b"", (400, b"")) for bad in (
            b"%07", b"%00b", b"%7f", b"%e2%80%a8", b"%e2%80%8b", b"%c2%85", b"%c2%a0", b"%0d", b"%1f",
        )],
        ("FOO", b"/v1/a%07", [], b"", (400, b"")),
        ("GET", b"/v1/%2e%2e/sys/mounts", [], b"", (400, RELATIVE)),
        ("GET", b"/v1/a/%2e/b", [], b"", (400, RELATIVE)),
        ("GET", b"/v1/a/..%2fb", [], b"", (400, RELATIVE)),
        ("GET", b"/v1/%2e%2e?help=1", [], b"", (400, RELATIVE)),
        ("OPTIONS", b"/v1/%2e%2e", [], b"", (400, RELATIVE)),
        ("POST", b"/v1/%2e%2e/", [], b"{}", (400, RELATIVE)),
        *[(method, b"/v1/a", [], b"", (405, NONE)) for method in ("TRACE", "CONNECT", "FOO", "get", "list", "PURGE")],
        ("TRACE", b"/v1/%2e%2e/x", [], b"", (405, NONE)),
        ("GET", b"/v1/a?list=yes", [], b"", (400, NONE)),
        ("GET", b"/v1/a?list=tRUE", [], b"", (400, NONE)),
        ("GET", b"/v1/a?list=+true", [], b"", (400, NONE)),
        ("GET", b"/v1/a?scan=yes", [], b"", (400, NONE)),
        ("GET", b"/v1/a?list=true&scan=true", [], b"", (400, NONE)),
        ("GET", b"/v1/a?help=true&list=yes", [], b"", (400, NONE)),
        ("GET", b"/v1/%2e%2e/x?list=yes", [], b"", (400, NONE)),
        ("POST", b"/v1/a/", [], b"{}", (400, SLASH)),
        ("PUT", b"/v1/a%2f", [], b"", (400, SLASH)),
        ("PATCH", b"/v1/a/", PATCH, b"{}", (400, SLASH)),
        ("POST", b"/v1/a/", [], b"{", (400, BROKEN)),
        ("POST", b"/v1/%2e%2e/x", [], b"{", (400, BROKEN)),
        ("PATCH", b"/v1/a", PATCH, b"{", (400, BROKEN)),
        ("POST", b"/v1/a", [(b"x-vault-wrap-ttl", b"-1s")], b"", (400, NEGATIVE)),
        ("POST", b"/v1/a/", WRAP, b"", (400, NO_TTL)),
        ("POST", b"/v1/%2e%2e/x", WRAP, b"", (400, NO_TTL)),
        ("OPTIONS", b"/v1/a", WRAP, b"", (400, NO_TTL)),
        ("POST", b"/v1/a", WRAP, b"{", (400, BROKEN)),
        ("FOO", b"/v1/a", WRAP, b"", (405, NONE)),
        ("PATCH", b"/v1/a", WRAP, b"", (400, error("mime: no media type"))),
        ("GET", b"/v1/a?list=yes", WRAP, b"", (400, NONE)),
    ],
)  # fmt: skip
def test_refusals(method: str, target: bytes, headers: Headers, body: bytes, answer: tuple[int, bytes]) -> None:
    assert refused(method, target, headers, body) == answer


WRONG_TYPE = "PATCH requires Content-Type of application/merge-patch+json, provided "


@pytest.mark.parametrize(
    ("content_type", "status", "text"),
    [
        (b"", 400, "mime: no media type"),
        (b"/", 400, "mime: no media type"),
        (b";", 400, "mime: no media type"),
        ("é/x".encode(), 400, "mime: no media type"),
        (b"application/json", 415, WRONG_TYPE + "application/json"),
        (b"application/json; a=b; a=b", 415, WRONG_TYPE + "application/json"),
        (b"text", 415, WRONG_TYPE + "text"),
        (b"a/b; x", 400, "mime: invalid media parameter"),
        (b"application/merge-patch+json; charset", 400, "mime: invalid media parameter"),
        (b"application/merge-patch+json; =x", 400, "mime: invalid media parameter"),
        (b"text/plain, application/merge-patch+json", 400, "mime: unexpected content after media subtype"),
        (b"application/ json", 400, "mime: expected token after slash"),
        (b"a/b;a=b;a=c", 400, "mime: duplicate parameter name"),
        (b"foo bar", 400, "mime: expected slash after first token"),
    ],
)
def test_patch_wants_its_type(content_type: bytes, status: int, text: str) -> None:
    assert refused("PATCH", b"/v1/a", [(b"content-type", content_type)], b"{}") == (status, error(text))


@pytest.mark.parametrize(
    "content_type",
    [
        b"application/merge-patch+json",
        b"application/merge-patch+json; charset=utf-8",
        b"application/merge-patch+json;",
        b"APPLICATION/MERGE-PATCH+JSON",
        b'application/merge-patch+json; a="b; c"',
    ],
)
def test_patch(content_type: bytes) -> None:
    request = understood("PATCH", b"/v1/a", [(b"content-type", content_type)], b'{"x":1}')
    assert (request.operation, request.data) == (Operation.PATCH, {"x": 1})


@pytest.mark.parametrize(
    ("headers", "ambiguous"),
    [
        ([(b"content-length", b"2")], False),
        ([(b"transfer-encoding", b"chunked")], False),
        ([(b"content-length", b"2"), (b"transfer-encoding", b"chunked")], True),
        ([(b"transfer-encoding", b"identity"), (b"content-length", b"0")], True),
    ],
)
def test_a_body_has_one_length(headers: Headers, ambiguous: bool) -> None:
    assert read_headers(headers).ambiguous is ambiguous


@pytest.mark.parametrize(
    ("headers", "token"),
    [
        ([(b"x-vault-token", b"a"), (b"authorization", b"Bearer b")], "a"),
        ([(b"authorization", b"Bearer b"), (b"x-vault-token", b"a")], "a"),
        ([(b"x-vault-token", b""), (b"authorization", b"Bearer b")], "b"),
        ([(b"x-vault-token", b"a"), (b"x-vault-token", b"b")], "a"),
        ([(b"authorization", b"Basic x"), (b"authorization", b"Bearer b")], "b"),
        ([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer b")], "a"),
        ([(b"authorization", b"Bearer  b ")], "b"),
        ([(b"authorization", b"bearer b")], ""),
        ([(b"authorization", b"Bearer\tb")], ""),
        ([(b"authorization", b"Bearer")], ""),
        ([], ""),
    ],
)
def test_tokens(headers: Headers, token: str) -> None:
    assert understood("GET", b"/v1/a", headers).token == token


@pytest.mark.parametrize(
    ("value", "namespace"),
    [(b"", ""), (b"/", ""), (b"root", ""), (b"root/", ""), (b".", ""), (b"ns1/", "ns1"), (b"/a/b", "a/b"),
     (b"root/ns1", "root/ns1"), ("é".encode(), "é"), (b"\xff", "\ufffd")],
)  # fmt: skip
def test_namespaces(value: bytes, namespace: str) -> None:
    headers = [(b"x-vault-namespace", value)]
    assert understood("GET", b"/v1/a", headers).namespace == namespace
    assert read_headers(headers).namespace == value


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(b"0", 0), (b"", 0), (b"60", 60), (b"1.5s", 1.5), (b"500ms", 0.5), (b" 60 ", 60), (b"30d", 2592000), (b"-0", 0)],
)
def test_wrapping(value: bytes, seconds: float) -> None:
    assert understood("POST", b"/v1/a", [(b"x-vault-wrap-ttl", value)]).wrap_ttl_seconds == seconds


def test_help_looks_at_nothing_else() -> None:
    assert understood("POST", b"/v1/a?help=1", WRAP, b"{").operation is Operation.HELP


@pytest.mark.parametrize(
    ("content_type", "body", "data"),
    [
        (b"application/x-www-form-urlencoded", b"a=1&b=x%20y+z&a=2", {"a": "1,2", "b": "x y z"}),
        (b"application/x-www-form-urlencoded; charset=utf-8", b"a", {"a": ""}),
        (b"APPLICATION/X-WWW-FORM-URLENCODED;", b"&&a=1", {"a": "1"}),
        (b"application/x-www-form-urlencoded", b' {"a":1}', {"a": 1}),
        (b"application/x-www-form-urlencoded", b"null", {"null": ""}),
        (b"application/x-www-form-urlencoded", b"", {}),
        (b"text/plain", b'{"a":1}', {"a": 1}),
        (b"text/plain", b" \n", {}),
    ],
)
def test_bodies(content_type: bytes, body: bytes, data: dict[str, Any]) -> None:
    assert understood("POST", b"/v1/a", [(b"content-type", content_type)], body).data == data


NO_JSON = "failed to decode JSON input: invalid character 'i' looking for beginning of value"


@pytest.mark.parametrize(
    ("content_type", "body", "text"),
    [
        (b"application/x-www-form-urlencoded", b"a=%zz", "error parsing form data"),
        (b"application/x-www-form-urlencoded", b"a;b", "error parsing form data"),
        (b"application/x-www-form-urlencoded", b"{", "failed to decode JSON input: unexpected EOF"),
        (b"application/x-www-form-urlencoded; x", b"i", NO_JSON),
        (b"multipart/form-data; boundary=x", b"i", NO_JSON),
    ],
)  # fmt: skip
def test_broken_bodies(content_type: bytes, body: bytes, text: str) -> None:
    assert refused("POST", b"/v1/a", [(b"content-type", content_type)], body) == (400, error(text))


@pytest.mark.parametrize("parse", [parse_query, parse_form])
def test_the_number_of_parameters_is_bounded(parse: Any) -> None:
    with pytest.raises(InvalidRequest):
        parse(b"a&" * MAX_PAIRS + b"a")


NAMES = [b"x-vault-token", b"authorization", b"content-type", b"x-vault-wrap-ttl", b"x-vault-namespace", b"host"]


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "LIST", "SCAN", "DELETE", "HEAD", "OPTIONS", "HELP", "X"]),
    st.binary(max_size=30) | st.text("/.%2ef0azé\x00", max_size=20).map(str.encode),
    st.binary(max_size=30) | st.text("list=true&scanhelp;%2", max_size=30).map(str.encode),
    st.lists(st.tuples(st.sampled_from(NAMES), st.binary(max_size=20)), max_size=4),
    st.binary(max_size=30),
)
def test_any_request_is_understood_or_refused(
    method: str, path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    try:
        request = parse_request(method, b"/v1/" + path, query, read_headers(headers), body)
    except Fault as fault:
        assert status_of(fault) in (400, 404)
        return
    if isinstance(request, Redirect):
        assert request.location.isascii()
        assert not request.location.startswith("//")
    elif isinstance(request, Request):
        assert request.path.isprintable()
        assert not {".", ".."} & set(request.path.split("/"))
