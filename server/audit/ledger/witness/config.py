"""A witness's configuration, in HCL or JSON, and its key."""

from __future__ import annotations

import base64
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from compat.hcl.reader import Attribute, Body, HclError, Scalar, parse
from server.audit.ledger.log.keys import NoteSigner, SignatureType, VerifierKey
from server.audit.ledger.log.notes import BadNote, decode_base64
from server.audit.ledger.log.policy import parse_log_key

_MAX_CONFIG_BYTES = 1024 * 1024
_MAX_KEY_BYTES = 4096
_KEY_PREFIX = "PRIVATE+KEY+"
_TYPE = SignatureType.ML_DSA_44_COSIGNATURE
_WORDS = ("listen", "database", "name", "key_file")


class BadConfig(Exception):
    """A configuration or a key file can't be used; the text says where and why."""


@dataclass(frozen=True, slots=True)
class WitnessConfig:
    """The settings of a configuration file."""

    host: str
    port: int
    database: Path
    name: str
    key_file: Path
    logs: tuple[VerifierKey, ...]


def read_config(path: Path) -> WitnessConfig:
    """Read a configuration. Raises ``BadConfig``."""
    try:
        body = parse(_text(path, _MAX_CONFIG_BYTES))
        words = _words(body, path)
        logs = tuple(_log_key(block.labels[0], block.body, path) for block in body.blocks("log", 1))
    except HclError as error:
        raise BadConfig(f"{path}: {error}") from error
    if not logs:
        raise BadConfig(f'{path}: expected log "VKEY" {{}} at least once')
    if len({key.public for key in logs}) < len(logs):
        raise BadConfig(f"{path}: a log's key stands twice")
    host, port = _address(words["listen"], path)
    return WitnessConfig(host, port, Path(words["database"]), words["name"], Path(words["key_file"]), logs)


def read_key(path: Path, name: str) -> NoteSigner:
    """The key in a file; if there is none, it is made, with the verifier key in the same name with ``.pub``.

    Raises ``BadConfig``.
    """
    try:
        if not path.exists():
            _make_key(path, name)
        signer = _parse_key(_text(path, _MAX_KEY_BYTES), name)
        public = Path(f"{path}.pub")
        if not public.exists():
            public.write_text(f"{signer.verifier}\n", encoding="utf-8")
    except OSError as error:
        raise BadConfig(f"can't use {path}: {error.strerror}") from error
    except BadNote as error:
        raise BadConfig(f"{path} is no key of the witness {name}: {error}") from error
    return signer


def _make_key(path: Path, name: str) -> None:
    """Make a key. Its file is whole or not there, and never another process's overwritten."""
    seed = secrets.token_bytes(32)
    try:
        signer = NoteSigner.from_seed(name, _TYPE, seed)
    except BadNote as error:
        raise BadConfig(f"name: {error}") from error
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(_key_text(signer, seed).encode())
            file.flush()
            os.fsync(file.fileno())
        os.link(temporary, path)
    except FileExistsError:
        raise BadConfig(f"{path} was made by another process") from None
    finally:
        temporary.unlink()


def _key_text(signer: NoteSigner, seed: bytes) -> str:
    """A private key in the form of Go's package note: name, id, and type and seed in base64."""
    material = base64.b64encode(bytes([_TYPE]) + seed).decode()
    return f"{_KEY_PREFIX}{signer.name}+{signer.verifier.key_id.hex()}+{material}\n"


def _parse_key(text: str, name: str) -> NoteSigner:
    given, first, rest = text.strip().removeprefix(_KEY_PREFIX).partition("+")
    key_id, second, material = rest.partition("+")
    if not text.startswith(_KEY_PREFIX) or not first or not second:
        raise BadNote("expected PRIVATE+KEY+NAME+ID+KEY")
    content = decode_base64(material, 33)
    if content[0] != _TYPE:
        raise BadNote("it is of another type")
    signer = NoteSigner.from_seed(given, _TYPE, content[1:])
    if given != name or signer.verifier.key_id.hex() != key_id:
        raise BadNote(f"it is of {given}")
    return signer


def _words(body: Body, path: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in body.items:
        if item.name == "log":
            continue
        where = f"{path}:{item.position.line}"
        if item.name not in _WORDS or item.name in found:
            raise BadConfig(f"{where}: {item.name} isn't known here, or stands twice")
        value = item.value if isinstance(item, Attribute) else None
        if not isinstance(value, Scalar) or not isinstance(value.value, str) or not value.value:
            raise BadConfig(f"{where}: {item.name}: expected a string")
        found[item.name] = value.value
    for word in _WORDS:
        if word not in found:
            raise BadConfig(f"{path}: {word} is missing")
    return found


def _log_key(text: str, body: Body, path: Path) -> VerifierKey:
    if body.items:
        raise BadConfig(f"{path}:{body.items[0].position.line}: a log has no settings")
    try:
        return parse_log_key(text)
    except BadNote as error:
        raise BadConfig(f"{path}: log: {error}") from error


def _address(text: str, path: Path) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit()) or int(port) > 65_535 or not host:
        raise BadConfig(f'{path}: listen: expected "host:port", got {text!r}')
    return host.removeprefix("[").removesuffix("]"), int(port)


def _text(path: Path, limit: int) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(limit + 1)
        if len(content) > limit:
            raise BadConfig(f"{path} has more than {limit} bytes")
        return content.decode()
    except OSError as error:
        raise BadConfig(f"can't read {path}: {error.strerror}") from error
    except UnicodeDecodeError:
        raise BadConfig(f"{path} is no UTF-8") from None
