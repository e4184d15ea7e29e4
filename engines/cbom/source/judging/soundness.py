"""Soundness of what looks weak: surroundings in which there is nothing to object to a finding."""

from __future__ import annotations

import re

from engines.cbom.source.evaluation.evidence.secrets import words_of
from engines.cbom.source.evaluation.lifetimes.scopes import Source
from engines.cbom.source.evaluation.sightings import Sighting
from engines.cbom.source.judging.subject import Subject
from engines.cbom.source.program import Function, Member, Name
from engines.cbom.source.values import Class

_IN_TESTS = frozenset(
    {"hardcoded-key", "static-iv", "static-salt", "static-seed", "nonce-reuse", "low-kdf-iterations", "weak-key-size",
     "weak-random", "unverified-signature", "disabled-certificate-check"}
)  # fmt: skip
"""What is as it should be in a test that its language marks: the same data in every run, little work, and no secrets of
its own, tokens that the program has made, and servers with a certificate of the test's."""

_OF_PARTS = frozenset({"ecb-mode", "unauthenticated-mode", "static-iv"})
"""What is as it should be of the parts from which a MAC or an authenticated mode is made."""

_AUTHENTICATED = re.compile(
    r"(?:^|[/_.-])(?:[copuv]mac\d?|xcbc|eax|ocb\d?|siv|ccm|aes[_-]?kw|key[_-]?wrap|cbc[_-]?h(?:mac|s\d))", re.IGNORECASE
)
"""The names of files that implement one."""

_STREAMS = re.compile(r"(?:^|_)(?:kdf|prf|drbg|keystream)(?:_|$)|(?:Kdf|KDF|Prf|PRF|Drbg|DRBG)(?![a-z])")
"""The names of functions that make keys or random numbers of a cipher: there is no message that a MAC would protect."""

_MAC = re.compile("hmac|cmac|gmac|siv|s2v|poly1305")

_MAKING = frozenset({"generate", "compute", "calculate", "calc", "make", "create", "verify", "check", "validate"})
"""Verbs before it in the names of functions that make or check one of a hash: ``generateMac``, not ``getMac``."""

_MACS = ("hmac", "cmac", "hkdf", "pbkdf", "totp", "hotp")
_SOUND_IN_MACS = frozenset({"weak-hash", "unauthenticated-mode"})
_BROKEN_IN_MACS = frozenset({"MD2", "MD4", "MD5"})

_SEEDS = re.compile(r"(?:^|/)(?:prisma|db|database|migrations)/seed")
"""Files that fill a database for developers, whose tokens guard nothing."""

_TESTS = re.compile(
    r"_test\.go$|(?:^|/)src/(?:test|it|androidTest|testFixtures|(?:integration|functional|unit|e2e)-?[Tt]est)/java/"
)
"""The paths of files that only builds of tests have: Go's, and those of Maven's and Gradle's layout."""

_SELF_TEST = re.compile(
    r"[sS]elf_?[tT]ests?(?![a-z])|(?:^|_)fuzz(?:ing)?(?:_|$)|^Fuzz(?![a-z])|(?:_for_test|ForTest)(?:s|ing)?$"
)
"""The names of functions that try an implementation with known answers before it is used, or with any input, and of
those that only tests call."""

_EXPIRY = frozenset({"expiry", "expired", "expires", "expiration"})
"""Words in the names of functions that ask when a token of the program's own ends."""

_COPIES = re.compile(r"(?:^|/)crypto/tls/[^/]*\.go$")
"""Copies of Go's own package, whose records have a MAC of their own."""

_DERIVATIONS = re.compile(r"bcrypt|scrypt|argon2|(?:md5|apr1|sha\d*)_?crypt|pbkdf|bytes_?to_?key", re.IGNORECASE)
"""Derivations of keys that hash what they get, run PBKDF2 once as their first step, or are made of a hash."""

_OF_PBKDF2 = re.compile(r"scrypt|argon2", re.IGNORECASE)
"""Those of which PBKDF2 is a step."""

_MEASURES = frozenset({"benchmark", "measure", "measured", "calibrate", "calibration"})
"""Words in the names of functions that only try how long a derivation takes."""

_MEASURED = frozenset({"low-kdf-iterations", "static-salt", "hardcoded-key"})

