"""Profiles against the registry: who disputes what, and what suits all."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Primitive
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.profiles import matrix as module
from engines.crypto_policy.profiles.catalogue import all_profiles
from engines.crypto_policy.profiles.judging import boundaries, judge
from engines.crypto_policy.profiles.matrix import MAX_PROFILES, Matrix, matrix, row_operations, row_properties
from engines.crypto_policy.profiles.model import Profile, Verdict
from engines.crypto_policy.profiles.parameters import resolve_parameters
from tests.engines.crypto_policy.profiles.questions import PURE, TODAY, profile_named


def matrix_of(*names: str, at: date = TODAY) -> Matrix:
    return matrix([profile_named(name) for name in names], at)


def test_it_has_each_algorithm_and_operation_once() -> None:
    cells = matrix_of("cnsa-2.0").cells
    assert len({(cell.algorithm, cell.operation) for cell in cells}) == len(cells)
    assert {cell.algorithm for cell in cells} == set(ALGORITHMS)
    assert {cell.operation for cell in cells} == set(CryptoOperation) - {CryptoOperation.HASH}
    assert all(set(cell.verdicts) == {"cnsa-2.0@2025-05"} for cell in cells)


def test_operations_are_those_that_keys_can_do() -> None:
    rsa = row_operations(ALGORITHMS["rsa-2048"])
    assert {CryptoOperation.SIGN, CryptoOperation.ENCRYPT, CryptoOperation.DATAKEY} <= set(rsa)
    assert CryptoOperation.ENCAPSULATE not in rsa
    assert CryptoOperation.DATAKEY not in row_operations(ALGORITHMS["ml-kem-768"])
    assert CryptoOperation.AGREE in row_operations(ALGORITHMS["ecdsa-p384"])
    assert CryptoOperation.ISSUE_TOKEN in row_operations(ALGORITHMS["ml-dsa-65"])


@pytest.mark.parametrize("other", ["bsi-tr-02102-1", "anssi"])
def test_no_kem_suits_both_sides_of_the_atlantic(other: str) -> None:
    """CNSA 2.0 has ML-KEM-1024 by itself, the others only a hybrid."""
    found = matrix_of("cnsa-2.0", other)
    assert found.satisfy_all["kem"] == []
    assert found.satisfy_all["signature"] == []
    assert "aes256-gcm96" in found.satisfy_all["ae"]
    disputed = {(cell.algorithm, cell.operation.value) for cell in found.cells if cell.disputed}
    assert {("ml-kem-1024", "encapsulate"), ("ml-dsa-87", "sign"), ("slh-dsa-sha2-256s", "sign")} <= disputed
    assert ("p384-ml-kem-1024", "encapsulate") not in disputed
    (hybrid,) = (
        cell
        for cell in found.cells
        if (cell.algorithm, cell.operation) == ("p384-ml-kem-1024", CryptoOperation.ENCAPSULATE)
    )
    assert set(hybrid.verdicts.values()) == {Verdict.WARN, Verdict.ALLOW}


def test_each_side_has_a_kem_of_its_own() -> None:
    assert matrix_of("cnsa-2.0").satisfy_all["kem"] == ["ml-kem-1024"]
    assert matrix_of("bsi-tr-02102-1", "anssi").satisfy_all["kem"] == ["p384-ml-kem-1024"]


def test_what_is_only_warned_of_or_unlisted_does_not_count() -> None:
    assert matrix_of("cnsa-2.0").satisfy_all["pke"] == []
    assert "chacha20-poly1305" not in matrix_of("bsi-tr-02102-1").satisfy_all["ae"]


def test_the_day_counts() -> None:
    assert "rsa-3072" in matrix_of("nist-transition", at=date(2035, 12, 31)).satisfy_all["pke"]
    assert matrix_of("nist-transition", at=date(2036, 1, 1)).satisfy_all["pke"] == []


@pytest.mark.parametrize("profile", all_profiles().values(), ids=lambda profile: profile.id)
def test_days_between_changes_are_alike(profile: Profile) -> None:
    """What is kept of a profile is right for each day that it is kept for."""
    settings = resolve_parameters(profile, {})
    changes = boundaries(profile, settings)
    for day in (date.min, date.max, *changes, *(change - timedelta(days=1) for change in changes)):
        for cell in matrix([profile], day).cells:
            key = row_properties(ALGORITHMS[cell.algorithm])
            judgement = judge(profile, key, cell.operation, day, settings, PURE)
            assert cell.verdicts == {profile.id: judgement.verdict}


def test_dates_of_a_callers_choosing_cost_nothing_again(monkeypatch: pytest.MonkeyPatch) -> None:
    profiles = list(all_profiles().values())
    for year in (2026, 2030, 2031, 2032, 2034, 2036):
        matrix(profiles, date(year, 6, 1))
    monkeypatch.setattr(module, "judge", None)
    for year in range(2026, 2100):
        matrix(profiles, date(year, 7, 1))


def test_every_primitive_is_answered() -> None:
    found = matrix(list(all_profiles().values()), TODAY)
    assert set(found.satisfy_all) == {primitive.value for primitive in Primitive}
    assert len(all_profiles()) <= MAX_PROFILES
