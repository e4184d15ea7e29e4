"""The checks of the crash tests see what they are there to see: each kind of loss, simulated, is found."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests.soak.crashes.checks import Lost, check, check_audit_log
from tests.soak.crashes.connection import Connection, Refused
from tests.soak.crashes.model import Ledger
from tests.soak.crashes.writer import SHARED_KEY, Writer
from tests.support.products import Product
from tests.support.servers import Server

_MAX_STEPS = 2000
# Names are random too: each test needs a seed of its own.
_seeds = itertools.count(1)


@pytest.fixture(scope="module", params=list(Product), ids=lambda product: product.value)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that nobody kills."""
    product = request.param
    assert isinstance(product, Product)
    if reason := product.missing():
        pytest.skip(reason)
    with Server(product, tmp_path_factory.mktemp(product.value), development=True) as started:
        if started.request("GET", "sys/mounts/transit").status != 200:
            started.request("POST", "sys/mounts/transit", {"type": "transit"}).data()
        yield started


@pytest.fixture
def connection(server: Server) -> Iterator[Connection]:
    """A connection that the checks may use."""
    with Connection(server) as opened:
        yield opened


@pytest.fixture
def ledger(server: Server, connection: Connection) -> Ledger:
    """What a writer has written in some steps, on a server where nothing else is."""
    root = connection.must("GET", "auth/token/lookup-self")["data"]["accessor"]
    for accessor in connection.must("GET", "auth/token/accessors?list=true")["data"]["keys"]:
        if accessor != root:
            connection.must("POST", "auth/token/revoke-accessor", {"accessor": accessor})
    connection.ask("POST", f"transit/keys/{SHARED_KEY}/config", {"deletion_allowed": True})
    connection.ask("DELETE", f"transit/keys/{SHARED_KEY}")
    connection.must("POST", f"transit/keys/{SHARED_KEY}", {"type": "aes256-gcm96"})
    written = Ledger()
    writer = Writer(0, server, written, seed=next(_seeds))
    for _ in range(_MAX_STEPS):
        writer.step(connection)
        if _holds_enough(written):
            return written
    raise AssertionError(f"{_MAX_STEPS} random steps have not written one of each kind")


def _holds_enough(written: Ledger) -> bool:
    """Whether there is something of each kind to lose."""
    return (
        any(key.state.current and key.state.current.latest_version > 1 for key in written.keys)
        and {token.alive.current for token in written.tokens} == {True, None}
        and any(policy.text.current for policy in written.policies)
        and bool(written.anonymous_accessors)
        and written.shared_rotations > 0
    )


def test_nothing_lost_is_nothing_found(connection: Connection, ledger: Ledger) -> None:
    check(connection, [ledger])
    check(connection, [ledger])


def _lose_a_key(connection: Connection, ledger: Ledger) -> None:
    key = next(key for key in ledger.keys if key.state.current)
    connection.must("POST", f"transit/keys/{key.name}/config", {"deletion_allowed": True})
    connection.must("DELETE", f"transit/keys/{key.name}")


def _lose_a_rotation(connection: Connection, ledger: Ledger) -> None:
    key = next(key for key in ledger.keys if key.state.current)
    assert key.state.current is not None
    key.state.current = replace(key.state.current, latest_version=key.state.current.latest_version + 1)


def _replace_a_key(connection: Connection, ledger: Ledger) -> None:
    """The name and all that is read of it are right, the material isn't."""
    key = next(key for key in ledger.keys if key.state.current and key.outputs)
    state = key.state.current
    assert state is not None
    _lose_a_key(connection, ledger)
    connection.must("POST", f"transit/keys/{key.name}", {"type": state.type})
    for _ in range(state.latest_version - 1):
        connection.must("POST", f"transit/keys/{key.name}/rotate")
    body = {"min_decryption_version": state.min_decryption_version, "deletion_allowed": state.deletion_allowed}
    connection.must("POST", f"transit/keys/{key.name}/config", body)


