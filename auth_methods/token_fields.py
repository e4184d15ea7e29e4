"""The ``token_*`` parameters of roles and users, shared by all methods: the settings of their tokens.

A method's body inherits ``TokenFields``, its record holds ``TokenSettings``. Each method has a table of older names
(``policies`` for ``token_policies``); a setting that was written by an older name is shown under it too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import replace

from auth_methods.addresses import AddressList, InvalidAddress, contains, normal_addresses
from auth_methods.base import Login, Renewal
from engines.base import Body, Call, Mount
from engines.faults import Denied, InvalidRequest
from engines.fields import READING, CommaList, Duration, same_words

_TYPES = {"": "default", "default": "default", "service": "service", "batch": "batch"}
_SAME_TYPES = {"": "default", "default-service": "service", "default-batch": "batch"}
_MAX_POLICIES = 1_000


class TokenFields(Body):
    """The parameters; omitted ones are unchanged."""

    token_bound_cidrs: AddressList | UnsetType = UNSET
    token_explicit_max_ttl: Duration | UnsetType = UNSET
    token_max_ttl: Duration | UnsetType = UNSET
    token_no_default_policy: bool | UnsetType = UNSET
    token_num_uses: int | UnsetType = UNSET
    token_period: Duration | UnsetType = UNSET
    token_policies: CommaList | UnsetType = UNSET
    token_strictly_bind_ip: bool | UnsetType = UNSET
    token_ttl: Duration | UnsetType = UNSET
    token_type: Annotated[str, Meta(extra={READING: same_words(_SAME_TYPES)})] | UnsetType = UNSET

    tells = {
        "token_bound_cidrs": "IP addresses and networks from which the tokens may be used.",
        "token_explicit_max_ttl": "The maximum lifetime of the tokens, which renewals don't extend, as a "
        "duration; 0 for none.",
        "token_max_ttl": "The maximum lifetime of the tokens with all renewals, as a duration; 0 for the mount's.",
        "token_no_default_policy": "Don't add the policy `default`.",
        "token_num_uses": "The number of requests that a token allows; 0 for no limit.",
        "token_period": "The period of periodic tokens, as a duration: each renewal extends them by it, without a"
        " maximum; 0 for none.",
        "token_policies": "The policies of the tokens.",
        "token_strictly_bind_ip": "Bind each token to the address that logged in.",
        "token_ttl": "The initial lifetime of the tokens, as a duration; 0 for the mount's default.",
        "token_type": "`service`, `batch`, or `default` for the mount's type.",
    }


class TokenSettings(Struct, frozen=True, kw_only=True):
    """The stored settings. TTLs are in seconds, 0 for none."""

    bound_cidrs: tuple[str, ...] = ()
    explicit_max_ttl: int = 0
    max_ttl: int = 0
    no_default_policy: bool = False
    num_uses: int = 0
    period: int = 0
    policies: tuple[str, ...] = ()
    strictly_bind_ip: bool = False
    ttl: int = 0
    type: str = "default"
    old_names: tuple[str, ...] = ()
    """The parameters that were given under their older names."""

    def shown(self, old_names: Mapping[str, str]) -> dict[str, Any]:
        """The settings as a method's API shows them, with the ``old_names`` that were used and have an effect."""
        data: dict[str, Any] = {
            "token_bound_cidrs": list(self.bound_cidrs),
            "token_explicit_max_ttl": self.explicit_max_ttl,
            "token_max_ttl": self.max_ttl,
            "token_no_default_policy": self.no_default_policy,
            "token_num_uses": self.num_uses,
            "token_period": self.period,
            "token_policies": list(self.policies),
            "token_strictly_bind_ip": self.strictly_bind_ip,
            "token_ttl": self.ttl,
            "token_type": self.type,
        }
        for old, new in old_names.items():
            if old in self.old_names and data[new]:
                data[old] = data[new]
        return data

    def check_address(self, call: Call) -> None:
        """Raise ``Denied`` if the settings bind tokens to other addresses than the caller's."""
        if self.bound_cidrs and not contains(self.bound_cidrs, call.remote_address):
            raise Denied(wrapped=False)

    def login(
        self,
        call: Call,
        *,
        alias: str,
        metadata: Mapping[str, str],
        display_name: str = "",
        alias_metadata: Mapping[str, str] | None = None,
        groups: tuple[str, ...] | None = None,
    ) -> Login:
        """The login of a caller with these settings."""
        return Login(
            policies=self.policies,
            display_name=display_name,
            metadata=metadata,
            ttl_seconds=self.ttl,
            max_ttl_seconds=self.max_ttl,
            explicit_max_ttl_seconds=self.explicit_max_ttl,
            period_seconds=self.period,
            num_uses=self.num_uses,
            bound_cidrs=(call.remote_address,) if self.strictly_bind_ip else self.bound_cidrs,
            token_type=self.type,
            no_default_policy=self.no_default_policy,
            alias=alias,
            alias_metadata=alias_metadata or {},
            groups=groups,
        )

    def renewal(self) -> Renewal:
        """The renewal that these settings allow."""
        return Renewal(self.ttl, self.max_ttl, self.period)


