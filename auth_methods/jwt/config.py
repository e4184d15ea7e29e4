"""Configuration of a mount of jwt: the source of the keys that sign its tokens."""

from __future__ import annotations

from typing import Any

from auth_methods.fetching.client import FetchFailed, trust
from auth_methods.fetching.failures import report
from auth_methods.jwt.keys import ALGORITHMS, InvalidKeys, key_from_pem
from auth_methods.jwt.providers.base import InvalidSettings
from auth_methods.jwt.providers.github import GitHub
from auth_methods.jwt.providers.settings import AnyProvider, checked_settings, shown_settings
from auth_methods.jwt.records import CONFIG, Config
from auth_methods.jwt.remote import KeySource, fetch_keys
from auth_methods.jwt.state import Jwt
from auth_methods.records import encoded
from engines.base import Body, Call, Nothing, Reply
from engines.faults import InvalidRequest
from engines.fields import CommaList
from storage.base import put

_MAX_STATIC_KEYS = 100
_ONE_SOURCE = (
    "exactly one of 'jwt_validation_pubkeys', 'jwks_url', 'jwks_pairs', 'oidc_discovery_url', or 'provider_config' "
    "must be set"
)


class ConfigBody(Body):
    """The configuration; a write replaces all of it."""

    bound_issuer: str = ""
    default_role: str = ""
    jwks_ca_pem: str = ""
    jwks_url: str = ""
    jwt_supported_algs: CommaList = []
    jwt_validation_pubkeys: CommaList = []
    local_issuer: bool = False
    namespace_in_state: bool = True
    oidc_client_id: str = ""
    oidc_client_secret: str = ""
    oidc_discovery_ca_pem: str = ""
    oidc_discovery_url: str = ""
    oidc_response_mode: str = ""
    oidc_response_types: CommaList = []
    override_allowed_server_names: CommaList = []
    provider_config: dict[str, Any] = {}
    skip_jwks_validation: bool = False

    tells = {
        "bound_issuer": "The required issuer (`iss`) of tokens.",
        "default_role": "The role of logins without `role`.",
        "jwks_ca_pem": "Certificate authorities for `jwks_url`, in PEM. Default: the system's.",
        "jwks_url": "The URL of the JWK set that verifies tokens.",
        "jwt_supported_algs": "Accepted algorithms. Default: all that match a key.",
        "jwt_validation_pubkeys": "Public keys that verify tokens, in PEM.",
        "local_issuer": "Accept the JSON Web Tokens that this server issues.",
        "namespace_in_state": (
            "Whether the parameter `namespace` of a redirect URL is moved into the state, as `STATE,ns=NAMESPACE`."
        ),
        "oidc_client_id": "The client id at the provider.",
        "oidc_client_secret": "The client's secret at the provider.",
        "oidc_discovery_ca_pem": "Certificate authorities for `oidc_discovery_url`, in PEM. Default: the system's.",
        "oidc_discovery_url": "The provider's URL, without `/.well-known`.",
        "oidc_response_mode": "`query`, `form_post`, or empty for the provider's default.",
        "oidc_response_types": "`code`, or empty.",
        "override_allowed_server_names": "Not supported.",
        "provider_config": "Settings for a particular provider: an object with `provider` and its parameters.",
        "skip_jwks_validation": "Don't fetch the keys when the configuration is written.",
    }


async def read_config(method: Jwt, call: Call, body: Nothing) -> Reply | None:
    """Show the configuration."""
    config = await method.configuration()
    if config is None:
        return None
    status = await _status(method, config, call)
    local = {"local_issuer": True} if config.local_issuer else {}  # OpenBao doesn't have it.
    return Reply(
        {
            **local,
            "bound_issuer": config.bound_issuer,
            "default_role": config.default_role,
            "jwks_ca_pem": config.jwks_ca_pem,
            "jwks_url": config.jwks_url,
            "jwt_supported_algs": list(config.jwt_supported_algs),
            "jwt_validation_pubkeys": list(config.jwt_validation_pubkeys),
            "namespace_in_state": config.namespace_in_state,
            "oidc_client_id": config.oidc_client_id,
            "oidc_discovery_ca_pem": config.oidc_discovery_ca_pem,
            "oidc_discovery_url": config.oidc_discovery_url,
            "oidc_response_mode": config.oidc_response_mode,
            "oidc_response_types": list(config.oidc_response_types),
            "override_allowed_server_names": [],
            "provider_config": shown_settings(config.provider_config),
            "status": status,
        }
    )


