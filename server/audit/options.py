"""Options common to all types of audit devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from engines.faults import InvalidRequest

OPTIONS: Mapping[str, str] = {
    "format": "Format of entries. `json` is the default and the only one.",
    "hmac_accessor": "Hashes accessors of tokens: `true` (the default) or `false`.",
    "log_raw": "`true` writes secrets in the clear instead of hashed. Needs `allow_log_raw`. Default: `false`.",
    "elide_list_responses": "`true` writes the number of keys in the answer to a list, instead of the keys.",
    "prefix": "Text before each entry. Needs `allow_audit_log_prefixing`.",
    "skip_test": "`true` omits the test entry that a new device has to accept.",
}
"""The common options and their effects, for the documentation."""

_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """The options that shape the entries of one device."""

    hmac_accessor: bool = True
    log_raw: bool = False
    """Write secrets in the clear; for debugging only."""

    elide_list_responses: bool = False
    """Write the number of keys in the answer to a list instead of the keys."""

    prefix: str = ""
    """The prefix of each entry."""

    skip_test: bool = False
    """Write no test entry before the device is used."""


def check_options(type_name: str, options: Mapping[str, str], own: Mapping[str, str]) -> None:
    """Check that a device of this type, whose own options are ``own``, knows all of ``options``.

    Raises ``InvalidRequest``: a misspelt option would silently have no effect.
    """
    known = sorted({*OPTIONS, *own})
    for name in options:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f'did you mean "{close[0]}"?' if close else f"there are {', '.join(known)}"
            raise InvalidRequest(f'audit devices of type "{type_name}" have no option "{name}"; {hint}')


def read_options(options: Mapping[str, str], *, prefix_allowed: bool) -> FormatOptions:
    """The format options among ``options``. Raises ``InvalidRequest`` with Vault's words."""
    format_name = options.get("format", "json") or "json"
    if format_name == "jsonx":
        raise InvalidRequest(
            'jsonx formatting has been removed, consider switching to json by omitting "format" or setting it to "json"'
        )
    if format_name != "json":
        raise InvalidRequest(f'unknown format type "{format_name}"')
    prefix = options.get("prefix", "")
    if prefix and not prefix_allowed:
        raise InvalidRequest("audit log prefixing is not allowed")
    return FormatOptions(
        hmac_accessor=_boolean(options, "hmac_accessor", True),
        log_raw=_boolean(options, "log_raw", False),
        elide_list_responses=_boolean(options, "elide_list_responses", False),
        prefix=prefix,
        skip_test=_boolean(options, "skip_test", False),
    )


def writes_raw(options: Mapping[str, str]) -> bool:
    """Whether a device with ``options`` writes secrets in the clear."""
    return options.get("log_raw") in _TRUE


def _boolean(options: Mapping[str, str], name: str, default: bool) -> bool:
    text = options.get(name)
    if text is None:
        return default
    if text in _TRUE:
        return True
    if text in _FALSE:
        return False
    raise InvalidRequest(f'strconv.ParseBool: parsing "{text}": invalid syntax')