def changed(settings: TokenSettings, body: TokenFields, old_names: Mapping[str, str]) -> TokenSettings:
    """``settings`` with the parameters in ``body``, by current names or ``old_names``.

    Raises ``InvalidRequest`` in Vault's words.
    """
    given = {name: getattr(body, name) for name in TokenFields.__struct_fields__ if getattr(body, name) is not UNSET}
    used = set(settings.old_names)
    for old, new in old_names.items():
        value = getattr(body, old)
        if value is not UNSET and new not in given:
            given[new] = parse_policies(value) if new == "token_policies" else value
            used.add(old)
        elif new in given:
            used.add(old) if value is not UNSET else used.discard(old)
    changes: dict[str, Any] = {name.removeprefix("token_"): value for name, value in given.items()}
    if "bound_cidrs" in changes:
        changes["bound_cidrs"] = bound_addresses(changes["bound_cidrs"])
    if "policies" in changes:
        changes["policies"] = tuple(changes["policies"])
    if "type" in changes:
        changes["type"] = _token_type(changes["type"])
    return checked(replace(settings, **changes, old_names=tuple(sorted(used))))


def checked(settings: TokenSettings) -> TokenSettings:
    """``settings``, if they are consistent; otherwise raises ``InvalidRequest`` in Vault's words."""
    if settings.strictly_bind_ip and settings.bound_cidrs:
        raise InvalidRequest("'token_strictly_bind_ip' conflicts with 'token_bound_cidrs'; set only one")
    if settings.type == "batch":
        for what, value in (("periodic tokens", settings.period), ("tokens with limited use count", settings.num_uses)):
            if value:
                raise InvalidRequest(f"'token_type' cannot be 'batch' or 'default_batch' when set to generate {what}")
    if settings.max_ttl and settings.ttl > settings.max_ttl:
        raise InvalidRequest("'token_ttl' cannot be greater than 'token_max_ttl'")
    if settings.num_uses < 0:
        raise InvalidRequest("'token_num_uses' cannot be negative")
    if len(settings.policies) > _MAX_POLICIES:
        raise InvalidRequest(f"more than {_MAX_POLICIES} policies")
    return settings


def bound_addresses(given: Sequence[str]) -> tuple[str, ...]:
    """``token_bound_cidrs`` as stored. Raises ``InvalidRequest``."""
    try:
        return normal_addresses(given)
    except InvalidAddress as error:
        raise InvalidRequest(str(error)) from None


def parse_policies(given: Iterable[str]) -> tuple[str, ...]:
    """Names of policies in lower case, sorted, each once."""
    return tuple(sorted({name.strip().lower() for name in given} - {""}))


def warn_of_long_ttl(settings: TokenSettings, mount: Mount, call: Call) -> None:
    """Warn if the TTLs of ``settings`` exceed the mount's maximum."""
    if settings.max_ttl > mount.max_lease_ttl_seconds:
        call.warn(
            "token_max_ttl is greater than the backend mount's maximum TTL value; issued tokens' max TTL value will be "
            "truncated"
        )


def _token_type(given: str) -> str:
    if given not in _TYPES:
        raise InvalidRequest(f"invalid 'token_type' value \"{given}\"")
    return _TYPES[given]
