"""Every row of the registry is held against published vectors, or says which rows stand for it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from engines.algorithms.registry import ALGORITHMS, KEM_ALGORITHMS, index_by

HERE = Path(__file__).parent
VECTORS: dict[str, tuple[str, ...]] = {
    "test_algorithms.py::test_aes_gcm_seals_as_nist_says": ("aes128-gcm96", "aes256-gcm96"),
    "test_algorithms.py::test_chacha20_poly1305_does_what_openssls_vectors_say": ("chacha20-poly1305",),
    "test_algorithms.py::test_hmac_gives_what_the_rfcs_say": ("hmac",),
    "test_algorithms.py::test_rsa_verifies_what_nist_says": ("rsa-2048", "rsa-3072", "rsa-4096"),
    "test_algorithms.py::test_ecdsa_verifies_what_nist_says_in_both_forms": ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521"),
    "test_algorithms.py::test_ed25519_signs_as_the_vectors_of_its_authors_say": ("ed25519",),
    "test_ciphers.py::test_aes_ccm_seals_as_nist_says": ("aes256-ccm",),
    "test_ciphers.py::test_an_aead_seals_as_published": ("xchacha20-poly1305", "aes256-cbc-hmac-sha512"),
    "test_ciphers.py::test_aes_cbc_encrypts_as_nist_says": ("aes128-cbc", "aes256-cbc"),
    "test_ciphers.py::test_aes_xts_encrypts_as_nist_says": ("aes256-xts",),
    "test_ciphers.py::test_cmac_gives_what_nist_says": ("aes128-cmac", "aes192-cmac", "aes256-cmac"),
    "test_ciphers.py::test_ml_dsa_verifies_what_the_known_answers_say": ("mldsa-44", "mldsa-65", "mldsa-87"),
    "signatures/test_signature_vectors.py::test_nist_s_vectors_cover_every_parameter_set": tuple(
        name for name, row in ALGORITHMS.items() if row.shared_key_type in ("ml-dsa", "slh-dsa")
    ),
    "kem/test_kems.py::test_kem_and_key_schedule_give_what_the_draft_of_hpke_says": tuple(KEM_ALGORITHMS),
    "signatures/test_post_quantum.py::test_the_signature_of_the_draft_s_authors_is_valid": (
        "hybrid-ml-dsa-65-ecdsa-p256",
    ),
}
"""Tests with published vectors, by file and function, and the rows that each covers."""

COMPOSED = {name for name in ALGORITHMS if name.startswith("hybrid-")}
"""Combinations of two rows with vectors of their own by one rule (Composite ML-DSA), whose vectors are above."""


def _functions(file: str) -> set[str]:
    nodes = ast.walk(ast.parse((HERE / file).read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("test", VECTORS)
def test_the_tests_with_vectors_exist(test: str) -> None:
    file, _, function = test.partition("::")
    assert function in _functions(file)


def test_every_row_has_vectors() -> None:
    covered = {name for names in VECTORS.values() for name in names} | COMPOSED
    missing = set(ALGORITHMS) - covered
    assert not missing, f"no published vectors are named here for {', '.join(sorted(missing))}"
    assert covered <= set(ALGORITHMS), "a row that is gone is still named"


def test_two_rows_may_not_share_a_name_or_a_number() -> None:
    first, second, *_ = ALGORITHMS.values()
    with pytest.raises(AssertionError, match=f"{first.name} and {second.name} have the same key 7"):
        index_by(lambda row: 7, (first, second))
