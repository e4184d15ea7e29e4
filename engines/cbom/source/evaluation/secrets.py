"""Names of secrets: where random data must be fit for cryptography though no function of cryptography gets them.

Dice, jitter and test data may come from any generator. What goes into a variable, field, parameter, keyword or cookie
with one of these names may not.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise

from engines.cbom.source.evaluation.sightings import Place, Sighting
from engines.cbom.source.knowledge.model import Rule

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 60
_ALONE = frozenset(
    {"token", "tokens", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "nonce", "salt", "otp", "csrf"}
    | {"xsrf", "credential", "credentials", "apikey", "sessionid", "sessid", "rememberme", "cookie", "captcha"}
)
"""Words of which one is enough. A ``key`` may be one of a table, a ``session`` one of a database."""

_BUFFERS = frozenset({"key", "iv", "seed"})

_PAIRS = frozenset(
    {("session", "id"), ("session", "key"), ("remember", "me"), ("remember", "key"), ("secret", "key"), ("api", "key")}
    | {
        ("private", "key"),
        ("access", "key"),
        ("encryption", "key"),
        ("signing", "key"),
        ("aes", "key"),
        ("hmac", "key"),
    }
    | {("verification", "code"), ("reset", "code"), ("auth", "code"), ("activation", "code"), ("pin", "code")}
    | {("one", "time"), ("temp", "pass"), ("new", "pass"), ("init", "vector"), ("initialization", "vector")}
)


@lru_cache(maxsize=8192)
def is_secret(name: str) -> bool:
    """Whether a name says that its value must be unpredictable."""
    if len(name) > _LONGEST:
        return False
    words = [word.lower() for word in _WORD.findall(name)]
    return not _ALONE.isdisjoint(words) or any(pair in _PAIRS for pair in pairwise(words))


@lru_cache(maxsize=8192)
def holds_secret(name: str) -> bool:
    """Whether a buffer whose bytes are set one by one is a secret by its name: ``key[i]`` is, ``key`` may not be."""
    words = [word.lower() for word in _WORD.findall(name[:_LONGEST])]
    return bool(words) and words[-1] in _BUFFERS


def weakness(rule: Rule, place: Place) -> Sighting:
    """What is to be reported of a call that made data by ``rule``, once they turn out to be a secret."""
    return Sighting(place, replace(rule, findings=("weak-random",)), {}, frozenset(), harmless=False)
