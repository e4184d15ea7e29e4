"""A client that writes without pause until the server is gone: keys, tokens and policies, all at once and mixed."""

from __future__ import annotations

import base64
import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from tests.soak.crashes.connection import Connection, CutOff, Refused
from tests.soak.crashes.model import Key, KeyState, Ledger, Policy, Token
from tests.support.servers import Server

PLAINTEXT = base64.b64encode(b"what was written must be read").decode()
SHARED_KEY = "shared"
SIGNING_TYPES = ("ed25519", "ecdsa-p256")

_KEY_TYPES = ("aes256-gcm96", "aes256-gcm96", "chacha20-poly1305", *SIGNING_TYPES)
_MAX_KEYS = 6
_MAX_TOKENS = 8
_MAX_POLICIES = 4
_MAX_VERSIONS = 6


class Writer(threading.Thread):
    """One connection, one ledger, one stream of random decisions."""

    def __init__(self, number: int, server: Server, ledger: Ledger, seed: int) -> None:
        super().__init__(name=f"writer-{number}", daemon=True)
        self.fault: Exception | None = None
        """Why it ended, if not because the server was killed or it was told to stop."""
        self.doomed = threading.Event()
        """Set before the server is killed: until then, no connection may be cut off."""
        self.stopping = threading.Event()
        self._number = number
        self._server = server
        self._ledger = ledger
        self._random = random.Random(seed)

    def run(self) -> None:
        try:
            with Connection(self._server) as connection:
                while not self.stopping.is_set():
                    self.step(connection)
                    self._ledger.steps += 1
        except CutOff as fault:
            if not self.doomed.is_set():
                self.fault = fault
        except Exception as fault:  # noqa: BLE001 - told to the test, which raises it
            self.fault = fault

    def step(self, connection: Connection) -> None:
        """Do one thing, chosen by chance."""
        ledger = self._ledger
        keys = [key for key in ledger.keys if key.state.current is not None]
        tokens = [token for token in ledger.tokens if token.alive.current]
        policies = [policy for policy in ledger.policies if policy.text.current is not None]
        choices: list[Callable[[Connection], None]] = [self._rotate_shared, self._use_shared, self._create_anonymous]
        choices += [self._create_key] * 2 if len(keys) < _MAX_KEYS else [self._delete_key]
        choices += [self._create_token] * 2 if len(tokens) < _MAX_TOKENS else [self._revoke_token] * 2
        choices += [self._write_policy] if len(policies) < _MAX_POLICIES else [self._delete_policy]
        if keys:
            choices += [self._rotate_key, self._configure_key, self._use_key]
        if tokens:
            choices.append(self._revoke_token)
        if policies:
            choices.append(self._write_policy)
        self._random.choice(choices)(connection)

    def _ask(
        self, connection: Connection, method: str, path: str, body: Mapping[str, Any] | None = None, token: str = ""
    ) -> dict[str, Any]:
        answer = connection.must(method, path, body, token)
        self._ledger.answered[path] = self._ledger.answered.get(path, 0) + 1
        return answer

    def _pick_key(self) -> Key:
        return self._random.choice([key for key in self._ledger.keys if key.state.current is not None])

    def _fresh_name(self, kind: str) -> str:
        return f"{kind}-{self._number}-{self._random.getrandbits(48):012x}"

    def _create_key(self, connection: Connection) -> None:
        key = Key(self._fresh_name("key"))
        state = KeyState(self._random.choice(_KEY_TYPES))
        self._ledger.keys.append(key)
        key.state.begin(state)
        self._ask(connection, "POST", f"transit/keys/{key.name}", {"type": state.type})
        key.state.acknowledge()
        self._produce(connection, key)

    def _rotate_key(self, connection: Connection) -> None:
        key = self._pick_key()
        state = key.state.current
        assert state is not None
        if state.latest_version >= _MAX_VERSIONS:
            return
        key.state.begin(replace(state, latest_version=state.latest_version + 1))
        self._ask(connection, "POST", f"transit/keys/{key.name}/rotate")
        key.state.acknowledge()
        self._produce(connection, key)

    def _configure_key(self, connection: Connection) -> None:
        key = self._pick_key()
        state = key.state.current
        assert state is not None
        oldest = self._random.randint(1, state.latest_version)
        allowed = self._random.random() < 0.5
        key.state.begin(replace(state, min_decryption_version=oldest, deletion_allowed=allowed))
        body = {"min_decryption_version": oldest, "deletion_allowed": allowed}
        self._ask(connection, "POST", f"transit/keys/{key.name}/config", body)
        key.state.acknowledge()

    def _delete_key(self, connection: Connection) -> None:
        key = self._pick_key()
        state = key.state.current
        assert state is not None
        if not state.deletion_allowed:
            key.state.begin(replace(state, deletion_allowed=True))
            self._ask(connection, "POST", f"transit/keys/{key.name}/config", {"deletion_allowed": True})
            key.state.acknowledge()
        key.state.begin(None)
        self._ask(connection, "DELETE", f"transit/keys/{key.name}")
        key.state.acknowledge()

    def _use_key(self, connection: Connection) -> None:
        self._produce(connection, self._pick_key())

    def _produce(self, connection: Connection, key: Key) -> None:
        state = key.state.current
        assert state is not None
        if state.type in SIGNING_TYPES:
            made = self._ask(connection, "POST", f"transit/sign/{key.name}", {"input": PLAINTEXT})["data"]["signature"]
        else:
            sealed = self._ask(connection, "POST", f"transit/encrypt/{key.name}", {"plaintext": PLAINTEXT})["data"]
            made = sealed["ciphertext"]
        if not made.startswith(f"vault:v{state.latest_version}:"):
            raise Refused(f"{key.name} has version {state.latest_version}, and made {made}")
        key.outputs[state.latest_version] = made

    def _rotate_shared(self, connection: Connection) -> None:
        self._ledger.shared_under_way = 1
        self._ask(connection, "POST", f"transit/keys/{SHARED_KEY}/rotate")
        self._ledger.shared_under_way = 0
        self._ledger.shared_rotations += 1

    def _use_shared(self, connection: Connection) -> None:
        sealed = self._ask(connection, "POST", f"transit/encrypt/{SHARED_KEY}", {"plaintext": PLAINTEXT})["data"]
        opened = self._ask(connection, "POST", f"transit/decrypt/{SHARED_KEY}", {"ciphertext": sealed["ciphertext"]})
        if opened["data"]["plaintext"] != PLAINTEXT:
            raise Refused(f"{SHARED_KEY} opened {sealed['ciphertext']} as {opened['data']['plaintext']}")

    def _create_token(self, connection: Connection) -> None:
        token = Token(self._fresh_name("token"))
        self._ledger.tokens.append(token)
        with_child = self._random.random() < 0.3
        body = {"id": token.identifier, "policies": ["root" if with_child else "default"], "ttl": "1h"}
        self._send_token(connection, token, body, "")
        if with_child:
            child = Token(self._fresh_name("child"))
            token.children.append(child)
            body = {"id": child.identifier, "policies": ["default"], "ttl": "1h"}
            self._send_token(connection, child, body, token.identifier)

    def _send_token(self, connection: Connection, token: Token, body: Mapping[str, Any], parent: str) -> None:
        token.alive.begin(True)
        auth = self._ask(connection, "POST", "auth/token/create", body, parent)["auth"]
        token.alive.acknowledge()
        token.accessor = auth["accessor"]
        if auth["client_token"] != token.identifier:
            raise Refused(f"asked for token {token.identifier}, got {auth['client_token']}")

    def _create_anonymous(self, connection: Connection) -> None:
        if self._ledger.anonymous_accessors and self._random.random() < 0.5:
            accessor = self._random.choice(sorted(self._ledger.anonymous_accessors))
            # While this is under way, the accessor may be listed or not.
            self._ledger.anonymous_accessors.discard(accessor)
            self._ledger.anonymous_under_way = 1
            self._ask(connection, "POST", "auth/token/revoke-accessor", {"accessor": accessor})
            self._ledger.anonymous_under_way = 0
            return
        self._ledger.anonymous_under_way = 1
        auth = self._ask(connection, "POST", "auth/token/create", {"policies": ["default"], "ttl": "1h"})["auth"]
        self._ledger.anonymous_under_way = 0
        self._ledger.anonymous_accessors.add(auth["accessor"])

    def _revoke_token(self, connection: Connection) -> None:
        token = self._random.choice([token for token in self._ledger.tokens if token.alive.current])
        family = token.family()
        for member in family:
            member.alive.begin(None)
        self._ask(connection, "POST", "auth/token/revoke", {"token": token.identifier})
        for member in family:
            member.alive.acknowledge()

    def _write_policy(self, connection: Connection) -> None:
        known = [policy for policy in self._ledger.policies if policy.text.current is not None]
        if len(known) < _MAX_POLICIES:
            policy = Policy(self._fresh_name("policy"))
            self._ledger.policies.append(policy)
        else:
            policy = self._random.choice(known)
        text = f'path "transit/encrypt/{self._random.getrandbits(64):016x}" {{\n  capabilities = ["update"]\n}}\n'
        policy.text.begin(text)
        self._ask(connection, "POST", f"sys/policies/acl/{policy.name}", {"policy": text})
        policy.text.acknowledge()

    def _delete_policy(self, connection: Connection) -> None:
        policy = self._random.choice([policy for policy in self._ledger.policies if policy.text.current is not None])
        policy.text.begin(None)
        self._ask(connection, "DELETE", f"sys/policies/acl/{policy.name}")
        policy.text.acknowledge()
