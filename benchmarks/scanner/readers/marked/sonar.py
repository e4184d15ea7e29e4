"""Tests of Sonar's analysers for Java, Python and JavaScript, whose rules on cryptography have files of their own.

Rules on pseudo-random numbers are left out: they go by words in the same scope, not by what becomes of the number.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import tree_sitter_typescript
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from benchmarks.scanner.cases import Case, Labelled, Place, checked_files
from benchmarks.scanner.readers.marked.comments import judged, marked_cases

_JAVA = "java-checks-test-sources"
_MODES = ("ecb-mode", "weak-padding", "unauthenticated-mode")
_PASSWORDS = ("weak-kdf", "low-kdf-iterations", "weak-hash")
_JAVA_CLASSES = {
    r"CryptographicKeySizeCheck": ("weak-key-size",),
    r"DataHashingCheck": ("weak-hash", "weak-kdf"),
    r"EncryptionAlgorithmCheck": _MODES,
    r"StrongCipherAlgorithmCheck": ("weak-cipher",),
    r"WeakSSLContextCheck": ("weak-protocol",),
    r"CipherBlockChainingCheck": ("static-iv", "nonce-reuse"),
    r"CounterModeIVShouldNotBeReusedCheck": ("nonce-reuse", "static-iv"),
    r"UnpredictableSaltCheck": ("static-salt",),
    r"ServerCertificatesCheck": ("disabled-certificate-check",),
    r"VerifiedServerHostnamesCheck": ("disabled-certificate-check",),
    r"JWTWithStrongCipherCheck": ("unverified-signature",),
    r"PredictableSeedCheck": ("static-seed",),
    r"PasswordEncoder(?:Spring|Javax)": _PASSWORDS,
    r"AndroidMobileDatabaseEncryptionKeysCheck": ("hardcoded-key",),
}
"""By the beginning of a path's last parts: the classes that count, the first of them to report under."""

_PYTHON = "python-checks/src/test/resources/checks"
_PYTHON_CLASSES = {
    r"hotspots/hashing/hashingData": ("weak-hash", "weak-kdf"),
    r"hotspots/strongCryptographicKeys": ("weak-key-size",),
    r"jwtVerification": ("unverified-signature",),
    r"predictableSalt": ("static-salt",),
    r"robustCipherAlgorithm": ("weak-cipher",),
    r"secureModeEncryptionAlgorithms": _MODES,
    r"verifiedSslTlsCertificateCheck": ("disabled-certificate-check",),
    r"unverifiedHostname": ("disabled-certificate-check",),
    r"weakSSLProtocol(?!_apigateway|_elastic)": ("weak-protocol",),
    r"cipherBlockChaining": ("static-iv", "nonce-reuse"),
    r"fastHashingOrPlainText": _PASSWORDS,
    r"flaskHardCoded(?:JWT)?SecretKey": ("hardcoded-key",),
}

_JAVASCRIPT = "packages/analysis/src/jsts/rules"
_JAVASCRIPT_CLASSES = {
    "S4423": ("weak-protocol",),
    "S4426": ("weak-key-size",),
    "S4790": ("weak-hash",),
    "S4830": ("disabled-certificate-check",),
    "S5527": ("disabled-certificate-check",),
    "S5542": _MODES,
    "S5547": ("weak-cipher",),
    "S5659": ("unverified-signature", "weak-hash", "weak-key-size"),
}
"""By rule: the classes that count, the first of them to report under."""

_CLOUD = re.compile(r"aws-cdk|aws_")
"""Programs that describe machines in a cloud, whose settings no cryptographic library reads."""

_LANGUAGE = Language(tree_sitter_typescript.language_typescript())
_SAMPLES = Query(
    _LANGUAGE,
    """(pair key: (property_identifier) @list (#match? @list "^(in)?valid$") value: (array (object) @sample))""",
)


def read_java(copy: Path, scratch: Path) -> Labelled:
    """The samples of the analyser for Java."""
    return _marked(copy, sorted((copy / _JAVA).rglob("*.java")), _JAVA_CLASSES)


def read_python(copy: Path, scratch: Path) -> Labelled:
    """The samples of the analyser for Python."""
    return _marked(copy, sorted((copy / _PYTHON).rglob("*.py")), _PYTHON_CLASSES)


def read_javascript(copy: Path, scratch: Path) -> Labelled:
    """The samples of the analyser for JavaScript: marked files, and programs in tests that list what is reported."""
    cases: list[Case] = []
    for rule, accepted in _JAVASCRIPT_CLASSES.items():
        folder = copy / _JAVASCRIPT / rule
        for path in sorted(folder.glob("*.fixture.[jt]s")):
            cases += marked_cases(path, accepted)
        for path in sorted(folder.glob("unit.test.ts")):
            (scratch / rule).mkdir()
            cases += _unpacked(path.read_bytes(), scratch / rule, accepted)
    return checked_files(scratch, cases)


def _marked(copy: Path, paths: list[Path], classes: Mapping[str, tuple[str, ...]]) -> Labelled:
    cases = [
        case
        for path in paths
        for pattern, accepted in classes.items()
        if re.search(rf"/{pattern}", path.as_posix())
        for case in marked_cases(path, accepted)
    ]
    return checked_files(copy, cases)


def _unpacked(test: bytes, folder: Path, accepted: tuple[str, ...]) -> Iterator[Case]:
    """The programs of a test, written to files. Where no line is named, any place in the program counts."""
    root = Parser(_LANGUAGE).parse(test).root_node
    for number, (_, captured) in enumerate(QueryCursor(_SAMPLES).matches(root)):
        members = dict(_members(captured["sample"][0]))
        code = _text(members.get("code"))
        if not code or _CLOUD.search(code):
            continue
        path = folder / f"sample{number}.{'tsx' if code.startswith('<') else 'js'}"
        path.write_text(code, encoding="utf-8")
        weak = captured["list"][0].text == b"invalid"
        errors = members.get("errors")
        listed = errors.named_children if weak and errors is not None and errors.type == "array" else [None]
        for error in listed:
            lines = [int(line) for line in re.findall(rb"\bline: (\d+)", (error and error.text) or b"")]
            places = tuple(Place(path, line, line) for line in lines) or (Place(path),)
            yield Case(accepted[0], weak, places, judged(accepted, weak=weak))


def _members(sample: Node) -> Iterator[tuple[str, Node]]:
    for pair in sample.named_children:
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is not None and value is not None:
            yield (key.text or b"").decode(), value


def _text(value: Node | None) -> str:
    """The text of a string or a template without anything to fill in, else ``""``."""
    if value is None or value.type not in ("string", "template_string"):
        return ""
    if any(part.type == "template_substitution" for part in value.named_children):
        return ""
    return (value.text or b"").decode()[1:-1]
