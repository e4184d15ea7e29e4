"""Claims of a verified token: the registered ones (RFC 7519), and those that a role requires.

The order of the checks and their words are OpenBao's. A claim is named plainly, or by a JSON pointer (RFC 6901) that
starts with ``/``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from auth_methods.names import matches_glob

Claims: TypeAlias = Mapping[str, Any]

DEFAULT_SKEW_SECONDS = 60
DEFAULT_LEEWAY_SECONDS = 150
"""The validity, in seconds, of a token that doesn't state its end or start."""

_MAX_DEPTH = 32
_MAX_INDEX_DIGITS = 9


class InvalidClaims(ValueError):
    """The claims are refused; the text is for the caller."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The required registered claims; empty means any. Leeways in seconds: 0 is the default, negative is none."""

    issuer: str = ""
    subject: str = ""
    audiences: Sequence[str] = ()
    skew_seconds: int = 0
    expiration_leeway_seconds: int = 0
    not_before_leeway_seconds: int = 0

    @property
    def skew(self) -> int:
        """The allowed difference of clocks, in seconds."""
        return _leeway(self.skew_seconds, DEFAULT_SKEW_SECONDS)


def check_registered(claims: Claims, expected: Expected, now: float) -> float:
    """Check issuer, subject, audience and times; returns when the token ends, in seconds since the epoch.

    Raises ``InvalidClaims``.
    """
    start, end = _validity(claims, expected)
    if expected.issuer and claims.get("iss") != expected.issuer:
        raise InvalidClaims("invalid issuer (iss) claim")
    if expected.subject and claims.get("sub") != expected.subject:
        raise InvalidClaims("invalid subject (sub) claim")
    if expected.audiences and not set(audiences(claims)) & set(expected.audiences):
        raise InvalidClaims("invalid audience (aud) claim: audience claim does not match any expected audience")
    skew = expected.skew
    if start > now + skew:
        raise InvalidClaims("invalid not before (nbf) claim: token not yet valid")
    if end < now - skew:
        raise InvalidClaims("invalid expiration time (exp) claim: token is expired")
    issued = _time(claims, "iat")
    if issued is not None and issued > now + skew:
        raise InvalidClaims("invalid issued at (iat) claim: token issued in the future")
    return end + skew


def _validity(claims: Claims, expected: Expected) -> tuple[float, float]:
    """The token's start and end; a missing one follows from the others."""
    issued, start, end = (_time(claims, name) for name in ("iat", "nbf", "exp"))
    if issued is None and start is None and end is None:
        raise InvalidClaims("no issued at (iat), not before (nbf), or expiration time (exp) claims in token")
    if end is None:
        leeway = _leeway(expected.expiration_leeway_seconds, DEFAULT_LEEWAY_SECONDS)
        end = max(issued or 0, start or 0) + leeway
    if start is None:
        leeway = _leeway(expected.not_before_leeway_seconds, DEFAULT_LEEWAY_SECONDS)
        start = end - leeway if issued is None else issued
    return start, end


