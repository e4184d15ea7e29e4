"""Tests of Bearer's rules: comments name the rule that must report the next line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked_files, classes_of, source_files
from benchmarks.scanner.statements import statement_end

_FOLDERS = ("go", "java", "javascript", "python")
_EXPECTED = re.compile(r"^\s*(?:#|//)\s*bearer:expected\s+(?P<rule>\w+)\s*$")
_CLASSES = (
    (r"java_lang_(missing_smtp_)?ssl_host(_check|name_verifier)", ("disabled-certificate-check",)),
    (r"\w+_ssl_verification|javascript_node_missing_tls_validation", ("disabled-certificate-check",)),
    (r"\w+_insecure_ignore_host_key", ("disabled-certificate-check",)),
    (r"go_gosec_crypto_weak_crypto", ("weak-hash", "weak-cipher")),
    (r"\w+_weak_hash_(md5|sha1)", ("weak-hash",)),
    (r"\w+_weak_password_(encryption|hash)_(md5|sha1)", ("weak-hash", "weak-kdf")),
    (r"\w+_weak(_password)?_encryption_(des|rc4|blowfish)", ("weak-cipher", "ecb-mode")),
    (r"\w+_weak_encryption_ecb_mode", ("ecb-mode",)),
    (r"\w+_weak_encryption_rsa", ("weak-padding", "weak-key-size")),
    (r"\w+_padding_oracle_\w+", ("unauthenticated-mode",)),
    (r"\w+_(weak_key_strength|blowfish_key_size)", ("weak-key-size",)),
    (r"\w+_(weak_tls_version|missing_tls_minversion)", ("weak-protocol",)),
    (r"\w+_jwt_verification_bypass", ("unverified-signature",)),
    (r"\w+_jwt_hardcoded_secret|python_django_weak_secret_key", ("hardcoded-key",)),
)
"""By a pattern of the rule's name: the classes that count, the first of them to report under."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The labelled lines of rules on cryptography, in the scanner's languages."""
    paths = [path for folder in _FOLDERS for path in source_files(copy / "tests" / folder)]
    cases = [case for path in paths for case in _cases(path)]
    return checked_files(copy, cases)


def _cases(path: Path) -> Iterator[Case]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        expected = _EXPECTED.match(line)
        accepted = classes_of(expected["rule"], _CLASSES) if expected else ()
        if accepted and number < len(lines):
            place = Place(path, number + 1, statement_end(lines, number + 1))
            yield Case(accepted[0], True, (place,), frozenset(accepted))
