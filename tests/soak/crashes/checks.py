"""What is asked of a server after a crash: is everything acknowledged there, and nothing there by half?"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from tests.soak.crashes.connection import Connection
from tests.soak.crashes.model import Key, KeyState, Ledger, Policy, Recorded, Token
from tests.soak.crashes.writer import PLAINTEXT, SHARED_KEY, SIGNING_TYPES

T = TypeVar("T")

_KEPT_OBJECTS = 40
_SHARED_SAMPLE = 20


class Lost(Exception):
    """The server doesn't hold what it acknowledged, or holds a part of something."""


def check(connection: Connection, ledgers: Iterable[Ledger]) -> None:
    """Compare all that was written with what is there, and go on from what is there. Raises ``Lost``."""
    ledgers = list(ledgers)
    for ledger in ledgers:
        for key in ledger.keys:
            _check_key(connection, key)
        for token in ledger.tokens:
            _check_family(connection, token)
        for policy in ledger.policies:
            _check_policy(connection, policy)
    _check_accessors(connection, ledgers)
    _check_shared_key(connection, ledgers)
    for ledger in ledgers:
        _forget_some(ledger)


def _settle(what: str, recorded: Recorded[T], found: T | None) -> None:
    possible = recorded.possible()
    if found not in possible:
        expected = " or ".join(str(value) for value in possible)
        raise Lost(f"{what} should be {expected}, and is {found}")
    recorded.settle(found)


def _check_key(connection: Connection, key: Key) -> None:
    answer = connection.ask("GET", f"transit/keys/{key.name}")
    found = None
    if answer.status != 404:
        data = answer.data()
        oldest = data["min_decryption_version"]
        found = KeyState(data["type"], data["latest_version"], oldest, data["deletion_allowed"])
        versions = sorted(int(version) for version in data["keys"])
        if versions != list(range(oldest, found.latest_version + 1)):
            raise Lost(f"{key.name} shows the versions {versions} of {oldest} to {found.latest_version}")
    _settle(key.name, key.state, found)
    if found is None:
        _check_deleted_key(connection, key)
        return
    for version in range(found.min_decryption_version, found.latest_version + 1):
        if version not in key.outputs:
            key.outputs[version] = _produce(connection, key.name, found.type, version)
        _consume(connection, key.name, found.type, key.outputs[version])


def _check_deleted_key(connection: Connection, key: Key) -> None:
    for made in key.outputs.values():
        # Were anything of the key left, one of the two would answer otherwise.
        for path, field in (("decrypt", "ciphertext"), ("rewrap", "ciphertext")):
            answer = connection.ask("POST", f"transit/{path}/{key.name}", {field: made})
            if answer.status != 400 or b"encryption key not found" not in answer.body:
                raise Lost(f"{key.name} is deleted, but {path} answers {answer.status} {answer.body!r}")


def _produce(connection: Connection, name: str, key_type: str, version: int) -> str:
    """Use one version of a key to seal or sign ``PLAINTEXT``."""
    if key_type in SIGNING_TYPES:
        body = {"input": PLAINTEXT, "key_version": version}
        return str(connection.must("POST", f"transit/sign/{name}", body)["data"]["signature"])
    body = {"plaintext": PLAINTEXT, "key_version": version}
    return str(connection.must("POST", f"transit/encrypt/{name}", body)["data"]["ciphertext"])


def _consume(connection: Connection, name: str, key_type: str, made: str) -> None:
    if key_type in SIGNING_TYPES:
        body = {"input": PLAINTEXT, "signature": made}
        good = connection.must("POST", f"transit/verify/{name}", body)["data"]["valid"]
    else:
        good = (
            connection.must("POST", f"transit/decrypt/{name}", {"ciphertext": made})["data"]["plaintext"] == PLAINTEXT
        )
    if not good:
        raise Lost(f"{name} no longer takes what it made: {made}")


def _check_family(connection: Connection, parent: Token) -> None:
    for token in parent.family():
        _check_token(connection, token)
    if not parent.alive.current and any(token.alive.current for token in parent.family()):
        raise Lost(f"{parent.identifier} is revoked, and a child of it works")


def _check_token(connection: Connection, token: Token) -> None:
    answer = connection.ask("GET", "auth/token/lookup-self", token=token.identifier)
    alive = True if answer.status == 200 else None
    if answer.status not in (200, 403):
        raise Lost(f"lookup-self of {token.identifier} answers {answer.status} {answer.body!r}")
    _settle(token.identifier, token.alive, alive)
    if alive:
        token.accessor = token.accessor or answer.data()["accessor"]
        if answer.data()["accessor"] != token.accessor:
            raise Lost(f"the accessor of {token.identifier} has changed")
    looked_up = connection.ask("POST", "auth/token/lookup", {"token": token.identifier})
    if looked_up.status != answer.status:
        raise Lost(f"{token.identifier} is {answer.status} to itself and {looked_up.status} to others")
    if token.accessor:
        by_accessor = connection.ask("POST", "auth/token/lookup-accessor", {"accessor": token.accessor})
        if (by_accessor.status == 200) is not bool(alive):
            raise Lost(f"{token.identifier} is {answer.status}, and its accessor {by_accessor.status}")