async def _status(method: Jwt, config: Config, call: Call) -> str:
    """Whether tokens can be checked; as in OpenBao, key sets are only fetched if they are discovered."""
    if config.oidc_discovery_url:
        try:
            await method.keys(config, "", call.request_id)
        except FetchFailed as error:
            call.warn(f"failed to construct JWK validator: keyset configuration error: {error}")
            return "invalid"
    return "valid"


async def write_config(method: Jwt, call: Call, body: ConfigBody) -> Reply | None:
    """Replace the configuration."""
    _check(body)
    config = Config(
        bound_issuer=body.bound_issuer,
        default_role=body.default_role.lower(),
        jwks_url=body.jwks_url,
        jwks_ca_pem=body.jwks_ca_pem,
        jwt_supported_algs=tuple(body.jwt_supported_algs),
        jwt_validation_pubkeys=tuple(body.jwt_validation_pubkeys),
        oidc_discovery_url=body.oidc_discovery_url,
        oidc_discovery_ca_pem=body.oidc_discovery_ca_pem,
        oidc_client_id=body.oidc_client_id,
        oidc_client_secret=body.oidc_client_secret,
        oidc_response_mode=body.oidc_response_mode,
        oidc_response_types=tuple(body.oidc_response_types),
        namespace_in_state=body.namespace_in_state,
        local_issuer=body.local_issuer,
        provider_config=body.provider_config,
    )
    for text in config.jwt_validation_pubkeys:
        try:
            key_from_pem(text)
        except InvalidKeys as error:
            raise InvalidRequest(f"error parsing public key: {error}") from None
    if config.source is not None:
        await _check_source(config.source, call, skip=body.skip_jwks_validation)
    await put(method.mount.storage, CONFIG, encoded(config))
    return Reply() if call.warnings else None


def _check(body: ConfigBody) -> None:
    custom = _custom(body)
    given = (
        body.jwt_validation_pubkeys,
        body.jwks_url,
        body.oidc_discovery_url,
        isinstance(custom, GitHub),
        body.local_issuer,
    )
    if bool(body.oidc_client_id) != bool(body.oidc_client_secret):
        raise InvalidRequest("both 'oidc_client_id' and 'oidc_client_secret' must be set for OIDC")
    if sum(map(bool, given)) != 1:
        raise InvalidRequest(_ONE_SOURCE)
    if body.oidc_client_id and not (body.oidc_discovery_url or isinstance(custom, GitHub)):
        raise InvalidRequest("'oidc_discovery_url' must be set for OIDC")
    if isinstance(custom, GitHub) and not body.oidc_client_id:
        raise InvalidRequest("'oidc_client_id' and 'oidc_client_secret' must be set for the provider \"github\"")
    if body.override_allowed_server_names:
        raise InvalidRequest("override_allowed_server_names is not supported by this server")
    if body.oidc_response_mode not in ("", "query", "form_post"):
        raise InvalidRequest(f'invalid response_mode: "{body.oidc_response_mode}"')
    if set(body.oidc_response_types) - {"code"}:
        raise InvalidRequest("only the response type code is supported by this server")
    for name in body.jwt_supported_algs:
        if name not in ALGORITHMS:
            raise InvalidRequest(f'invalid jwt_supported_algs: unsupported signing algorithm "{name}"')
    if len(body.jwt_validation_pubkeys) > _MAX_STATIC_KEYS:
        raise InvalidRequest(f"more than {_MAX_STATIC_KEYS} keys")


def _custom(body: ConfigBody) -> AnyProvider | None:
    try:
        return checked_settings(body.provider_config, body.oidc_discovery_url)
    except InvalidSettings as error:
        raise InvalidRequest(f"invalid provider_config: {error}") from None


async def _check_source(source: KeySource, call: Call, *, skip: bool) -> None:
    """Fetch the keys once, so that a mistake shows now and not at the first login."""
    try:
        trust(source.ca_pem)
    except FetchFailed as error:
        if source.discovery:
            raise InvalidRequest(f"error checking oidc discovery URL: {error}") from None
        raise InvalidRequest("error checking jwks_ca_pem") from None
    what = "error checking oidc discovery URL" if source.discovery else "error checking jwks URL"
    try:
        await fetch_keys(source)
    except FetchFailed as error:
        report("%s: %s", what, error, request=call.request_id)
        if not skip:
            raise InvalidRequest(f"{what}: {error}" if source.discovery else what) from None
        call.warn(what)