def _time(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise InvalidClaims(f"the claim {name} is not a number")
    return float(value)


def _leeway(seconds: int, default: int) -> int:
    return default if seconds == 0 else max(seconds, 0)


def audiences(claims: Claims) -> list[str]:
    """The audiences of a token. Raises ``InvalidClaims`` if they aren't strings."""
    value = claims.get("aud")
    found = value if isinstance(value, list) else [] if value is None else [value]
    if not all(isinstance(audience, str) for audience in found):
        raise InvalidClaims("the claim aud is neither a string nor a list of strings")
    return found


def claim(claims: Claims, name: str, *, pointer: bool | None = None) -> Any:
    """The claim of this name, or None. ``pointer``: whether it is a JSON pointer; None: if it starts with ``/``."""
    if not (name.startswith("/") if pointer is None else pointer):
        return claims.get(name)
    value: Any = claims if name.startswith("/") else None
    for part in name.split("/")[1 : _MAX_DEPTH + 1]:
        part = part.replace("~1", "/").replace("~0", "~")
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and _index(part) < len(value):
            value = value[_index(part)]
        else:
            return None
    return value


def _index(part: str) -> int:
    """The list index in a part of a pointer; beyond every list if it is no index."""
    return int(part) if part.isascii() and part.isdigit() and len(part) <= _MAX_INDEX_DIGITS else 10**_MAX_INDEX_DIGITS


def check_bound(claims: Claims, bound: Mapping[str, Any], *, glob: bool) -> None:
    """Check each claim of ``bound``: one of its allowed values must be one of the claim's.

    With ``glob``, ``*`` in an allowed value stands for any text. Raises ``InvalidClaims``.
    """
    for name, allowed in bound.items():
        actual = claim(claims, name)
        if actual is None:
            raise InvalidClaims(f'claim "{name}" is missing')
        wanted = allowed if isinstance(allowed, list) else [allowed]
        values = actual if isinstance(actual, list) else [actual]
        if not _any_matches(values, wanted, glob=glob):
            raise InvalidClaims(f'claim "{name}" does not match any associated bound claim values')


def _any_matches(values: Sequence[Any], wanted: Sequence[Any], *, glob: bool) -> bool:
    """Whether one of ``values`` is one of ``wanted``; only globs, and what isn't text, are compared pair by pair."""
    plain = {one for one in wanted if isinstance(one, str) and not (glob and "*" in one)}
    if any(isinstance(value, str) and value in plain for value in values):
        return True
    others = [one for one in wanted if not isinstance(one, str) or one not in plain]
    return any(_matches(value, one, glob=glob) for one in others for value in values)


def _matches(value: Any, wanted: Any, *, glob: bool) -> bool:
    if isinstance(value, str) and isinstance(wanted, str):
        return matches_glob(value, wanted) if glob else value == wanted
    if isinstance(value, bool) or isinstance(wanted, bool):
        return value is wanted
    if isinstance(value, (int, float)) and isinstance(wanted, (int, float)):
        return value == wanted
    return False


def text_claim(claims: Claims, name: str, *, pointer: bool) -> str:
    """The claim of this name, which has to be text. Raises ``InvalidClaims``."""
    value = claim(claims, name, pointer=pointer)
    if value is None:
        raise InvalidClaims(f'claim "{name}" not found in token')
    if not isinstance(value, str):
        raise InvalidClaims(f'claim "{name}" could not be converted to string')
    return value


def mapped(claims: Claims, mappings: Mapping[str, str]) -> dict[str, str]:
    """Metadata from claims, by claim -> name. Missing claims are left out. Raises ``InvalidClaims``."""
    metadata = {}
    for name, key in mappings.items():
        value = claim(claims, name)
        if value is None:
            continue
        if not isinstance(value, str):
            raise InvalidClaims(f"error converting claim '{name}' to string")
        metadata[key] = value
    return metadata


def groups(claims: Claims, name: str) -> tuple[str, ...]:
    """The names of groups in a claim. Raises ``InvalidClaims`` if it can't be read as a list of them."""
    value = claim(claims, name)
    if value is None:
        raise InvalidClaims(f'failed to fetch groups: "{name}" claim not found in token')
    if not isinstance(value, (str, list)):
        raise InvalidClaims(f'"{name}" claim could not be converted to string list')
    found = value if isinstance(value, list) else [value]
    for group in found:
        if not isinstance(group, str):
            raise InvalidClaims(f"value {json.dumps(group)} in groups claim could not be parsed as string")
    return tuple(dict.fromkeys(found))


def nested(name: str, value: Any) -> dict[str, Any]:
    """Claims in which ``claim`` finds ``value`` by ``name``, plain or a JSON pointer."""
    if not name.startswith("/"):
        return {name: value}
    for part in reversed(name.split("/")[1 : _MAX_DEPTH + 1]):
        value = {part.replace("~1", "/").replace("~0", "~"): value}
    found: dict[str, Any] = value
    return found
