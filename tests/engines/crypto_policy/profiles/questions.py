"""Asks profiles about algorithms of the registry, as tests write it down."""

from __future__ import annotations

from datetime import date

from engines.algorithms.registry import ALGORITHMS
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.catalogue import find_profile
from engines.crypto_policy.profiles.judging import judge
from engines.crypto_policy.profiles.matrix import row_properties
from engines.crypto_policy.profiles.model import Judgement, Profile
from engines.crypto_policy.profiles.parameters import resolve_parameters

TODAY = date(2026, 11, 27)
PURE = RequestFacts(pure=True)


def profile_named(name: str) -> Profile:
    """The profile that has to be there."""
    profile = find_profile(name)
    assert profile is not None
    return profile


def ask(
    profile: str,
    algorithm: str,
    operation: str,
    at: date = TODAY,
    request: RequestFacts = PURE,
    **parameters: str,
) -> Judgement:
    """What ``profile`` says of ``operation`` with a key of ``algorithm``, "" for none."""
    found = profile_named(profile)
    key = row_properties(ALGORITHMS[algorithm]) if algorithm else None
    return judge(found, key, CryptoOperation(operation), at, resolve_parameters(found, parameters), request)