_CIPHERS = re.compile(r"Cipher(?:Spi|Engine|Base)?$")
"""How interfaces and types of ciphers are called."""

_PARTS_OF_CIPHERS = ("init", "engineInit")
"""Methods by which a cipher gets a key and a nonce from elsewhere, before it is given data."""


def is_sound(finding: str, sighting: Sighting, subject: Subject | None, primitive: str) -> bool:
    """Whether a weakness is none in the surroundings in which it was seen: a test, a part of a MAC, mode or KDF."""
    path = sighting.place.path
    if finding in _IN_TESTS and _is_tested(sighting):
        return True
    if finding == "unverified-signature" and any(not _EXPIRY.isdisjoint(words_of(name)) for name in _names(sighting)):
        return True
    if finding == "weak-random" and _SEEDS.search(path):
        return True
    if finding in _OF_PARTS and (_AUTHENTICATED.search(path.rpartition("/")[2]) or _COPIES.search(path)):
        return True
    if finding == "unauthenticated-mode" and any(type(each) is Class and _is_cipher(each) for each in sighting.within):
        return True
    if any(isinstance(each, Source) and finding in each.parts for each in sighting.within):
        return True
    if finding == "unauthenticated-mode" and any(map(_STREAMS.search, _names(sighting))):
        return True
    if finding in _MEASURED and primitive == "kdf" and _is_measured(sighting):
        return True
    if finding == "hardcoded-key" and primitive == "mac" and any("hkdf" in name.lower() for name in _names(sighting)):
        return True  # Its first step has the salt as key, which may be zeros (RFC 5869, 2.2).
    if finding in ("weak-kdf", "low-kdf-iterations") and _is_first_step(sighting, subject):
        return True
    if subject is None or finding not in _SOUND_IN_MACS:
        return False
    return sighting.rule.naming and _is_for_mac(sighting, subject)


def _is_for_mac(sighting: Sighting, subject: Subject) -> bool:
    """Whether a function or class of that name gives a MAC its hash or block cipher: ``HmacSha1::hash()``."""
    if subject.algorithm.name in _BROKEN_IN_MACS:
        return False
    return any(mac in name.lower() for name in _names(sighting) for mac in _MACS)


def _names(sighting: Sighting) -> list[str]:
    """The names of the functions and types that were running."""
    return [each.node.name if isinstance(each, Class) else getattr(each, "name", "") for each in sighting.within]


def _is_first_step(sighting: Sighting, subject: Subject | None) -> bool:
    """Whether a function or type of that name makes bcrypt, scrypt or Argon2 of a hash, or of PBKDF2 with one round."""
    if subject is None or not (subject.is_hash or subject.algorithm.name == "PBKDF2"):
        return False
    made = _DERIVATIONS if subject.is_hash else _OF_PBKDF2
    return any(map(made.search, _names(sighting)))


def _is_measured(sighting: Sighting) -> bool:
    """Whether a function only tries how long a derivation takes."""
    return any(not _MEASURES.isdisjoint(words_of(each.name)) for each in sighting.within if type(each) is Function)


def _is_cipher(of: Class) -> bool:
    """Whether a type is a cipher by what it implements, and gets its key elsewhere than its data."""
    above = [*of.node.bases, *of.node.interfaces]
    named = any(isinstance(each, Name | Member) and _CIPHERS.search(each.name) for each in above)
    return named and not of.members.keys().isdisjoint(_PARTS_OF_CIPHERS)


def has_mac(of: Class) -> bool:
    """Whether a type has a MAC, or is a mode with one, by its name and those of its members: its ``hmac``."""
    if any(_MAC.search(name.lower()) for name in (of.node.name, *of.members, *of.field_names())):
        return True
    return any(words[-1:] == ["mac"] and words[0] in _MAKING for words in map(words_of, of.members))


def _is_tested(sighting: Sighting) -> bool:
    """Whether a marked test was running, or is where this was seen."""
    return _TESTS.search(sighting.place.path) is not None or any(
        isinstance(each, Function | Source) and (each.test or _tests_itself(each)) for each in sighting.within
    )


def _tests_itself(running: Function | Source) -> bool:
    return isinstance(running, Function) and _SELF_TEST.search(running.name) is not None
