"""Forms of the console as data: each is one request to the API, and shows its path and the ``bao`` command for it."""

from __future__ import annotations

import shlex
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import orjson

from engines.encoding import NotBase64, decode_base64, encode_base64
from engines.faults import InvalidRequest

AS = "_as"
"""Appended to the name of a message's field: the name of the switch that says how the message is written."""

FILE = "_file"
"""Appended to the name of a field: the name of the file that may take the place of what is typed in."""


CONFIRMED = "confirmed"
"""The name of the box of a form that has to be confirmed."""


class Kind(Enum):
    """The ways to type in a parameter."""

    TEXT = "text"
    HIDDEN = "hidden"
    AREA = "area"
    NUMBER = "number"
    FLAG = "flag"
    CHOICE = "choice"
    MESSAGE = "message"
    """Text or base64, by a switch; the API gets base64."""

    PAIRS = "pairs"
    """A JSON object."""

    COMPOSED = "composed"
    """Made of other fields by ``Field.compose``, and not typed in itself."""


@dataclass(frozen=True, slots=True)
class Field:
    """One parameter of the API, as a form asks for it."""

    name: str
    label: str
    kind: Kind = Kind.TEXT
    value: str = ""
    """The value at first; for a flag ``true`` or empty."""

    choices: Sequence[str] = ()
    hint: str = ""
    required: bool = False
    compose: Callable[[Mapping[str, str]], Any] | None = None
    """The value of a composed parameter from all fields that were submitted. Raises ``InvalidRequest``."""


@dataclass(frozen=True, slots=True)
class Form:
    """One operation. ``path`` is the API's, with names of fields and of the page's parameters in braces."""

    name: str
    title: str
    """What the button says."""

    path: str
    fields: Sequence[Field] = ()
    method: str = "POST"
    summary: str = ""
    grave: bool = False
    """Whether it can't be undone."""

    confirm: str = ""
    """The text of a box that has to be ticked, for what is graver than its other fields make it look."""

    sudo: bool = False
    """Whether it takes the capability ``sudo``."""

    takes_files: bool = False
    """Whether messages, and texts of several lines, may also be files."""

    @property
    def path_names(self) -> frozenset[str]:
        """The parameters that are part of the path."""
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.path) if name)

    def api_path(self, values: Mapping[str, str]) -> str:
        """The path with ``values``, and in capitals what isn't known yet."""
        usual = {field.name: field.value for field in self.fields}
        return self.path.format_map(
            {name: values.get(name) or usual.get(name) or name.upper() for name in self.path_names}
        )

    def command(self, values: Mapping[str, str]) -> str:
        """The ``bao`` command for it; values that are typed in stand in capitals."""
        verb = {"POST": "write", "DELETE": "delete", "GET": "read", "LIST": "list"}[self.method]
        given = [field for field in self.fields if field.name not in self.path_names]
        needed = [field for field in given if field.required] or given[:1]
        words = [shlex.quote(self.api_path(values))]
        words += [f"{field.name}={field.name.upper()}" for field in needed]
        force = " -force" if self.method == "POST" and not needed else ""
        return f"bao {verb}{force} {' '.join(words)}"

    def request(
        self, submitted: Mapping[str, str], parameters: Mapping[str, str], files: Mapping[str, bytes]
    ) -> tuple[str, dict[str, Any]]:
        """The path and the parameters of the submitted form. Raises ``InvalidRequest``.

        ``parameters`` are those of the page, which a form can't replace. A file takes the place of what is typed in.
        """
        if self.confirm and CONFIRMED not in submitted:
            raise InvalidRequest(f"tick the box: {self.confirm}")
        values = {**{name: submitted.get(name, "").strip() for name in self.path_names}, **parameters}
        for name in self.path_names:
            if not values[name]:
                raise InvalidRequest(f"missing {name}")
        data = {}
        for field in self.fields:
            if field.name in self.path_names:
                continue
            file = files.get(field.name + FILE) if self.takes_files else None
            value = read_field(field, submitted) if file is None else _read_file(field, file)
            if value is not None:
                data[field.name] = value
        return self.path.format_map({name: values[name] for name in self.path_names}), data


def read_field(field: Field, submitted: Mapping[str, str]) -> Any:
    """The value of ``field``; None if it was left empty, and so isn't sent. Raises ``InvalidRequest``."""
    text = submitted.get(field.name, "")
    match field.kind:
        case Kind.FLAG:
            return field.name in submitted
        case Kind.MESSAGE:
            return _message(field, text, submitted.get(field.name + AS, "text"))
        case Kind.NUMBER:
            return _number(field, text.strip())
        case Kind.PAIRS:
            return _pairs(field, text)
        case Kind.COMPOSED:
            assert field.compose is not None, "a composed field has it"
            return field.compose(submitted)
    return text.replace("\r\n", "\n") or ("" if field.required else None)


def _read_file(field: Field, contents: bytes) -> str:
    """The value of ``field`` in a file."""
    if field.kind is Kind.MESSAGE:
        return encode_base64(contents)
    try:
        return contents.decode().strip()
    except UnicodeDecodeError:
        raise InvalidRequest(f"{field.label}: this file isn't text") from None


def _message(field: Field, text: str, written_as: str) -> str | None:
    if not text and not field.required:
        return None
    if written_as == "text":
        return encode_base64(text.replace("\r\n", "\n").encode("utf-8", "surrogatepass"))
    encoded = "".join(text.split())
    try:
        decode_base64(encoded)
    except NotBase64:
        raise InvalidRequest(f"{field.label}: this isn't base64") from None
    return encoded


def _number(field: Field, text: str) -> int | None:
    if not text:
        return None
    try:
        return int(text[:20])
    except ValueError:
        raise InvalidRequest(f"{field.label}: this isn't a number") from None


def _pairs(field: Field, text: str) -> Any:
    if not text.strip():
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise InvalidRequest(f"{field.label}: line {error.lineno}, column {error.colno}: this isn't JSON") from None
