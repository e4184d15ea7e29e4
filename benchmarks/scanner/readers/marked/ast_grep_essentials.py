"""Tests of CodeRabbit's rules for ast-grep: YAML files with fragments of code, ``valid`` and ``invalid`` ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import yaml

from benchmarks.scanner.cases import Case, Labelled, Place, checked

_SUFFIXES = {
    "c": ".c",
    "cpp": ".cpp",
    "go": ".go",
    "java": ".java",
    "javascript": ".js",
    "python": ".py",
    "rust": ".rs",
    "typescript": ".ts",
}
"""By the folder of a test: the suffix of its language."""

_CLASSES: Mapping[str, str] = {
    "cbc-padding-oracle": "unauthenticated-mode",
    "des-is-deprecated": "weak-cipher",
    "desede-is-deprecated": "weak-cipher",
    "ecb-cipher": "ecb-mode",
    "express-jwt-hardcoded-secret": "hardcoded-key",
    "express-session-hardcoded-secret": "hardcoded-key",
    "gorilla-cookie-store-hardcoded-session-key": "hardcoded-key",
    "gorilla-csrf-hardcoded-auth-key": "hardcoded-key",
    "insecure-cipher-algorithm-rc4": "weak-cipher",
    "insecure-hash": "weak-hash",
    "java-jwt-hardcoded-secret": "hardcoded-key",
    "jwt-go-none-algorithm": "unverified-signature",
    "jwt-python-hardcoded-secret": "hardcoded-key",
    "jwt-simple-noverify": "unverified-signature",
    "no-null-cipher": "weak-cipher",
    "node-rsa-weak-key": "weak-key-size",
    "python-pyjwt-hardcoded-secret": "hardcoded-key",
    "reqwest-accept-invalid": "disabled-certificate-check",
    "rsa-no-padding": "weak-padding",
    "small-key-size": "weak-key-size",
    "ssl-v3-is-insecure": "weak-protocol",
    "ssl-verify-none": "disabled-certificate-check",
    "tls-with-insecure-cipher": "weak-cipher",
    "use-of-aes-ecb": "ecb-mode",
    "use-of-blowfish": "weak-cipher",
    "use-of-default-aes": "ecb-mode",
    "use-of-md5": "weak-hash",
    "use-of-md5-digest-utils": "weak-hash",
    "use-of-rc4": "weak-cipher",
    "use-of-sha1": "weak-hash",
    "use-of-weak-rsa-key": "weak-key-size",
    "weak-ssl-context": "weak-protocol",
}
"""By rule: the class that counts."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The fragments of the rules on cryptography, unpacked into ``scratch``."""
    return checked(scratch, _cases(copy / "tests", scratch))


def _cases(tests: Path, scratch: Path) -> Iterator[Case]:
    for language, suffix in _SUFFIXES.items():
        for path in sorted((tests / language).glob("*-test.yml")):
            rule = path.stem.removesuffix("-test").rpartition("-")[0]
            if rule in _CLASSES:
                yield from _fragments(path, _CLASSES[rule], scratch / language / rule, f"fragment{suffix}")


def _fragments(test: Path, finding: str, folder: Path, name: str) -> Iterator[Case]:
    content = yaml.safe_load(test.read_text(encoding="utf-8"))
    for kind in ("valid", "invalid"):
        for number, code in enumerate(content.get(kind) or ()):
            path = folder / f"{kind}{number}" / name
            path.parent.mkdir(parents=True)
            path.write_text(code, encoding="utf-8")
            yield Case(finding, kind == "invalid", (Place(path),))
