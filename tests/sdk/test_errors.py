"""Which error each refusal is, at our server and at OpenBao, and that none of them tells a secret."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest

import cryptoserve
from cryptoserve import (
    BatchFailed,
    ContextNotFound,
    CryptoServeError,
    DecryptionFailed,
    LimitReached,
    PermissionDenied,
    PolicyRefused,
    RateLimited,
    UnsuitableKey,
)
from tests.sdk.conftest import Connect, at, each, fresh, token_with
from tests.sdk.scripted import Scripted, answer
from tests.support.servers import Server

CARD = b"4111-1111-1111-1111"


@pytest.mark.parametrize("type_", ["rsa-2048", "ed25519"])
def test_keys_that_cannot_bind_are_unsuitable_at_first_use(connect: Connect, server: Server, type_: str) -> None:
    context = f"unsuitable-{type_}"
    server.request("POST", f"transit/keys/{context}", {"type": type_})
    client = connect(**at(server))
    for call in each(
        lambda: client.encrypt(CARD, context),
        lambda: client.encrypt_many([CARD, CARD], context),
        lambda: client.decrypt("vault:v1:AAAA", context),
        lambda: client.decrypt_many(["vault:v1:AAAA"], context),
    ):
        with pytest.raises(UnsuitableKey):
            call()


def test_other_unsuitable_keys(connect: Connect, server: Server) -> None:
    server.request("POST", "transit/keys/derived", {"derived": True})
    client = connect(**at(server), contexts={"unknown": {"key_type": "rot13"}, "pair": {"key_type": "rsa-2048"}})
    client.encrypt(CARD, "symmetric")
    for call in each(
        lambda: client.encrypt(CARD, "derived"),
        lambda: client.encrypt(CARD, "unknown"),
        lambda: client.encrypt(CARD, "pair"),
        lambda: client.sign(CARD, "symmetric"),
        lambda: client.verify(CARD, "vault:v1:AAAA", "symmetric"),
    ):
        with pytest.raises(UnsuitableKey):
            call()
    assert server.request("GET", "transit/keys/pair").status == 404


def test_a_token_that_may_use_but_not_make_keys(connect: Connect, server: Server) -> None:
    rules = 'path "transit/+/*" { capabilities = ["update"] }'
    client = connect(addr=server.address, token=token_with(server, "user", rules))
    connect(**at(server)).encrypt(CARD, "made")
    assert client.decrypt(client.encrypt(CARD, "made"), "made") == CARD
    with pytest.raises(ContextNotFound):
        client.encrypt(CARD, "not-made")
    with pytest.raises(ContextNotFound):
        client.encrypt_many([CARD], "not-made")
    with pytest.raises(ContextNotFound):
        client.hmac(CARD, "not-made")


def test_a_token_without_rights_is_denied(connect: Connect, server: Server) -> None:
    connect(**at(server)).encrypt(CARD, "made")
    weak = token_with(server, "weak", 'path "transit/keys/x" { capabilities = ["read"] }')
    for token in (weak, "no-such-token", ""):
        client = connect(addr=server.address, token=token)
        for call in _all_calls(client, "made"):
            with pytest.raises(PermissionDenied):
                call()


def test_no_key_is_made_where_that_is_turned_off(connect: Connect, server: Server) -> None:
    server.request("POST", "transit/config/keys", {"disable_upsert": True})
    try:
        with pytest.raises(ContextNotFound):
            connect(**at(server)).encrypt(CARD, "turned-off")
        with pytest.raises(ContextNotFound):
            connect(**at(server)).encrypt_many([CARD], "turned-off")
    finally:
        server.request("POST", "transit/config/keys", {"disable_upsert": False})


def test_versions_out_of_use_do_not_open(connect: Connect, server: Server) -> None:
    context = fresh("trimmed")
    client = connect(**at(server))
    old = client.encrypt(CARD, context)
    client.rotate(context)
    server.request("POST", f"transit/keys/{context}/config", {"min_decryption_version": 2})
    with pytest.raises(DecryptionFailed):
        client.decrypt(old, context)


def test_limits_of_keys(connect: Connect, own_server: Server) -> None:
    context = fresh("limited")
    own_server.request("POST", f"transit/keys/{context}", {"max_encryptions": 2, "on_max_encryptions": "refuse"})
    client = connect(**at(own_server))
    client.encrypt_many([CARD, CARD], context)
    with pytest.raises(LimitReached):
        client.encrypt(CARD, context)
    with pytest.raises(LimitReached):
        client.encrypt_many([CARD], context)
    client.rotate(context)
    client.encrypt(CARD, context)


def test_crypto_policies(connect: Connect, own_server: Server) -> None:
    rule = {"name": "no-vip", "operations": ["encrypt"], "require": "!key.name.startsWith('vip')", "message": "ask us"}
    document = {"rules": [rule], "mode": "enforce"}
    written = own_server.request("POST", "sys/crypto-policies/sdk", {"document": document})
    if written.status >= 300:
        written = own_server.request("POST", "sys/crypto-policies/sdk", document)
    assert written.status < 300, written.body
    try:
        client = connect(**at(own_server))
        client.encrypt(CARD, "usual")
        with pytest.raises(PolicyRefused, match=r'crypto policy "sdk" rule "no-vip" refuses .*: ask us'):
            client.encrypt(CARD, "vip-1")
        with pytest.raises((PolicyRefused, BatchFailed)) as caught:
            client.encrypt_many([CARD], "vip-1")
        if isinstance(caught.value, BatchFailed):
            assert isinstance(caught.value.errors[0], PolicyRefused)
    finally:
        own_server.request("DELETE", "sys/crypto-policies/sdk")


def test_quotas(connect: Connect, own_server: Server) -> None:
    own_server.request("POST", "sys/mounts/narrow", {"type": "transit"})
    own_server.request("POST", "sys/quotas/config", {"enable_rate_limit_response_headers": True})
    own_server.request("POST", "sys/quotas/rate-limit/narrow", {"path": "narrow", "rate": 1, "interval": "3600s"})
    client = connect(**at(own_server), mount="narrow")
    with pytest.raises(RateLimited) as caught:
        for _ in range(3):
            client.encrypt(CARD, "c")
    assert caught.value.retry_after_seconds is not None
    assert caught.value.retry_after_seconds > 30
    own_server.request("DELETE", "sys/quotas/rate-limit/narrow")
    own_server.request("DELETE", "sys/mounts/narrow")


@pytest.mark.parametrize(
    ("status", "errors", "expected"),
    [
        (400, [], CryptoServeError),
        (400, ["something new"], CryptoServeError),
        (403, ["permission denied"], PermissionDenied),
        (403, ['crypto policy "a" rule "b" refuses encrypt'], PolicyRefused),
        (404, [], ContextNotFound),
        (413, ["too large"], CryptoServeError),
        (500, ["1 error occurred:\n\t* boom\n\n"], CryptoServeError),
        (500, "not a list", CryptoServeError),
        (400, [None, {}], CryptoServeError),
    ],
)
def test_refusals_by_status(
    connect: Connect, scripted: Scripted, status: int, errors: object, expected: type[CryptoServeError]
) -> None:
    scripted.plays = [answer(status, {"errors": errors}, x_vault_request_id="0-1-2")]
    with pytest.raises(expected) as caught:
        connect(addr=scripted.address, token="t").encrypt(CARD, "c")
    assert type(caught.value) is expected
    assert caught.value.request_id == "0-1-2"
    assert str(caught.value).endswith("(request 0-1-2)")


def test_the_request_id_of_an_internal_error_is_read(connect: Connect, scripted: Scripted) -> None:
    scripted.plays = [answer(500, {"errors": ["internal error (request id 12-ab)"]})]
    with pytest.raises(CryptoServeError) as caught:
        connect(addr=scripted.address, token="t").encrypt(CARD, "c")
    assert caught.value.request_id == "12-ab"


def test_errors_tell_nothing_that_was_sent_or_said(connect: Connect, scripted: Scripted) -> None:
    """A server that says again what it was sent doesn't get it into logs."""
    token = "s.secrettokensecrettoken"

    def echo(status: int) -> Callable[..., None]:
        def play(connection: Any, sent: Any) -> None:
            said = [sent.body.decode(), sent.headers.get("x-vault-token", ""), "4111-1111"]
            headers = {"x_vault_request_id": sent.body.decode()[:100]}
            connection.sendall(
                answer(status, {"errors": said, "data": {"batch_results": [{"error": said[0]}]}}, **headers)
            )

        return play

    client = connect(addr=scripted.address, token=token, timeout=0.3, max_retries=0)
    raised = 0
    for status in (200, 204, 307, 400, 403, 404, 412, 418, 429, 500, 503):
        scripted.plays = [echo(status)]
        for call in _all_calls(client, "c"):
            try:
                call()
            except CryptoServeError as error:
                shown = f"{error!r} {error} {error.__dict__}"
                assert not any(text in shown for text in ("NDEx", "4111", "secret", "AAAA")), shown
                raised += 1
    assert raised > 100


