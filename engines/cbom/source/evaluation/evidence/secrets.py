"""Names of secrets: variables whose random data must come from a cryptographic generator.

Dice, jitter and test data may come from any generator. What goes into a variable, field, parameter, keyword or cookie
with one of these names may not. What is a password by its name needs a hash that takes its time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import pairwise, takewhile

from engines.cbom.source import program
from engines.cbom.source.evaluation.sightings import Place, Sighting
from engines.cbom.source.knowledge.model import Rule
from engines.cbom.source.values import CLOCK, Data, Values, is_static

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
_LONGEST = 60
_ALONE = frozenset(
    {"token", "pin", "password", "passwd", "passphrase", "pwd", "secret", "secrets", "nonce", "salt", "otp", "csrf"}
    | {"xsrf", "credential", "credentials", "apikey", "sessionid", "sessid", "rememberme", "cookie", "captcha"}
)
"""Words of which one is enough. A ``key`` may be one of a table, a ``session`` one of a database."""

_MESSAGE_BYTES = 4
_COOKIES = frozenset({"session", "sid", "sess", "auth", "login", "connect"})
"""Words of the names of cookies by which a browser is known again."""

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
    | {(kind, "code") for kind in ("invite", "invitation", "confirmation", "confirm", "security", "login", "sms")}
    | {(kind, "code") for kind in ("access", "backup", "recovery", "scratch", "coupon", "voucher", "registration")}
    | {("oauth", "state"), ("auth", "state"), ("reset", "id"), ("oauth", "nonce"), ("crypto", "key"), ("jwt", "key")}
    | {("session", each) for each in ("uid", "uuid", "guid")}
    | {("one", "time"), ("temp", "pass"), ("new", "pass"), ("init", "vector"), ("initialization", "vector")}
)

_MEASURES = frozenset(
    {"length", "len", "size", "count", "counter", "index", "idx", "num", "max", "min", "per", "limit", "rate", "delay"}
    | {"score", "color", "colour", "position", "offset", "expiry", "expires", "timeout", "ttl", "age", "price", "total"}
    | {"strength", "usage", "budget", "consent", "mask", "pad", "eos", "bos", "pepper", "santa", "attempts", "type"}
    | {"window", "interval", "period", "jitter", "backoff"}
    | {"start", "suffix", "prefix", "name", "path", "url", "file", "filename", "label", "public"}
)
"""Words of names that measure or describe a secret, or mean another thing, and are none."""


_PREPOSITIONS = frozenset({"for", "from", "of", "by"})
"""Words behind which a name says what something is for, not what it is: ``generateIdForToken``."""

_HANDLING = frozenset(
    {"encrypt", "seal", "hash", "verify", "check", "validate", "compare", "mask", "is", "has", "log", "format"}
)
"""Verbs of functions that take a secret, and give something else."""

CONTENT = "content"
"""The fact of what is hashed; objects that take it piece by piece have all of it."""

MATERIAL = "material"
"""The fact of what a MAC gets, whose key may be a label."""

_PASSWORDS = frozenset({"password", "passwd", "passphrase", "pwd", "passwort", "pw", "pass"})
_OTHERWISE = frozenset(
    {"hash", "hashed", "digest", "salt", "encrypted", "reset", "token", "id", "key", "file", "path", "composite"}
)
_PASSING = frozenset(
    {"str", "bytes", "bytearray", "from", "concat", "encode", "String", "join", "trim", "strip", "getBytes"}
    | {"valueOf", "toCharArray", "toByteArray", "getBytesUtf8"}
    | {"c_str", "data", "begin", "toUtf8", "toLatin1", "toLocal8Bit", "toStdString", "constData", "QByteArray"}
)
"""Functions whose result is their argument in another form."""

_ENTRIES = frozenset({"get", "getlist", "pop"})
"""Methods whose first argument names what they give."""

_DEPTH = 6


def words_of(name: str) -> list[str]:
    """The words of a name in small letters: ``apiKey``, ``API_KEY`` and ``api_key`` have the same two."""
    return [word.lower() for word in _WORD.findall(name)]


@lru_cache(maxsize=8192)
def is_secret(name: str, size: int | None = None) -> bool:
    """Whether a name says that its value, of ``size`` bytes, must be unpredictable.

    A nonce of 32 bits only tells messages apart, as Kerberos's does (RFC 4120, 5.4.1).
    """
    if len(name) > _LONGEST:
        return False
    words = words_of(name)
    if not _MEASURES.isdisjoint(words):
        return False
    if words[-1:] == ["nonce"] and size is not None and size <= _MESSAGE_BYTES:
        return False
    words = [*takewhile(lambda word: word not in _PREPOSITIONS, words)]
    if not _ALONE.isdisjoint(words) or words[-1:] == ["iv"]:
        return True
    return any((one, other.removesuffix("s")) in _PAIRS for one, other in pairwise(words))


def gives_secret(function: program.Function) -> bool:
    """Whether a function that is named for a secret gives one.

    Its result is none if it encrypts or checks the secret, nor is the kind of word that an editor's tokenizer gives.
    """
    words = words_of(function.name[:_LONGEST])
    if words and words[0] in _HANDLING:
        return False
    return words != ["token"] or all(each.name != "stream" for each in function.parameters)


def is_login(cookie: str) -> bool:
    """Whether a cookie of this name says who a browser is logged in as."""
    words = words_of(cookie[:_LONGEST])
    return not _COOKIES.isdisjoint(words) or is_secret(cookie)


@lru_cache(maxsize=8192)
def holds_secret(name: str) -> bool:
    """Whether a buffer whose bytes are set one by one is a secret by its name: ``key[i]`` is, ``key`` may not be."""
    words = words_of(name[:_LONGEST])
    return bool(words) and words[-1] in _BUFFERS


def weakness(rule: Rule, place: Place, seed: Sighting | None, within: frozenset[object]) -> Sighting:
    """What is to be reported of a call that made data by ``rule``, and of its ``seed``, once they are a secret."""
    weak = replace(rule, findings=("weak-random",))
    return Sighting(place, weak, {}, frozenset(), harmless=False, within=within, beside=seed)


def static_seed(rule: Rule, place: Place, seed: Values) -> Sighting | None:
    """What is to be reported of a call that gives a generator its seed, if that is constant, or the time."""
    if not any(is_static(value) or (type(value) is Data and value.origin == CLOCK) for value in seed):
        return None
    return Sighting(place, replace(rule, findings=("static-seed",)), {}, frozenset(), harmless=False)


def hashes_password(rule: Rule, node: program.Call) -> bool:
    """Whether a call, of which ``rule`` says that it hashes an argument, gets a password there."""
    term = rule.keeps.get(CONTENT) or rule.sets.get(CONTENT)
    name = term[1:] if isinstance(term, str) else ""
    if name not in rule.parameters:
        return False
    position = rule.parameters.index(name)
    content = node.keywords.get(name) or (node.args[position] if position < len(node.args) else None)
    return content is not None and _is_password(content, 0)


def proves_work(rule: Rule, arguments: Sequence[program.Expression | None]) -> bool:
    """Whether a derivation is a hash of public data for proof of work: what it gets is its salt too (Litecoin)."""
    names = [each.name if isinstance(each, program.Name) else "" for each in arguments]
    same = len(names) == 2 and names[0] == names[1] != ""
    return (
        same and rule.facts.get("algorithm") == "scrypt" and not _names_password(names[0]) and not is_secret(names[0])
    )


def _is_password(node: program.Expression, depth: int) -> bool:
    if depth > _DEPTH:
        return False
    if isinstance(node, program.Mentioned | program.Typed):
        return node.value is not None and _is_password(node.value, depth + 1)
    if isinstance(node, program.Unary):
        return _is_password(node.operand, depth + 1)
    if isinstance(node, program.Name):
        return _names_password(node.name)
    if isinstance(node, program.Member):
        return _names_password(node.name)
    if isinstance(node, program.Index):
        return _is_entry(node.key)
    if isinstance(node, program.Binary):
        password = any(_is_password(side, depth + 1) for side in (node.left, node.right))
        return password and not _answers(node)
    if not isinstance(node, program.Call):
        return False
    callee = node.callee
    name = callee.name if isinstance(callee, program.Member | program.Name) else ""
    if isinstance(callee, program.Member) and name in _ENTRIES and node.args and _is_entry(node.args[0]):
        return True
    if name not in _PASSING:
        return False
    of = isinstance(callee, program.Member) and _is_password(callee.base, depth + 1)
    return of or any(_is_password(arg, depth + 1) for arg in node.args[:2])


_CHALLENGES = frozenset({"realm", "nonce", "cnonce", "challenge", "scramble"})


def _answers(text: program.Binary) -> bool:
    """Whether a text with a password answers a challenge, and isn't stored, in a form that a protocol sets.

    Such are HTTP's digest, ``user:realm:password`` (RFC 7616, 3.4.2), and that of WS-Security, ``nonce + created +
    password`` (UsernameToken Profile 1.0, 3.1).
    """
    waiting: list[program.Expression] = [text]
    for _ in range(_DEPTH * 2):
        node = waiting.pop() if waiting else None
        if isinstance(node, program.Binary):
            waiting += [node.left, node.right]
        elif isinstance(node, program.Name | program.Member) and not _CHALLENGES.isdisjoint(
            words_of(node.name[:_LONGEST])
        ):
            return True
    return False


_KEY_MATERIAL = frozenset({"secret", "password", "passphrase", "psk", "seed", "ikm", "master", "mnemonic", "entropy"})


_NO_SECRETS = frozenset({"public", "pub", "cache", "node", "object", "row", "partition", "primary", "map", "api"})


def is_key_material(content: Sequence[program.Expression]) -> bool:
    """Whether what a MAC gets is a secret by its name: its key, if constant, is a label of what is derived."""
    part = content[0] if content else None
    while isinstance(part, program.Unary | program.Mentioned):
        part = part.operand if isinstance(part, program.Unary) else part.value
    name = part.name if isinstance(part, program.Name | program.Member) else ""
    words = words_of(name[:_LONGEST])
    if words == ["token"] or (words[-1:] == ["key"] and _NO_SECRETS.isdisjoint(words)):
        return True
    return not _KEY_MATERIAL.isdisjoint(words)


def is_key(nonce: program.Expression | None) -> bool:
    """Whether a nonce is a key by its name, or the beginning of one: ``key[:16]``."""
    if isinstance(nonce, program.Index):
        bounds = nonce.key.items if isinstance(nonce.key, program.Sequence) else []
        first = bounds[0] if bounds else nonce.key
        if not isinstance(first, program.Const) or first.value not in (None, 0) or len(bounds) < 2:
            return False
        nonce = nonce.base
    name = nonce.name if isinstance(nonce, program.Name | program.Member) else ""
    return words_of(name[-_LONGEST:])[-1:] == ["key"]


def _is_entry(key: program.Expression) -> bool:
    return isinstance(key, program.Const) and isinstance(key.value, str) and _names_password(key.value)


def _names_password(name: str) -> bool:
    if len(name) > _LONGEST:
        return False
    words = set(words_of(name))
    return not _PASSWORDS.isdisjoint(words) and _OTHERWISE.isdisjoint(words)
