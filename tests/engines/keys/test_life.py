"""The life of a key as a state machine: what must open opens, and what must not doesn't."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Coroutine
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from engines.faults import Fault, InvalidRequest
from engines.transit.routes import TRANSIT
from tests.engines.driver import Driver

CONTEXTS = ("Y29udGV4dCAx", "Y29udGV4dCAy")
PLAINTEXTS = st.binary(max_size=40).map(lambda data: base64.b64encode(data).decode())
VERSIONS = st.integers(-1, 8)


class KeyLife(RuleBasedStateMachine):
    """One key, and beside it what is known of it."""

    sealed: Bundle[tuple[int, str, str, str]] = Bundle("sealed")

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.driver = Driver(TRANSIT)
        self.derived = self.convergent = False
        self.latest = self.min_decryption = 1
        self.min_encryption = self.min_available = 0

    def teardown(self) -> None:
        self.runner.close()

    def run_call(self, call: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(call)

    def refused(self, call: Coroutine[Any, Any, Any]) -> Fault | None:
        """The fault that ``call`` ends in, if any."""
        try:
            self.run_call(call)
        except Fault as fault:
            return fault
        return None

    @initialize(
        type_=st.sampled_from(["aes128-gcm96", "aes256-gcm96", "chacha20-poly1305"]),
        derived=st.booleans(),
        convergent=st.booleans(),
    )
    def create(self, type_: str, derived: bool, convergent: bool) -> None:
        self.derived, self.convergent = derived, derived and convergent
        parameters = {"derived": derived, "convergent_encryption": self.convergent, "exportable": True}
        self.run_call(self.driver.write("keys/k", type=type_, allow_plaintext_backup=True, **parameters))

    def context(self, index: int) -> str:
        return CONTEXTS[index] if self.derived else ""

    def may_encrypt(self, version: int) -> bool:
        if version in (0, self.latest):
            return True
        lowest = max(self.min_encryption, self.min_decryption, 1)
        return lowest <= version <= self.latest

    @rule(target=sealed, plaintext=PLAINTEXTS, version=VERSIONS, index=st.integers(0, 1))
    def encrypt(self, plaintext: str, version: int, index: int) -> Any:
        context = self.context(index)
        call = self.driver.write("encrypt/k", plaintext=plaintext, key_version=version, context=context)
        if not self.may_encrypt(version):
            assert isinstance(self.refused(call), InvalidRequest)
            call = self.driver.write("encrypt/k", plaintext=plaintext, context=context)
            version = 0
        answer = self.run_call(call)
        used = version or self.latest
        assert answer["key_version"] == used
        assert answer["ciphertext"].startswith(f"vault:v{used}:")
        return used, answer["ciphertext"], plaintext, context

    @rule(item=sealed)
    def decrypt(self, item: tuple[int, str, str, str]) -> None:
        version, ciphertext, plaintext, context = item
        call = self.driver.write("decrypt/k", ciphertext=ciphertext, context=context)
        if version >= self.min_decryption:
            assert self.run_call(call) == {"plaintext": plaintext}
        else:
            fault = self.refused(call)
            assert fault is not None
            assert fault.message == "ciphertext or signature version is disallowed by policy (too old)"

    @rule(items=st.lists(sealed, min_size=1, max_size=6))
    def decrypt_batch(self, items: list[tuple[int, str, str, str]]) -> None:
        batch = [{"ciphertext": ciphertext, "context": context} for _, ciphertext, _, context in items]
        results = self.run_call(self.driver.write("decrypt/k", batch_input=batch))["batch_results"]
        for (version, _, plaintext, _), result in zip(items, results, strict=True):
            assert ("error" in result) is (version < self.min_decryption)
            assert result["plaintext"] == ("" if "error" in result else plaintext)

    @rule(item=sealed, position=st.integers(0, 200), flip=st.integers(1, 255))
    def decrypt_damaged(self, item: tuple[int, str, str, str], position: int, flip: int) -> None:
        version, ciphertext, _, context = item
        head, _, text = ciphertext.rpartition(":")
        payload = bytearray(base64.b64decode(text))
        payload[position % len(payload)] ^= flip
        damaged = f"{head}:{base64.b64encode(payload).decode()}"
        assert isinstance(
            self.refused(self.driver.write("decrypt/k", ciphertext=damaged, context=context)), InvalidRequest
        )
        other = f"vault:v{version % self.latest + 1}:{text}"
        if self.latest > 1:
            assert self.refused(self.driver.write("decrypt/k", ciphertext=other, context=context)) is not None

    @rule(item=sealed)
    def decrypt_for_another_context(self, item: tuple[int, str, str, str]) -> None:
        _, ciphertext, _, context = item
        if self.derived:
            other = CONTEXTS[1 - CONTEXTS.index(context)]
            assert self.refused(self.driver.write("decrypt/k", ciphertext=ciphertext, context=other)) is not None

    @rule(target=sealed, item=consumes(sealed))
    def rewrap(self, item: tuple[int, str, str, str]) -> Any:
        version, ciphertext, plaintext, context = item
        call = self.driver.write("rewrap/k", ciphertext=ciphertext, context=context)
        if version < self.min_decryption:
            assert self.refused(call) is not None
            return item
        answer = self.run_call(call)
        assert answer["key_version"] == self.latest
        return self.latest, answer["ciphertext"], plaintext, context

    @rule()
    def rotate(self) -> None:
        if self.latest < 7:
            self.latest += 1
            assert self.run_call(self.driver.write("keys/k/rotate"))["latest_version"] == self.latest

    @rule(decryption=st.none() | VERSIONS, encryption=st.none() | VERSIONS)
    def configure(self, decryption: int | None, encryption: int | None) -> None:
        parameters: dict[str, Any] = {}
        if decryption is not None:
            parameters["min_decryption_version"] = decryption
        if encryption is not None:
            parameters["min_encryption_version"] = encryption
        new_decryption = self.min_decryption if decryption is None else decryption or 1
        new_encryption = self.min_encryption if encryption is None else encryption
        allowed = (
            max(self.min_available, 1) <= new_decryption <= self.latest
            and max(self.min_available, 0) <= new_encryption <= self.latest
            and (new_encryption == 0 or new_encryption >= new_decryption)
        )
        call = self.driver.write("keys/k/config", **parameters)
        if not allowed:
            assert isinstance(self.refused(call), InvalidRequest)
            return
        self.run_call(call)
        self.min_decryption, self.min_encryption = new_decryption, new_encryption

    @rule(oldest=VERSIONS)
    def trim(self, oldest: int) -> None:
        allowed = (
            oldest >= max(self.min_available, 1)
            and self.min_encryption > 0
            and oldest <= min(self.min_encryption, self.min_decryption)
        )
        call = self.driver.write("keys/k/trim", min_available_version=oldest)
        if not allowed:
            assert isinstance(self.refused(call), InvalidRequest)
            return
        self.run_call(call)
        self.min_available = oldest

    @rule()
    def move_to_another_server(self) -> None:
        backup = self.run_call(self.driver.read("backup/k"))["backup"]
        self.driver = Driver(TRANSIT)
        self.run_call(self.driver.write("restore", backup=backup))

    @invariant()
    def the_key_is_what_is_known_of_it(self) -> None:
        if self.run_call(self.driver.storage.get("policy/k")) is None:
            return
        read = self.run_call(self.driver.read("keys/k"))
        assert read["latest_version"] == self.latest
        assert read["min_decryption_version"] == self.min_decryption
        assert read["min_encryption_version"] == self.min_encryption
        assert read["min_available_version"] == self.min_available
        assert list(read["keys"]) == [str(version) for version in range(self.min_decryption, self.latest + 1)]


KeyLife.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestKeyLife = KeyLife.TestCase
