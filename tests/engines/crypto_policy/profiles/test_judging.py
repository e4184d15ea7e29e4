"""How verdicts come about: topics, days, parameters, and what profiles don't judge."""

from __future__ import annotations

from dataclasses import fields
from datetime import UTC, date, datetime

import pytest

from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles.catalogue import all_profiles
from engines.crypto_policy.profiles.judging import UNJUDGED, boundaries, judge, next_change, utc_day
from engines.crypto_policy.profiles.matrix import RowProperties, row_operations, row_properties
from engines.crypto_policy.profiles.model import Profile, Verdict
from engines.crypto_policy.profiles.parameters import resolve_parameters
from engines.faults import InvalidRequest
from engines.keys.facts import facts_of_type
from tests.engines.crypto_policy.profiles.questions import PURE, TODAY, ask, profile_named

PROFILES = pytest.mark.parametrize("profile", all_profiles().values(), ids=lambda profile: profile.id)
DAYS = (date(2026, 11, 27), date(2030, 12, 31), date(2031, 1, 1), date(2033, 12, 31), date(2036, 1, 1))


@PROFILES
def test_every_row_and_operation_has_a_verdict(profile: Profile) -> None:
    settings = resolve_parameters(profile, {})
    rules = {rule.name for rule in profile.rules} | {f"{profile.name}/not-listed", f"{profile.name}/unjudged"}
    for row in ALGORITHMS.values():
        for operation in row_operations(row):
            for day in DAYS:
                judgement = judge(profile, row_properties(row), operation, day, settings, PURE)
                assert judgement.rule in rules
                assert judgement.effect is not Verdict.NOT_LISTED
                assert judgement.text


@PROFILES
@pytest.mark.parametrize("hash_name", HASHES)
def test_every_hash_is_spoken_of(profile: Profile, hash_name: str) -> None:
    settings = resolve_parameters(profile, {})
    for day in DAYS:
        judgement = judge(profile, None, CryptoOperation.HASH, day, settings, RequestFacts(hash=hash_name))
        assert judgement.verdict is not Verdict.NOT_LISTED


@PROFILES
def test_nothing_is_locked_in(profile: Profile) -> None:
    """What can be processed today can be processed for ever: it is never refused."""
    settings = resolve_parameters(profile, {})
    for row in ALGORITHMS.values():
        for operation in {CryptoOperation.DECRYPT, CryptoOperation.VERIFY, CryptoOperation.DECAPSULATE, *UNJUDGED}:
            for day in DAYS:
                for request in (PURE, RequestFacts(hash="sha1", scheme="pkcs1v15")):
                    judgement = judge(profile, row_properties(row), operation, day, settings, request)
                    assert judgement.effect is not Verdict.REFUSE, (row.name, operation, judgement.rule)


@PROFILES
def test_protecting_only_gets_stricter(profile: Profile) -> None:
    """What a day takes away doesn't come back on a later one."""
    settings = resolve_parameters(profile, {})
    strictness = {Verdict.ALLOW: 0, Verdict.WARN: 1, Verdict.REFUSE: 2}
    days = [TODAY, *boundaries(profile, settings)]
    for row in ALGORITHMS.values():
        for operation in row_operations(row):
            for hash_name in ("", "sha1", "sha2-224", "sha2-256", "sha2-512"):
                request = RequestFacts(hash=hash_name, pure=True)
                key = row_properties(row)
                found = [judge(profile, key, operation, day, settings, request).effect for day in days]
                assert found == sorted(found, key=lambda effect: strictness[effect]), (row.name, operation, hash_name)


@PROFILES
def test_making_a_key_is_judged_as_protecting(profile: Profile) -> None:
    """A key that can do nothing that is allowed isn't made, and one that can is."""
    settings = resolve_parameters(profile, {})
    for row in ALGORITHMS.values():
        key = row_properties(row)
        operations = set(row_operations(row)) - UNJUDGED
        made = {CryptoOperation.CREATE, CryptoOperation.IMPORT, CryptoOperation.ROTATE}
        processing = {CryptoOperation.DECRYPT, CryptoOperation.VERIFY, CryptoOperation.DECAPSULATE}
        for day in DAYS:
            uses = [judge(profile, key, use, day, settings, PURE).verdict for use in operations - made - processing]
            for operation in made:
                verdict = judge(profile, key, operation, day, settings, PURE).verdict
                assert (verdict is Verdict.REFUSE) == all(use is Verdict.REFUSE for use in uses), (row.name, day)


@pytest.mark.parametrize(
    ("profile", "algorithm", "operation", "boundary", "before", "after"),
    [
        ("cnsa-2.0", "rsa-3072", "sign", "2034-01-01T00:00:00", "warn", "refuse"),
        ("nist-transition", "rsa-2048", "sign", "2031-01-01T00:00:00", "allow", "warn"),
        ("nist-transition", "ecdsa-p256", "sign", "2036-01-01T00:00:00", "allow", "refuse"),
        ("bsi-tr-02102-1", "ecdsa-p256", "agree", "2032-01-01T00:00:00", "allow", "refuse"),
        ("bsi-tr-02102-1", "rsa-3072", "sign", "2036-01-01T00:00:00", "allow", "refuse"),
        ("anssi", "rsa-2048", "sign", "2031-01-01T00:00:00", "warn", "refuse"),
        ("eo-14412", "rsa-4096", "sign", "2032-01-01T00:00:00", "warn", "refuse"),
        ("asd-ism", "ml-kem-768", "encapsulate", "2031-01-01T00:00:00", "allow", "refuse"),
    ],
)
def test_verdicts_change_at_midnight_in_utc(
    profile: str, algorithm: str, operation: str, boundary: str, before: str, after: str
) -> None:
    midnight = datetime.fromisoformat(boundary).replace(tzinfo=UTC).timestamp()
    assert ask(profile, algorithm, operation, utc_day(midnight - 1)).verdict.value == before
    assert ask(profile, algorithm, operation, utc_day(midnight)).verdict.value == after
    assert ask(profile, algorithm, operation, utc_day(midnight + 1)).verdict.value == after