def test_errors_are_one_tree_and_can_be_pickled() -> None:
    exported = [getattr(cryptoserve, name) for name in cryptoserve.__all__]
    kinds = [each for each in exported if isinstance(each, type) and issubclass(each, Exception)]
    kinds.remove(CryptoServeError)
    assert len(kinds) == 10
    for kind in kinds:
        assert kind.__bases__ == (CryptoServeError,)
    error = BatchFailed("m", results=[None, b"x"], errors={0: DecryptionFailed("d", request_id="2")}, request_id="1")
    again = pickle.loads(pickle.dumps(error))  # noqa: S301
    assert (str(again), again.request_id, again.results) == ("m (request 1)", "1", [None, b"x"])
    assert str(again.errors[0]) == "d (request 2)"


def _all_calls(client: Any, context: str) -> list[Callable[[], object]]:
    mark = "vault:v1:AAAA"
    return [
        lambda: client.encrypt(CARD, context),
        lambda: client.decrypt(mark, context),
        lambda: client.encrypt_many([CARD], context),
        lambda: client.decrypt_many([mark], context),
        lambda: client.rewrap(mark, context),
        lambda: client.rotate(context),
        lambda: client.hmac(CARD, context),
        lambda: client.verify_hmac(CARD, mark, context),
        lambda: client.sign(CARD, context),
        lambda: client.verify(CARD, mark, context),
    ]
