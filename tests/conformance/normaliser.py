"""Takes out of an answer what no two servers can have in common, and nothing else.

Random values become a note of their kind and length; times become ``<time>`` or ``<epoch>``. What a random value must
agree with stays: a ciphertext keeps its version and its length, a key in PEM its type, size and final newline, and a
value that an earlier step saved is replaced by its name wherever it turns up, so that an accessor which is looked up
must be the one that was given out.

The comparison of OpenBao with itself (see README.md) shows that nothing random is left; test_normaliser.py shows that
what means something is kept.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import time
from collections.abc import Mapping
from fnmatch import fnmatchcase

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.conformance.steps import Json, Step
from tests.conformance.wire import Answer

Leaf = tuple[str, str]
"""The JSON type and the text of a value: 1, 1.0, true and "1" are four different ones."""

TRANSPORT_HEADERS = frozenset({"date", "content-length", "transfer-encoding"})
"""How and when the body travels, which HTTP leaves to each server."""

CLOCK_SLACK_SECONDS = 86_400 * 2
KEY_BITS = (256, 384, 521, 1024, 1536, 2048, 3072, 4096)
SHORTEST_SAVED_VALUE = 16
"""Shorter ones are too likely to turn up by chance."""

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(Z|[+-]\d\d:\d\d)")
_NEVER = "0001-01-01T00:00:00Z"
_SERVICE_TOKEN = re.compile(r"s\.[A-Za-z0-9]{24}(\.[A-Za-z0-9]{6})?")
_BATCH_TOKEN = re.compile(r"b\.[A-Za-z0-9_-]{60,}(\.[A-Za-z0-9]{6})?")
_TOKEN_ACCESSOR = re.compile(r"[A-Za-z0-9]{24}(\.[A-Za-z0-9]{6})?")
_MOUNT_ACCESSOR = re.compile(r"(\w+)_[0-9a-f]{8}")
_JWT = re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_PAYLOAD = re.compile(r"vault:v(\d+):([A-Za-z0-9+/_-]*)(=*)")
_PEM = re.compile(r"-----BEGIN ([A-Z ]+)-----\n[A-Za-z0-9+/=\n]+-----END \1-----(\n?)")
_HMAC = re.compile(r"hmac-sha256:[0-9a-f]{64}")
_ADDRESS = re.compile(r"(https?://)?127\.0\.0\.1:\d+")
_ACCESSORS = frozenset({"accessor", "wrapped_accessor", "token_accessor"})
_VERSIONS = frozenset({"version", "running_plugin_version", "commit_date", "build_date"})
_COUNTDOWNS = frozenset({"ttl"})
"""Seconds left, one less if a second has passed; scenarios use multiples of ten. A step may name further places."""

_COUNTDOWN_HEADERS = frozenset({"retry-after", "x-ratelimit-reset"})

_DURATION = re.compile(r"(\d+)h(?:(\d+)m(?:(\d+)s)?)?")


def normalise(answer: Answer, step: Step, saved: Mapping[str, str]) -> dict[str, Leaf]:
    """All leaves of ``answer`` by their place: ``status``, ``headers.location``, ``body.data.keys.0`` ..."""
    leaves: dict[str, Leaf] = {"status": ("number", str(answer.status))}
    for name, value in answer.headers.items():
        if name not in TRANSPORT_HEADERS:
            counts_down = name in _COUNTDOWN_HEADERS and value.isdecimal()
            shown = str(_full_tens(int(value))) if counts_down else _ADDRESS.sub("<server>", value)
            leaves[f"headers.{name}"] = ("string", shown)
    if not answer.body:
        leaves["body"] = ("empty", "")
        return leaves
    try:
        document: Json = json.loads(answer.body)
    except ValueError:
        text = answer.body.decode("utf-8", "backslashreplace")
        leaves["body"] = ("text", _ADDRESS.sub("<server>", text))
        return leaves
    names = {value: name for name, value in saved.items() if len(value) >= SHORTEST_SAVED_VALUE}
    _Walk(step, names, leaves).walk(document, "", "")
    return leaves


class _Walk:
    def __init__(self, step: Step, names: Mapping[str, str], leaves: dict[str, Leaf]) -> None:
        self._step = step
        self._names = names
        self._leaves = leaves

    def walk(self, value: Json, place: str, key: str) -> None:
        if _matches(place, self._step.ignores):
            self._put(place, type(value).__name__, "<any>")
        elif isinstance(value, dict):
            if not value:
                self._put(place, "object", "{}")
            for name, item in value.items():
                shown = self._with_names(name)
                self.walk(item, f"{place}.{shown}" if place else shown, name)
        elif isinstance(value, list):
            if not value:
                self._put(place, "list", "[]")
            for index, item in enumerate(value):
                self.walk(item, f"{place}.{index}", key)
        elif isinstance(value, str):
            self._walk_text(value, place, key)
        elif value is None or isinstance(value, bool):
            self._put(place, "null" if value is None else "boolean", json.dumps(value))
        else:
            counts_down = key in _COUNTDOWNS or _matches(place, self._step.countdowns)
            self._put(place, "number", _number(value, counts_down=counts_down))

    def _walk_text(self, text: str, place: str, key: str) -> None:
        if _matches(place, self._step.exact):
            self._put(place, "string", text)
        elif _matches(place, self._step.countdowns):
            self._put(place, "string", _DURATION.sub(_rounded, text))
        elif _matches(place, self._step.random):
            self._put(place, "string", _random(text))
        elif key == "backup" and place == "data.backup":
            self.walk(json.loads(base64.b64decode(text)), place, key)
        else:
            self._put(place, "string", self._text(text, key))

    def _text(self, text: str, key: str) -> str:
        text = self._with_names(text)
        if key in _VERSIONS and text:
            return "<version>"
        if key == "cluster_name" and text:
            return "<name>"
        if key == "storage_type" and text:
            return "<storage>"
        if key in _ACCESSORS and _TOKEN_ACCESSOR.fullmatch(text):
            return "<accessor>"
        if key in _ACCESSORS and (match := _MOUNT_ACCESSOR.fullmatch(text)):
            return f"{match[1]}_<random>"
        if _SERVICE_TOKEN.fullmatch(text):
            return "<service token>"
        if _BATCH_TOKEN.fullmatch(text):
            return "<batch token>"
        if _JWT.fullmatch(text):
            return "<jwt>"
        if match := _PAYLOAD.fullmatch(text):
            return f"vault:v{match[1]}:{_payload(match[2], match[3])}"
        if match := _PEM.fullmatch(text):
            return f"<{match[1]}, {_pem(match[1], text)}{', newline' if match[2] else ''}>"
        if key == "public_key" and text:
            return f"<{len(base64.b64decode(text))} bytes>"
        if _HMAC.fullmatch(text):
            return "<hmac-sha256>"
        text = _UUID.sub("<uuid>", text)
        return _TIME.sub(lambda match: match[0] if match[0] == _NEVER else f"<time {match[1]}>", text)

    def _with_names(self, text: str) -> str:
        for value, name in self._names.items():
            text = text.replace(value, f"<saved {name}>")
        return text

    def _put(self, place: str, kind: str, text: str) -> None:
        self._leaves[f"body.{place}" if place else "body"] = (kind, text)


def _matches(place: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatchcase(place, pattern) for pattern in patterns)


def _number(value: int | float, *, counts_down: bool) -> str:
    if isinstance(value, int):
        if value.bit_length() > 128:
            # Numbers in backups of keys are as long as the key, give or take leading zeros.
            return f"<{next((bits for bits in KEY_BITS if value.bit_length() <= bits), 'too many')} bits>"
        if abs(value - time.time()) < CLOCK_SLACK_SECONDS:
            return "<epoch>"
        if counts_down:
            return str(_full_tens(value))
    return repr(value)


def _full_tens(seconds: int) -> int:
    return -(-seconds // 10) * 10


def _rounded(duration: re.Match[str]) -> str:
    hours, minutes, seconds = (int(part) for part in duration.groups(default="0"))
    return f"{_full_tens(hours * 3600 + minutes * 60 + seconds)} seconds"


def _payload(text: str, padding: str) -> str:
    try:
        content = base64.urlsafe_b64decode(text.replace("+", "-").replace("/", "_") + "=" * (-len(text) % 4))
    except binascii.Error:
        return "<not base64>"
    try:
        r, s = decode_dss_signature(content)
    except ValueError:
        return f"<{len(content)} bytes{', padded' if padding else ''}>"
    return f"<ECDSA signature of {-(-max(r.bit_length(), s.bit_length()) // 64) * 8} bytes>"


def _random(text: str) -> str:
    if not text:
        return ""
    try:
        # The DER form of an RSA private key varies by some bytes, so it is compared by type and size instead.
        key = serialization.load_der_private_key(base64.b64decode(text, validate=True), password=None)
    except (ValueError, UnsupportedAlgorithm):
        return f"<random, {len(text)} characters>"
    return f"<DER, {_kind(key)}>"


def _pem(label: str, text: str) -> str:
    pem = text.encode()
    if label == "CERTIFICATE REQUEST":
        request = x509.load_pem_x509_csr(pem)
        hashed = request.signature_hash_algorithm
        return f"subject {request.subject.rfc4514_string()!r}, {hashed.name if hashed else 'no hash'}"
    if label == "CERTIFICATE":
        return x509.load_pem_x509_certificate(pem).subject.rfc4514_string()
    key = (
        serialization.load_pem_public_key(pem)
        if "PUBLIC" in label
        else serialization.load_pem_private_key(pem, password=None)
    )
    return _kind(key)


def _kind(key: object) -> str:
    if isinstance(key, rsa.RSAPublicKey | rsa.RSAPrivateKey):
        return f"rsa {key.key_size}"
    if isinstance(key, ec.EllipticCurvePublicKey | ec.EllipticCurvePrivateKey):
        return key.curve.name
    return type(key).__name__