def test_the_next_change_is_told() -> None:
    profile = profile_named("nist-transition")
    settings = resolve_parameters(profile, {})
    key = row_properties(ALGORITHMS["rsa-2048"])
    change = next_change(profile, key, CryptoOperation.SIGN, TODAY, settings, PURE)
    assert change is not None
    day, judgement = change
    assert (day, judgement.verdict) == (date(2031, 1, 1), Verdict.WARN)
    change = next_change(profile, key, CryptoOperation.SIGN, day, settings, PURE)
    assert change is not None
    assert (change[0], change[1].verdict) == (date(2036, 1, 1), Verdict.REFUSE)
    assert next_change(profile, key, CryptoOperation.SIGN, change[0], settings, PURE) is None
    assert boundaries(profile, settings) == (date(2031, 1, 1), date(2036, 1, 1))


def test_parameters_move_boundaries() -> None:
    profile = profile_named("cnsa-2.0")
    assert boundaries(profile, resolve_parameters(profile, {})) == (date(2034, 1, 1),)
    assert boundaries(profile, resolve_parameters(profile, {"category": "networking"})) == (date(2031, 1, 1),)


def test_the_strictest_topic_counts() -> None:
    """RSA of 3072 bits is warned of by CNSA 2.0, and a hash outside the suite refused."""
    assert ask("cnsa-2.0", "rsa-3072", "sign", request=RequestFacts(hash="sha2-384")).rule == "cnsa-2.0/rsa"
    assert ask("cnsa-2.0", "rsa-3072", "sign", request=RequestFacts(hash="sha2-256")).rule == "cnsa-2.0/hash-outside"
    assert ask("cnsa-2.0", "rsa-2048", "sign", request=RequestFacts(hash="sha2-384")).rule == "cnsa-2.0/outside"


@pytest.mark.parametrize(("not_listed", "effect"), [("warn", "warn"), ("refuse", "refuse"), ("allow", "allow")])
def test_what_is_not_listed_is_as_the_parameter_says(not_listed: str, effect: str) -> None:
    for algorithm in ("chacha20-poly1305", "ed25519"):
        judgement = ask("bsi-tr-02102-1", algorithm, "create", not_listed=not_listed)
        assert (judgement.verdict.value, judgement.effect.value) == ("not-listed", effect)
    assert ask("bsi-tr-02102-1", "rsa-2048", "sign", not_listed="allow").effect is Verdict.REFUSE


def test_a_warning_stands_beside_what_may_be_unlisted() -> None:
    """Of an unlisted algorithm, allowed by the parameter, another topic still warns."""
    request = RequestFacts(hash="sha1")
    allowed = ask("bsi-tr-02102-1", "ed25519", "verify", request=request, not_listed="allow")
    assert (allowed.effect, allowed.rule) == (Verdict.WARN, "bsi-tr-02102-1/short-hash-legacy")
    refused = ask("bsi-tr-02102-1", "ed25519", "verify", request=request, not_listed="refuse")
    assert (refused.effect, refused.rule) == (Verdict.REFUSE, "bsi-tr-02102-1/eddsa")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"categories": "x"}, 'profile "cnsa-2.0@2025-05" has no parameter "categories"; it has "category", "not_list'),
        ({"category": "cloud"}, 'parameter "category" of profile "cnsa-2.0@2025-05" must be one of "cloud-services", '),
        ({"category": ["networking"]}, 'parameter "category" of profile "cnsa-2.0@2025-05" must be one of'),
        (
            {"not_listed": "deny"},
            'parameter "not_listed" of profile "cnsa-2.0@2025-05" must be one of "warn"',
        ),
    ],
)
def test_wrong_parameters_are_named(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        resolve_parameters(profile_named("cnsa-2.0"), given)
    assert str(caught.value.message).startswith(message)


@pytest.mark.parametrize("row", ALGORITHMS.values(), ids=lambda row: row.name)
def test_a_key_is_judged_as_its_row(row: Algorithm) -> None:
    """The matrix and a policy see the same facts; the length of an HMAC key is its maker's to choose."""
    facts = facts_of_type(row.name, CryptoOperation.CREATE, {})
    expected = row_properties(row)
    for field in fields(RowProperties):
        if (row.name, field.name) != ("hmac", "bits"):
            assert getattr(facts, field.name) == getattr(expected, field.name), field.name


def test_a_short_key_of_a_chosen_length_is_seen() -> None:
    profile = profile_named("nist-transition")
    key = row_properties(ALGORITHMS["hmac"])
    settings = resolve_parameters(profile, {})
    for bits, today, verify in ((64, "refuse", "warn"), (112, "allow", "allow"), (256, "allow", "allow")):
        short = RowProperties(**{field.name: getattr(key, field.name) for field in fields(key)} | {"bits": bits})
        assert judge(profile, short, CryptoOperation.HMAC, TODAY, settings).verdict.value == today
        assert judge(profile, short, CryptoOperation.VERIFY, TODAY, settings).verdict.value == verify
