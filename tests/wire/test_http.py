"""HTTP itself: verbs, headers, limits, odd paths and odd clients, on a real socket of a real server."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator

import pytest

from tests.support import processes
from tests.support.certificates import issue
from tests.support.products import Product
from tests.support.servers import Server
from tests.wire.raw import Closed, RawConnection

LIMIT_BYTES = 1024 * 1024
TIMEOUT_SECONDS = 1
MOST_PROCESSOR_SECONDS = 2.0
"""What a body of the largest size may cost a server."""

PLAINTEXT = b'{"plaintext": "YXR0YWNr"}'


@pytest.fixture(scope="module", params=[False, True], ids=["plain", "TLS"])
def server(
    product: Product, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server with tight limits, shared by the tests of this module."""
    directory = tmp_path_factory.mktemp(product.value)
    tls = issue(directory) if request.param else None
    limits = (
        f"  max_request_size = {LIMIT_BYTES}\n"
        f'  http_read_header_timeout = "{TIMEOUT_SECONDS}s"\n'
        f'  http_read_timeout = "{2 * TIMEOUT_SECONDS}s"\n'
    )
    with Server(product, directory, tls=tls, listener=limits) as started:
        started.initialize()
        started.unseal()
        started.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        started.request("POST", "transit/keys/orders", {}).data()
        yield started


@pytest.fixture
def raw(server: Server) -> Iterator[RawConnection]:
    """A fresh connection."""
    with connect(server) as connection:
        yield connection


def connect(server: Server) -> RawConnection:
    """A connection to ``server``, over TLS if it has that."""
    context = None if server.tls is None else ssl.create_default_context(cafile=str(server.tls.authority))
    return RawConnection(server, context)


def still_serves(server: Server) -> bool:
    """Whether others are served as before."""
    return server.request("POST", "transit/encrypt/orders", json.loads(PLAINTEXT)).status == 200


@pytest.mark.parametrize(
    ("method", "target", "status"),
    [
        ("GET", "/v1/sys/health", 200),
        ("GET", "/v1/sys/seal-status", 200),
        ("GET", "/v1/sys/mounts", 200),
        ("POST", "/v1/sys/policies/acl/headers", 204),
        ("POST", "/v1/transit/encrypt/orders", 400),
        ("GET", "/v1/transit/keys/nope", 404),
        ("GET", "/v1/nope/nope", 404),
        ("GET", "/v1/sys/seal", 405),
        ("TRACE", "/v1/sys/mounts", 405),
        ("GET", "/v1/transit/keys?list=yes", 400),
    ],
)
def test_headers_of_every_answer(server: Server, raw: RawConnection, method: str, target: str, status: int) -> None:
    body = None
    if method == "POST":
        body = b'{"policy": "path \\"a\\" { capabilities = [\\"read\\"] }"}'
    answer = raw.ask(method, target, body)
    assert answer.status == status, answer.body
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-type"] == "application/json"
    # Ours adds `preload` under TLS, which no browser would heed elsewhere.
    preload = "; preload" if server.tls is not None and server.product is Product.CRYPTOSERVE else ""
    assert answer.headers["strict-transport-security"] == f"max-age=31536000; includeSubDomains{preload}"


def test_answers_name_no_server_software(raw: RawConnection) -> None:
    headers = raw.ask("GET", "/v1/sys/health").headers
    assert not {"server", "x-powered-by"} & headers.keys()


def test_no_token_no_answer(raw: RawConnection) -> None:
    answer = raw.ask("GET", "/v1/sys/mounts", headers={"X-Vault-Token": ""})
    assert (answer.status, answer.json()) == (403, {"errors": ["permission denied"]})


def test_bearer_token(server: Server, raw: RawConnection) -> None:
    bearer = {"X-Vault-Token": "wrong", "Authorization": f"Bearer {server.root_token}"}
    assert raw.ask("GET", "/v1/sys/mounts", headers=bearer).status == 403
    raw.send(
        f"GET /v1/sys/mounts HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {server.root_token}\r\n\r\n".encode("ascii")
    )
    assert raw.answer().status == 200


