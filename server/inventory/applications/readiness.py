"""Readiness of an application: its code, its libraries, and the live keys that it uses, as one view.

Code is ready where a profile accepts every operation with an algorithm, as ``cryptoserve inventory check`` judges it.
An algorithm that isn't recognised isn't ready; it counts as asymmetric unless the document says that it isn't.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import ALGORITHMS
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.judging import judge, utc_day
from engines.crypto_policy.profiles.matrix import row_properties
from engines.crypto_policy.profiles.model import Verdict
from engines.keys.states import State
from server.inventory.applications.contents import Algorithm, Contents
from server.inventory.readiness import MAX_WORST, Readiness, Share, is_asymmetric
from server.inventory.rows import Row
from server.inventory.verdicts import Judging, verdicts_of, worst_of

_UNKNOWN = "unknown"
_ASYMMETRIC_WORDS = frozenset({"signature", "pke", "kem", "key-agree"})
_UNCLEAR_WORDS = frozenset({"", "combiner", "other", "unknown"})
"""CycloneDX's primitives of algorithms that may have public keys."""

_SEVERE = ("critical", "high")


@dataclass(slots=True)
class Code:
    """Shares of the algorithms in documents, and of the key versions that documents name."""

    asymmetric: Share = field(default_factory=Share)
    symmetric: Share = field(default_factory=Share)
    key_versions: Share = field(default_factory=Share)
    _worst: list[tuple[Algorithm, str]] = field(default_factory=list)

    def add(self, contents: Contents, judging: Judging, at: float) -> None:
        """Count the algorithms and key versions of a document."""
        for algorithm in contents.algorithms:
            on_hash = _verdict_on_hash(judging, algorithm.name, at)
            verdict = _verdict(judging, algorithm.row, at) if on_hash is None else on_hash
            share = self.asymmetric if _counts_as_asymmetric(algorithm) else self.symmetric
            share.add(verdict)
            if verdict not in (Verdict.ALLOW, Verdict.WARN):
                word = _UNKNOWN if algorithm.row is None and on_hash is None else verdict.value
                self._worst.append((algorithm, word))
        for key in contents.keys:
            if key.state != State.DESTROYED.value:
                self.key_versions.add(_verdict(judging, key.row, at))

    @property
    def shares(self) -> tuple[Share, ...]:
        """The shares that count for the score."""
        return self.asymmetric, self.key_versions

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        worst = sorted(self._worst, key=_worst_first)
        return {
            "asymmetric": self.asymmetric.described(),
            "symmetric": self.symmetric.described(),
            "key_versions": self.key_versions.described(),
            "worst": [
                {"algorithm": each.name, "verdict": verdict, "occurrences": each.occurrences}
                for each, verdict in worst[:MAX_WORST]
            ],
        }


@dataclass(slots=True)
class Dependencies:
    """Libraries of documents, and their vulnerabilities."""

    libraries: set[str] = field(default_factory=set)
    vulnerable: dict[str, Counter[str]] = field(default_factory=dict)
    """Severities by library."""

    def add(self, contents: Contents) -> None:
        """Count the libraries of a document."""
        self.libraries.update(contents.libraries)
        for each in contents.vulnerabilities:
            self.vulnerable.setdefault(each.library, Counter())[each.severity] += 1

    def described(self) -> dict[str, Any]:
        """As answers have it."""
        worst = sorted(self.vulnerable, key=lambda each: (-sum(self.vulnerable[each][word] for word in _SEVERE), each))
        return {
            "libraries": len(self.libraries),
            "vulnerable": len(self.vulnerable),
            "worst": [
                {"library": each, "vulnerabilities": dict(sorted(self.vulnerable[each].items()))}
                for each in worst[:MAX_WORST]
            ],
        }


class View:
    """Readiness of one application, or of several as one."""

    def __init__(self, judging: Judging, at: float, now: float) -> None:
        self._judging = judging
        self._at = at
        self.code = Code()
        self.dependencies = Dependencies()
        self._keys = Readiness(judging, at, min(at, now))

    def add(self, contents: Contents) -> None:
        """Count the contents of a document."""
        self.code.add(contents, self._judging, self._at)
        self.dependencies.add(contents)

    def add_key(self, row: Row) -> None:
        """Count a live key version that the application uses."""
        self._keys.add(row)

    @property
    def score(self) -> int | None:
        """The least of the shares in percent, rounded down; None with nothing to count."""
        shares = [each.share for each in (*self.code.shares, self._keys.asymmetric.key_versions)]
        known = [share for share in shares if share is not None]
        return math.floor(100 * min(known)) if known else None

    def described(self) -> dict[str, Any]:
        """As answers have it. Operations of keys are left out: they are those of all callers."""
        keys = self._keys
        return {
            "profile": self._judging.profile.id,
            "at": utc_day(self._at).isoformat(),
            "score": self.score,
            "code": self.code.described(),
            "dependencies": self.dependencies.described(),
            "keys": {
                "asymmetric": keys.asymmetric.key_versions.described(),
                "symmetric": keys.symmetric.key_versions.described(),
                "worst": keys.described()["worst"],
            },
        }


def _worst_first(judged: tuple[Algorithm, str]) -> tuple[bool, int, str]:
    algorithm, verdict = judged
    return verdict != Verdict.REFUSE.value, -algorithm.occurrences, algorithm.name


def _counts_as_asymmetric(algorithm: Algorithm) -> bool:
    if algorithm.row:
        return is_asymmetric(algorithm.row)
    unclear = algorithm.row is None and algorithm.primitive in _UNCLEAR_WORDS
    return algorithm.primitive in _ASYMMETRIC_WORDS or (unclear and algorithm.name.lower() not in _hash_names())


def _verdict(judging: Judging, row: str | None, at: float) -> Verdict:
    if not row:
        return Verdict.NOT_LISTED
    return worst_of(verdicts_of(judging, row_properties(ALGORITHMS[row]), utc_day(at)))


def _verdict_on_hash(judging: Judging, name: str, at: float) -> Verdict | None:
    """The verdict on a hash function by itself; None if ``name`` is none that profiles know."""
    hash_ = _hash_names().get(name.lower())
    if hash_ is None:
        return None
    request = RequestFacts(hash=hash_)
    return judge(judging.profile, None, CryptoOperation.HASH, utc_day(at), judging.settings, request).verdict


@cache
def _hash_names() -> dict[str, str]:
    """Names of hash functions, in lower case, as the standards, libraries and Vault spell them."""
    found = {name: name for name in HASHES}
    for name in HASHES:
        found[name.replace("sha2-", "sha-").replace("sha1", "sha-1")] = name
        found[name.replace("sha2-", "sha")] = name
    return found
