"""Settings of a mount, checked and converted: its TTLs, visibility, and type of tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from compat.conversion import ConversionError, to_boolean, to_comma_list, to_string
from engines.durations import InvalidDuration, parse_duration
from engines.faults import InvalidRequest
from engines.fields import CommaList
from server.tenants.mounts.table import MountConfig

LISTS = (
    "audit_non_hmac_request_keys",
    "audit_non_hmac_response_keys",
    "passthrough_request_headers",
    "allowed_response_headers",
)
"""Settings that are lists of names."""

_VISIBILITIES = ("", "hidden", "unauth")
_TOKEN_TYPES = frozenset({"", "default-service", "default-batch", "service", "batch"})


class MountSettings(Struct, kw_only=True):
    """The settings of a new mount, as ``read_config`` parses them."""

    default_lease_ttl: str = ""
    max_lease_ttl: str = ""
    force_no_cache: bool = False
    listing_visibility: str = ""
    token_type: str = ""
    audit_non_hmac_request_keys: CommaList = []
    audit_non_hmac_response_keys: CommaList = []
    passthrough_request_headers: CommaList = []
    allowed_response_headers: CommaList = []


def read_config(given: Mapping[str, Any], system_max_ttl_seconds: int, *, is_auth: bool) -> MountConfig:
    """The configuration of a new mount. Raises ``InvalidRequest`` in Vault's words."""
    try:
        texts = {
            name: to_string(given.get(name))
            for name in ("default_lease_ttl", "max_lease_ttl", "listing_visibility", "token_type")
        }
        lists: dict[str, Any] = {
            name: tuple(to_comma_list(given[name])) for name in LISTS if given.get(name) is not None
        }
        force_no_cache = to_boolean(given.get("force_no_cache"))
    except ConversionError:
        raise InvalidRequest("unable to convert given mount config information") from None
    if given.get("user_lockout_config"):
        raise InvalidRequest("unable to convert given mount config information")
    default_ttl = _enabled_ttl(texts["default_lease_ttl"], "default")
    max_ttl = _enabled_ttl(texts["max_lease_ttl"], "max")
    if max_ttl and default_ttl > max_ttl:
        raise InvalidRequest("given default lease TTL greater than given max lease TTL")
    if not max_ttl and default_ttl > system_max_ttl_seconds:
        raise InvalidRequest(f"given default lease TTL greater than system max lease TTL of {system_max_ttl_seconds}")
    return MountConfig(
        default_lease_ttl=default_ttl,
        max_lease_ttl=max_ttl,
        force_no_cache=force_no_cache,
        listing_visibility=read_visibility(texts["listing_visibility"]),
        token_type=read_token_type(texts["token_type"]) if is_auth else "",
        **lists,
    )


def read_ttl(text: str) -> int:
    """A TTL in seconds, 0 for the system's. Raises ``InvalidDuration``, also for negative ones.

    OpenBao accepts negative TTLs here, and then issues expired tokens.
    """
    seconds = 0 if text == "system" else parse_duration(text)
    if seconds < 0:
        raise InvalidDuration(f"cannot provide negative value '{seconds}'")
    return seconds


def read_visibility(text: str) -> str:
    """The visibility of a mount in lists. Raises ``InvalidRequest``."""
    if text not in _VISIBILITIES:
        raise InvalidRequest(f"invalid listing_visibility {text}")
    return text


def read_token_type(text: str) -> str:
    """The type of an auth method's tokens. Raises ``InvalidRequest``."""
    if text not in _TOKEN_TYPES:
        raise InvalidRequest("invalid value for 'token_type'")
    return text


def refuse_version(options: Mapping[str, str], engine_type: str, *, is_auth: bool = False) -> None:
    """Raise ``InvalidRequest`` if ``options`` ask for a version of an engine, since none has versions."""
    if options.get("version"):
        what = "auth method" if is_auth else "secrets engine"
        raise InvalidRequest(f'{what} "{engine_type}" does not allow setting a version')


def _enabled_ttl(text: str, word: str) -> int:
    try:
        return read_ttl(text)
    except InvalidDuration as error:
        raise InvalidRequest(f"unable to parse {word} TTL of {text}: {error}") from None