def test_verbs(raw: RawConnection) -> None:
    assert raw.ask("HEAD", "/v1/sys/health").status == 200
    assert raw.ask("HEAD", "/v1/sys/mounts").status == 405
    options = raw.ask("OPTIONS", "/v1/sys/mounts")
    assert (options.status, options.json()) == (400, {"errors": ["cannot handle internal-only request operation"]})
    trace = raw.ask("TRACE", "/v1/sys/mounts")
    assert (trace.status, trace.json()) == (405, {"errors": []})
    assert raw.ask("PUT", "/v1/transit/encrypt/orders", PLAINTEXT).status == 200
    # A parser may know all methods there are, and then refuses the request before anybody can answer 405.
    assert raw.ask("BREW", "/v1/sys/mounts").status in (400, 405)


def test_lists(raw: RawConnection) -> None:
    by_verb = raw.ask("LIST", "/v1/transit/keys").json()["data"]
    assert by_verb == {"keys": ["orders"]}
    assert raw.ask("LIST", "/v1/transit/keys/").json()["data"] == by_verb
    for accepted in ("true", "1", "T"):
        assert raw.ask("GET", f"/v1/transit/keys?list={accepted}").json()["data"] == by_verb
    refused = raw.ask("GET", "/v1/transit/keys?list=yes")
    assert (refused.status, refused.json()) == (400, {"errors": []})
    assert raw.ask("GET", "/v1/transit/keys?list=false").status == 405


@pytest.mark.parametrize(
    ("target", "cleaned"),
    [
        ("/v1//sys/health", "/v1/sys/health"),
        ("/v1/./sys/health", "/v1/sys/health"),
        ("/v1/transit/../sys/health", "/v1/sys/health"),
    ],
)
def test_unclean_paths_are_sent_elsewhere(raw: RawConnection, target: str, cleaned: str) -> None:
    answer = raw.ask("GET", target)
    assert (answer.status, answer.headers["location"]) == (307, cleaned)


@pytest.mark.parametrize("target", ["/v1/transit/%2e%2e/sys/mounts", "/v1/sys/%2e%2e/%2e%2e/etc"])
def test_encoded_dots_are_refused(raw: RawConnection, target: str) -> None:
    assert raw.ask("GET", target).status == 400


@pytest.mark.parametrize("target", ["/v2/sys/mounts", "/nope", "/v1"])
def test_outside_the_api(raw: RawConnection, target: str) -> None:
    answer = raw.ask("GET", target)
    assert (answer.status, answer.json()) == (404, {"errors": []})


def test_keep_alive_and_close(raw: RawConnection) -> None:
    for _ in range(3):
        assert raw.ask("POST", "/v1/transit/encrypt/orders", PLAINTEXT).status == 200
    last = raw.ask("GET", "/v1/sys/health", headers={"Connection": "close"})
    assert last.headers["connection"] == "close"
    raw.await_close()


def test_http_1_0(raw: RawConnection) -> None:
    raw.send(raw.head("GET", "/v1/sys/health", version="1.0"))
    assert raw.answer().status == 200
    raw.await_close()


def test_pipelining(raw: RawConnection) -> None:
    heads = [raw.head("GET", f"/v1/sys/policies/acl/{name}") for name in ("default", "nope", "root")]
    raw.send(b"".join(heads))
    assert [raw.answer().status for _ in heads] == [200, 404, 200]


def test_expect_continue(raw: RawConnection) -> None:
    headers = {"Content-Length": str(len(PLAINTEXT)), "Expect": "100-continue"}
    raw.send(raw.head("POST", "/v1/transit/encrypt/orders", headers))
    assert raw.answer("POST").status == 100
    raw.send(PLAINTEXT)
    assert raw.answer("POST").status == 200


def chunked(body: bytes, size: int = 65536) -> bytes:
    """``body`` as chunks."""
    parts = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"


def test_chunked_bodies(raw: RawConnection) -> None:
    raw.send(raw.head("POST", "/v1/transit/encrypt/orders", {"Transfer-Encoding": "chunked"}) + chunked(PLAINTEXT, 7))
    assert raw.answer("POST").status == 200
    assert raw.ask("GET", "/v1/sys/health").status == 200


