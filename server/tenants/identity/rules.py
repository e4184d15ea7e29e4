"""Rules for names, policies and metadata of identities, in Vault's words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from compat.quoting import quote
from engines.faults import Failed, InvalidRequest
from server.tenants.identity.records import MAX_NAME_BYTES, storable
from server.tenants.policies.builtin import RESPONSE_WRAPPING, ROOT

MAX_METADATA_PAIRS = 64
MAX_METADATA_KEY_CHARACTERS = 128
MAX_METADATA_VALUE_CHARACTERS = 512

MAX_POLICIES = 1_000
"""The most policies of an entity or a group."""

_KEY = re.compile(r"[a-zA-Z0-9=/+_-]+", re.ASCII)


def checked_name(name: str) -> str:
    """``name``, if it is allowed. Raises ``InvalidRequest``."""
    if not storable(name):
        raise InvalidRequest(f"a name is at most {MAX_NAME_BYTES} bytes long")
    return name


def checked_policies(names: Iterable[str]) -> tuple[str, ...]:
    """The names in lower case, sorted, each once. Raises ``InvalidRequest`` for those that identity can't give."""
    found = {name.strip().lower() for name in names} - {""}
    for name in (ROOT, RESPONSE_WRAPPING):
        if name in found:
            raise InvalidRequest(f"policies cannot contain {name}")
    if len(found) > MAX_POLICIES:
        raise InvalidRequest(f"at most {MAX_POLICIES} policies can be given")
    return tuple(sorted(found))


def checked_metadata(metadata: Mapping[str, str], whose: str) -> dict[str, str]:
    """``metadata``, if it is allowed. Raises ``Failed``; ``whose`` names the owner in it."""
    if len(metadata) > MAX_METADATA_PAIRS:
        raise Failed(f"invalid {whose}: metadata cannot contain more than {MAX_METADATA_PAIRS} key/value pairs")
    for key, value in metadata.items():
        wrong = _wrong_with(key, value)
        if wrong:
            raise Failed(f"invalid {whose}: failed to load metadata pair ({quote(key)}, {quote(value)}): {wrong}")
    return dict(metadata)


def _wrong_with(key: str, value: str) -> str:
    if not key:
        return "key cannot be blank"
    if len(key) > MAX_METADATA_KEY_CHARACTERS:
        return f"key is too long (limit: {MAX_METADATA_KEY_CHARACTERS} characters)"
    if not _KEY.fullmatch(key):
        return "key contains invalid characters"
    if len(value) > MAX_METADATA_VALUE_CHARACTERS:
        return f"value is too long (limit: {MAX_METADATA_VALUE_CHARACTERS} characters)"
    return ""
