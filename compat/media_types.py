"""The media type in a Content-Type header, with the errors of Go's package mime."""

from __future__ import annotations

import re

from engines.faults import InvalidRequest

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_PARAMETER = re.compile(r"\s*;\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)=([!#$%&'*+.^_`|~0-9A-Za-z-]+|\"(?:[^\"\\]|\\.)*\")\s*")
_MAX_PARAMETERS = 32


def media_type(text: str) -> str:
    """The type in lower case, without its parameters. Raises ``InvalidRequest`` (RFC 2045, section 5.1)."""
    base = text.partition(";")[0]
    _check_base(base.strip())
    rest = text[len(base) :].rstrip()
    if rest.endswith(";"):  # A final semicolon is allowed.
        rest = rest[:-1].rstrip()
    parameters: dict[str, str] = {}
    offset = 0
    while offset < len(rest):
        match = _PARAMETER.match(rest, offset)
        if match is None or len(parameters) >= _MAX_PARAMETERS:
            raise InvalidRequest("mime: invalid media parameter")
        name, value = match.group(1).lower(), match.group(2)
        if parameters.setdefault(name, value) != value:
            raise InvalidRequest("mime: duplicate parameter name")
        offset = match.end()
    return base.strip().lower()


def _check_base(base: str) -> None:
    first = _TOKEN.match(base)
    if first is None:
        raise InvalidRequest("mime: no media type")
    if first.end() == len(base):
        return
    if base[first.end()] != "/":
        raise InvalidRequest("mime: expected slash after first token")
    second = _TOKEN.match(base, first.end() + 1)
    if second is None:
        raise InvalidRequest("mime: expected token after slash")
    if second.end() != len(base):
        raise InvalidRequest("mime: unexpected content after media subtype")