@pytest.mark.parametrize("in_chunks", [False, True], ids=["with a length", "in chunks"])
def test_bodies_over_the_limit(server: Server, raw: RawConnection, in_chunks: bool) -> None:
    body = b'{"plaintext": "' + b"A" * LIMIT_BYTES + b'"}'
    if in_chunks:
        head, data = raw.head("POST", "/v1/transit/encrypt/orders", {"Transfer-Encoding": "chunked"}), chunked(body)
    else:
        head, data = raw.head("POST", "/v1/transit/encrypt/orders", {"Content-Length": str(len(body))}), body
    try:
        raw.send(head + data)
    except Closed:
        pass  # It need not read what it won't take; the answer is there nevertheless.
    answer = raw.answer("POST")
    named = f": max_request_size is {LIMIT_BYTES} bytes" if server.product is Product.CRYPTOSERVE else ""
    assert (answer.status, answer.json()) == (413, {"errors": [f"http: request body too large{named}"]})
    assert still_serves(server)


@pytest.mark.parametrize("in_chunks", [False, True], ids=["with a length", "in chunks"])
def test_who_reads_only_when_all_is_sent_gets_the_refusal(server: Server, raw: RawConnection, in_chunks: bool) -> None:
    """As most clients do. OpenBao closes amid the body."""
    if server.product is Product.OPENBAO:
        pytest.skip("a difference of ours")
    size = 32 * LIMIT_BYTES
    length = {"Transfer-Encoding": "chunked"} if in_chunks else {"Content-Length": str(size)}
    raw.send(raw.head("POST", "/v1/transit/encrypt/orders", length))
    for _ in range(32):
        part = bytes(LIMIT_BYTES)
        raw.send(b"%x\r\n%s\r\n" % (len(part), part) if in_chunks else part)
    if in_chunks:
        raw.send(b"0\r\n\r\n")
    answer = raw.answer("POST")
    assert (answer.status, answer.headers["connection"]) == (413, "close")
    assert raw.receive() == b""
    assert still_serves(server)


def test_a_body_without_end_is_cut_off(server: Server, raw: RawConnection) -> None:
    if server.product is Product.OPENBAO or server.tls is not None:
        pytest.skip("a difference of ours; over TLS, the closing of the connection reads on for some seconds")
    raw.send(raw.head("POST", "/v1/transit/encrypt/orders", {"Transfer-Encoding": "chunked"}))
    part = b"%x\r\n%s\r\n" % (LIMIT_BYTES, bytes(LIMIT_BYTES))
    with pytest.raises(Closed):
        for _ in range(1024):
            raw.send(part)
    assert raw.answer("POST").status == 413
    assert still_serves(server)