def _check_policy(connection: Connection, policy: Policy) -> None:
    answer = connection.ask("GET", f"sys/policies/acl/{policy.name}")
    _settle(policy.name, policy.text, None if answer.status == 404 else answer.data()["policy"])
    listed = policy.name in connection.must("GET", "sys/policies/acl?list=true")["data"]["keys"]
    if listed is not (policy.text.current is not None):
        raise Lost(f"{policy.name} is read with {answer.status}, and listed: {listed}")


def _check_accessors(connection: Connection, ledgers: list[Ledger]) -> None:
    """Every accessor belongs to a token that we know, except those of creations that were cut off."""
    listed = set(connection.must("GET", "auth/token/accessors?list=true")["data"]["keys"])
    named = {
        token.accessor
        for ledger in ledgers
        for parent in ledger.tokens
        for token in parent.family()
        if token.alive.current
    }
    anonymous = {accessor for ledger in ledgers for accessor in ledger.anonymous_accessors}
    root = connection.must("GET", "auth/token/lookup-self")["data"]["accessor"]
    if missing := (named | anonymous) - listed:
        raise Lost(f"accessors of living tokens are not listed: {missing}")
    unknown = listed - named - anonymous - {root}
    allowed = sum(ledger.anonymous_under_way for ledger in ledgers)
    if len(unknown) > allowed:
        tokens_found = [connection.ask("POST", "auth/token/lookup-accessor", {"accessor": one}).body for one in unknown]
        raise Lost(f"{allowed} creations were cut off, and these accessors belong to no known token: {tokens_found}")
    for accessor in anonymous | unknown:
        connection.must("POST", "auth/token/lookup-accessor", {"accessor": accessor})
    for accessor in unknown:
        connection.must("POST", "auth/token/revoke-accessor", {"accessor": accessor})
        if connection.ask("POST", "auth/token/lookup-accessor", {"accessor": accessor}).status == 200:
            raise Lost(f"accessor {accessor} was revoked and is still there")
    for ledger in ledgers:
        ledger.anonymous_under_way = 0


def _check_shared_key(connection: Connection, ledgers: list[Ledger]) -> None:
    data = connection.must("GET", f"transit/keys/{SHARED_KEY}")["data"]
    acknowledged = 1 + sum(ledger.shared_rotations for ledger in ledgers)
    under_way = sum(ledger.shared_under_way for ledger in ledgers)
    latest = data["latest_version"]
    if not acknowledged <= latest <= acknowledged + under_way:
        raise Lost(f"{SHARED_KEY} is at version {latest}; {acknowledged} are acknowledged, {under_way} were under way")
    if sorted(int(version) for version in data["keys"]) != list(range(1, latest + 1)):
        raise Lost(f"{SHARED_KEY} at version {latest} lacks some of its versions")
    for version in range(max(1, latest - _SHARED_SAMPLE), latest + 1):
        _consume(connection, SHARED_KEY, data["type"], _produce(connection, SHARED_KEY, data["type"], version))
    ledgers[0].shared_rotations += latest - acknowledged
    for ledger in ledgers:
        ledger.shared_under_way = 0


def _forget_some(ledger: Ledger) -> None:
    """Stop asking for all that has ever been deleted, or the checks would take longer each time."""
    gone_keys = [key for key in ledger.keys if key.state.current is None]
    ledger.keys = [key for key in ledger.keys if key.state.current is not None] + gone_keys[-_KEPT_OBJECTS:]
    gone_tokens = [token for token in ledger.tokens if not token.alive.current]
    ledger.tokens = [token for token in ledger.tokens if token.alive.current] + gone_tokens[-_KEPT_OBJECTS:]
    gone_policies = [policy for policy in ledger.policies if policy.text.current is None]
    living_policies = [policy for policy in ledger.policies if policy.text.current is not None]
    ledger.policies = living_policies + gone_policies[-_KEPT_OBJECTS:]


def check_audit_log(path: Path, start: int, ledgers: Iterable[Ledger]) -> int:
    """The audit log from byte ``start`` to the crash: whole lines, and an entry for every answer. The log's size now.

    The last line may be cut, as long as its request wasn't answered.
    """
    with path.open("rb") as log:
        log.seek(start)
        text = log.read()
    responses: dict[str, int] = {}
    lines = text.split(b"\n")
    for number, line in enumerate(lines):
        if not line and number in (0, len(lines) - 1):
            continue
        try:
            entry = json.loads(line)
        except ValueError as fault:
            if number == len(lines) - 1:
                continue
            raise Lost(f"the audit log has a broken line {number} behind byte {start}: {line[:200]!r}") from fault
        if entry["type"] == "response":
            responses[entry["request"]["path"]] = responses.get(entry["request"]["path"], 0) + 1
    for ledger in ledgers:
        for asked, count in ledger.answered.items():
            responses[asked] = responses.get(asked, 0) - count
        ledger.answered.clear()
    if short := {asked: -left for asked, left in responses.items() if left < 0}:
        raise Lost(f"answered requests are missing from the audit log: {short}")
    return start + len(text)
