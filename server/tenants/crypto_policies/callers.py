"""Callers in the crypto policy: facts made once for a token and its identity, and cached with the token."""

from __future__ import annotations

from engines.base import Caller
from server.tenants.crypto_policies.variables import NO_CALLER, CallerFacts
from server.tenants.tokens.store import token_of

_BY_TOKENS = "auth/token/"
_TOKEN = "token"  # noqa: S105 - a word, not a secret


def caller_facts(caller: object) -> CallerFacts:
    """The facts of ``caller``, a ``Caller`` or None: the same object until they change."""
    if not isinstance(caller, Caller):
        return NO_CALLER
    token = token_of(caller)
    kept = token.crypto_caller
    if kept is not None and kept[0] is token.identity:
        found = kept[1]
        assert isinstance(found, CallerFacts), "nothing else is kept there"
        return found
    identity, record = token.identity, token.record
    auth_type = record.auth_type or (_TOKEN if record.path.startswith(_BY_TOKENS) else "")
    facts = CallerFacts(
        entity_id=record.entity_id if identity is None else identity.entity.id,
        groups=() if identity is None else tuple(group.name for group in identity.groups),
        metadata={} if identity is None else dict(identity.entity.metadata or {}),
        auth_type=auth_type,
    )
    token.crypto_caller = token.identity, facts
    return facts