def test_the_largest_body_is_taken(raw: RawConnection) -> None:
    text = "A" * ((LIMIT_BYTES - 64) // 4 * 4)
    assert raw.ask("POST", "/v1/transit/encrypt/orders", json.dumps({"plaintext": text}).encode()).status == 200


@pytest.mark.parametrize(
    "bomb",
    [
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'{"batch_input":' + b"[" * 400_000 + b"]" * 400_000 + b"}",
        b"[" * 1_000_000,
        b'{"bytes": ' + b"9" * 900_000 + b"}",
        b'{"plaintext": "\\ud800',
        b"\x00\xff\xfe",
        b"{" * 10,
    ],
    ids=["objects", "lists", "open lists", "digits", "half a pair", "bytes", "braces"],
)
def test_json_bombs(server: Server, raw: RawConnection, bomb: bytes) -> None:
    before = processes.processor_seconds(server.group)
    answer = raw.ask("POST", "/v1/transit/random/16" if b"bytes" in bomb else "/v1/transit/encrypt/orders", bomb)
    assert answer.status == 400
    assert answer.json()["errors"]
    assert processes.processor_seconds(server.group) - before < MOST_PROCESSOR_SECONDS
    assert still_serves(server)


def test_slow_head(server: Server, raw: RawConnection) -> None:
    raw.send(b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\n")
    raw.await_close()
    assert still_serves(server)


def test_silence_instead_of_a_head(server: Server, raw: RawConnection) -> None:
    raw.await_close()
    assert still_serves(server)


def test_slow_body(server: Server, raw: RawConnection) -> None:
    raw.send(raw.head("POST", "/v1/transit/encrypt/orders", {"Content-Length": "1000"}) + b"{")
    raw.await_close()
    assert still_serves(server)


def test_clients_that_stay_silent_keep_nobody_waiting(server: Server) -> None:
    connections = [connect(server) for _ in range(100)]
    try:
        for connection in connections:
            connection.send(b"POST /v1/transit/encrypt/orders HTTP/1.1\r\n")
        assert still_serves(server)
    finally:
        for connection in connections:
            connection.__exit__(None, None, None)


@pytest.mark.parametrize(
    "head",
    [
        b"nonsense\r\n\r\n",
        b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\nX-Name : a\r\n\r\n",
        b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
    ids=["no request", "negative length", "two lengths", "space before colon", "unknown coding", "bad chunk"],
)
def test_requests_that_are_none(product: Product, server: Server, raw: RawConnection, head: bytes) -> None:
    raw.send(head)
    try:
        status = raw.answer().status
    except Closed:
        status = 400
    # What one server takes for a request and another for two is how requests are smuggled.
    # (OpenBao calls a bad chunk its own failure.)
    assert status in (400, 501) or (product is Product.OPENBAO and status == 500)
    assert still_serves(server)


def test_length_and_chunks_together_are_one_request(raw: RawConnection) -> None:
    smuggled = raw.head("GET", "/v1/sys/mounts")
    headers = {"Content-Length": str(5 + len(smuggled)), "Transfer-Encoding": "chunked"}
    raw.send(raw.head("POST", "/v1/sys/policies/acl/nope", headers) + b"0\r\n\r\n" + smuggled)
    assert raw.answer("POST").status == 400
    try:
        # Served as what follows the chunks, or not at all; never taken for the body of the first.
        assert raw.answer().status in (200, 400)
    except Closed:
        pass


@pytest.mark.parametrize("status", [204, 304])
def test_answers_that_have_no_body(server: Server, raw: RawConnection, status: int) -> None:
    sealed = server.request("POST", "transit/encrypt/orders", json.loads(PLAINTEXT)).data()["ciphertext"]
    batch = {"batch_input": [{"ciphertext": sealed}, {"ciphertext": "vault:v1:"}]}
    body = json.dumps({**batch, "partial_failure_response_code": status}).encode()
    for _ in range(2):
        assert raw.ask("POST", "/v1/transit/decrypt/orders", body).status == status
        assert raw.ask("GET", "/v1/sys/health").status == 200


def test_transfer_codings_that_are_not_undone(server: Server, raw: RawConnection) -> None:
    raw.send(raw.head("POST", "/v1/transit/encrypt/orders", {"Transfer-Encoding": "gzip, chunked"}))
    raw.send(chunked(PLAINTEXT))
    assert raw.answer("POST").status == 501
    raw.await_close()
    assert still_serves(server)


def test_http_0_9_is_not_spoken(server: Server, raw: RawConnection) -> None:
    raw.send(b"GET /v1/sys/health\r\n\r\n")
    assert raw.receive()[:12] in (b"", b"HTTP/1.1 400")
    raw.await_close()
    assert still_serves(server)


def test_what_comes_behind_a_body_is_no_header(server: Server, raw: RawConnection) -> None:
    """Proxies look at heads; a token, or an address, may not come in behind them."""
    token = f"X-Vault-Token: {server.root_token}\r\n".encode()
    head = raw.head("POST", "/v1/auth/token/lookup-self", {"Transfer-Encoding": "chunked"})
    assert token in head
    raw.send(head.replace(token, b"") + b"2\r\n{}\r\n0\r\n" + token + b"\r\n")
    assert raw.answer("POST").status == 403
    assert raw.ask("GET", "/v1/auth/token/lookup-self").status == 200


def test_endless_heads(server: Server, raw: RawConnection) -> None:
    try:
        raw.send(
            b"GET /v1/sys/health HTTP/1.1\r\nHost: a\r\n" + b"X-Padding: aaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n" * 60_000
        )
        status = raw.answer().status
    except Closed:
        status = 431
    assert status in (400, 431)
    assert still_serves(server)
