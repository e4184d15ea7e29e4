"""State of one mount of ``signing``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engines.algorithms.registry import SIGNING_ALGORITHMS
from engines.base import Mount
from engines.crypto_policy.facts import KeyFacts, RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.requests import token_request
from engines.keys.policy.classification import with_classification
from engines.keys.policy.inspection import KeyMount, body_of
from engines.keys.records import KeyringRecord
from engines.signing.creation import KeyCreation, new_key


class Signing(KeyMount):
    """One mount of the engine; roles are in its storage."""

    def __init__(self, mount: Mount) -> None:
        self.storage = mount.storage
        super().__init__(mount, SIGNING_ALGORITHMS, plain=True)

    def new_key(self, given: Mapping[str, Any]) -> KeyringRecord:
        """The key that create would make of the parameters ``given``. Raises ``InvalidRequest``."""
        body = body_of(KeyCreation, given)
        return with_classification(new_key(self.keys, body, given), body)

    def request_facts(self, key: KeyFacts, operation: CryptoOperation, given: Mapping[str, Any]) -> RequestFacts:
        """As of ``KeyMount``; signatures are made by the first algorithm that a role has for the key."""
        if operation in (CryptoOperation.SIGN, CryptoOperation.VERIFY):
            return token_request(key, given)
        return super().request_facts(key, operation, given)