def _lose_a_deletion(connection: Connection, ledger: Ledger) -> None:
    next(key for key in ledger.keys if key.state.current).state.settle(None)


def _lose_a_token(connection: Connection, ledger: Ledger) -> None:
    token = next(token for token in ledger.tokens if token.alive.current)
    connection.must("POST", "auth/token/revoke", {"token": token.identifier})


def _lose_a_revocation(connection: Connection, ledger: Ledger) -> None:
    next(token for token in ledger.tokens if token.alive.current).alive.settle(None)


def _mix_accessors(connection: Connection, ledger: Ledger) -> None:
    next(token for token in ledger.tokens if token.alive.current).accessor = next(iter(ledger.anonymous_accessors))


def _keep_a_stray_token(connection: Connection, ledger: Ledger) -> None:
    connection.must("POST", "auth/token/create", {"ttl": "1h"})


def _lose_an_anonymous_token(connection: Connection, ledger: Ledger) -> None:
    accessor = next(iter(ledger.anonymous_accessors))
    connection.must("POST", "auth/token/revoke-accessor", {"accessor": accessor})


def _lose_a_policy(connection: Connection, ledger: Ledger) -> None:
    policy = next(policy for policy in ledger.policies if policy.text.current)
    connection.must("DELETE", f"sys/policies/acl/{policy.name}")


def _change_a_policy(connection: Connection, ledger: Ledger) -> None:
    policy = next(policy for policy in ledger.policies if policy.text.current)
    connection.must("POST", f"sys/policies/acl/{policy.name}", {"policy": 'path "a" { capabilities = ["read"] }'})


def _lose_a_shared_rotation(connection: Connection, ledger: Ledger) -> None:
    ledger.shared_rotations += 1


@pytest.mark.parametrize(
    "lose",
    [
        _lose_a_key,
        _lose_a_rotation,
        _replace_a_key,
        _lose_a_deletion,
        _lose_a_token,
        _lose_a_revocation,
        _mix_accessors,
        _keep_a_stray_token,
        _lose_an_anonymous_token,
        _lose_a_policy,
        _change_a_policy,
        _lose_a_shared_rotation,
    ],
    ids=lambda lose: lose.__name__.strip("_"),
)
def test_each_loss_is_found(connection: Connection, ledger: Ledger, lose: Callable[[Connection, Ledger], None]) -> None:
    lose(connection, ledger)
    # Some losses are seen in that the server refuses what it should do.
    with pytest.raises((Lost, Refused)):
        check(connection, [ledger])


def test_what_was_under_way_may_have_happened_or_not(connection: Connection, ledger: Ledger) -> None:
    key = next(key for key in ledger.keys if key.state.current)
    state = key.state.current
    assert state is not None
    key.state.begin(replace(state, latest_version=state.latest_version + 1))
    connection.must("POST", f"transit/keys/{key.name}/rotate")
    policy = next(policy for policy in ledger.policies if policy.text.current)
    policy.text.begin("never sent")
    check(connection, [ledger])
    assert key.state.current == replace(state, latest_version=state.latest_version + 1)
    assert policy.text.current != "never sent"


def _line(kind: str, path: str) -> bytes:
    return json.dumps({"type": kind, "request": {"path": path}}).encode() + b"\n"


def test_audit_logs(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    whole = _line("request", "a") + _line("response", "a")
    log.write_bytes(whole + _line("request", "b")[:20])
    assert check_audit_log(log, 0, [Ledger(answered={"a": 1})]) == log.stat().st_size
    with pytest.raises(Lost, match="missing from the audit log"):
        check_audit_log(log, 0, [Ledger(answered={"a": 2})])
    with pytest.raises(Lost, match="missing from the audit log"):
        check_audit_log(log, 0, [Ledger(answered={"b": 1})])
    log.write_bytes(whole[:-20] + b"\n" + whole)
    with pytest.raises(Lost, match="broken line"):
        check_audit_log(log, 0, [])
