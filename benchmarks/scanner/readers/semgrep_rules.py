"""Examples of semgrep-rules: comments name the rule that must, or must not, report the next line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.scanner.cases import Case, Labelled, Place, checked_files, classes_of, source_files
from benchmarks.scanner.statements import statement_end

_FOLDERS = ("c", "go", "java", "javascript", "python", "rust", "typescript")
_FIXED = ".fixed."
"""What automatic fixes make of an example: its comments are those from before the fix."""

_ANNOTATION = re.compile(r"^\s*(?:#|//|/\*)\s*(?P<kind>ruleid|ok)\s*:\s*(?P<rules>[\w.,\s-]+?)\s*(?:\*/)?\s*$")
_SKIPPED = re.compile(rf"{_ANNOTATION.pattern}|^\s*@\w+(?:\(.*\))?\s*$")
"""Lines between a label and the code that it is about: other labels, and Java's annotations."""

_UNCHECKED = ("disabled-certificate-check",)
_UNVERIFIED = ("unverified-signature",)
_CLASSES = (
    (r"gcm-nonce-reuse", ("static-iv", "nonce-reuse")),
    (r"no-static-initialization-vector", ("static-iv",)),
    (r"ecb-cipher|use-of-aes-ecb|insecure-cipher-mode-ecb|use-of-default-aes", ("ecb-mode",)),
    (r"(crypto-)?mode-without-authentication", ("unauthenticated-mode", "ecb-mode")),
    (r"cbc-padding-oracle", ("unauthenticated-mode",)),
    (r"insecure-hash(es|-.*)?|use-of-(md5|sha1).*", ("weak-hash",)),
    (r"md5-used-as-password", ("weak-kdf", "weak-hash")),
    (r"insecure-cipher-algorithm-.*|use-of-(DES|rc2|rc4|blowfish)|des(ede)?-is-deprecated", ("weak-cipher",)),
    (r"no-null-cipher", ("weak-cipher",)),
    (r"insufficient-(rsa|dsa|ec)-key-size|use-of-weak-rsa-key", ("weak-key-size",)),
    (r"blowfish-insufficient-key-size", ("weak-key-size",)),
    (r"rsa-no-padding", ("weak-padding",)),
    (r"math-random-used|weak-random|detect-pseudoRandomBytes", ("weak-random",)),
    (r"weak-ssl-.*|ssl-v3-is-insecure|sequelize-weak-tls-version", ("weak-protocol",)),
    (r"tls-with-insecure-cipher", ("weak-protocol", "weak-cipher")),
    (r"disabled-cert-validation|unverified-ssl-context|ssl-verify-none|rustls-dangerous", _UNCHECKED),
    (r"reqwest-accept-invalid|insecure-(trust-manager|hostname-verifier)|tls-hostname-.*", _UNCHECKED),
    (r"avoid-ssh-insecure-ignore-host-key|paramiko-implicit-trust-.*|sequelize-tls-disabled-.*", _UNCHECKED),
    (r"create-de-cipher-no-iv", ("weak-kdf", "static-iv", "weak-cipher")),
    (r"unverified-jwt-decode|.*-decode-without-verify|jwt-go-parse-unverified|jwt-simple-noverify", _UNVERIFIED),
    (r"j.*-none-alg(orithm)?", _UNVERIFIED),
    (r"(.*-)?hardcoded-(jwt-)?(secret|key)|hardcoded-hmac-key|empty-aes-key", ("hardcoded-key",)),
)
"""By a pattern of the rule's name: the classes that count, the first of them to report under."""

_NARROW = frozenset({"weak-kdf"})
"""Classes whose rules look at passwords alone: what they pass may be weak all the same."""


def read(copy: Path, scratch: Path) -> Labelled:
    """The annotated examples of rules on cryptography, in the scanner's languages."""
    paths = [path for name in _FOLDERS for path in source_files(copy / name) if _FIXED not in path.name]
    cases = [case for path in paths for case in _cases(path)]
    return checked_files(copy, cases)


def _cases(path: Path) -> Iterator[Case]:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    for number, line in enumerate(lines, start=1):
        annotation = _ANNOTATION.match(line)
        if annotation is None:
            continue
        first = _next_code(lines, number + 1)
        place = Place(path, first, statement_end(lines, first))
        for rule in re.split(r"[,\s]+", annotation["rules"]):
            accepted = classes_of(rule, _CLASSES)
            weak = annotation["kind"] == "ruleid"
            if accepted and (weak or accepted[0] not in _NARROW):
                yield Case(accepted[0], weak, (place,), frozenset(accepted))


def _next_code(lines: Sequence[str], number: int) -> int:
    while number < len(lines) and (not lines[number - 1].strip() or _SKIPPED.match(lines[number - 1])):
        number += 1
    return min(number, len(lines))
