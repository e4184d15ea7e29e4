"""Which namespace a request is for, and what can only be asked for in the root namespace.

A client names a namespace by the header ``X-Vault-Namespace``, by the beginning of the path, or by both, which then add
up. ``settle`` brings all of that into one form before anything else looks at the request: the whole path of the
namespace, and a path relative to it.

A few paths are about the token that they are called with. They lead to where the token belongs, wherever it is shown.
"""

from __future__ import annotations

from compat.requests import Request
from engines.faults import Failed, InvalidRequest, NotFound, Unavailable
from server.tenants.namespaces.names import normalise
from server.tenants.namespaces.table import NamespaceTable
from server.tenants.tokens.wrapping import CHECKED_PATHS

OWN = frozenset({"auth/token/lookup-self", "auth/token/renew-self", "auth/token/revoke-self"})
"""What leads to the namespace of the token that it is called with."""

_SYSTEM = "sys/"

_SERVER = frozenset(
    {
        "generate-root", "health", "in-flight-req", "init", "metrics", "pprof", "raw", "rekey", "rekey-recovery-key",
        "seal", "step-down", "storage", "unseal",
    }
)  # fmt: skip
"""What is about the server as a whole: refused before anybody is asked for a token."""

_OF_EACH = frozenset(
    {
        "algorithms", "auth", "capabilities", "capabilities-accessor", "capabilities-self", "decode-token", "ha-status",
        "internal/counters", "internal/specs", "internal/ui", "leader", "leases", "locked-users", "mounts",
        "namespaces", "plugins", "policies", "policy", "remount", "seal-status", "tools", "version-history", "wrapping",
    }
)  # fmt: skip
"""What every namespace has. A route that is in none of these sets is the root namespace's alone."""

_OF_A_SEAL = frozenset({"generate-root-token", "key-status", "rotate"})
"""What namespaces with a seal of their own would have; there are none, as yet."""

_UNLOCKING = "sys/namespaces/api-lock/unlock"

ONLY_IN_ROOT = "operation only available in root namespace"


def settle(request: Request, table: NamespaceTable) -> None:
    """Give ``request`` the whole path of its namespace, and the rest of its own path.

    A namespace that isn't there is left as it is; who looks for it won't find it. Raises ``InvalidRequest`` for what
    is about the server as a whole.
    """
    namespace, path = normalise(request.namespace), request.path
    known = not namespace or namespace in table.by_path
    while known:
        name, slash, rest = path.partition("/")
        if not slash or f"{namespace}{name}/" not in table.by_path:
            break
        namespace, path = f"{namespace}{name}/", rest
    asked = request.in_namespace or bool(namespace)
    if asked and path.startswith(_SYSTEM) and _noun(path) in _SERVER:
        raise InvalidRequest("operation unavailable in namespaces" if request.in_namespace else ONLY_IN_ROOT)
    if known and (path in OWN or (path in CHECKED_PATHS and "token" not in request.data)):
        entry = table.by_id.get(request.token.rpartition(".")[2])
        namespace = "" if entry is None else entry.path
    request.prefixed = path is not request.path
    request.namespace, request.path = namespace, path


def check_there(request: Request, table: NamespaceTable) -> None:
    """Raise ``NotFound`` if the namespace of a settled ``request`` isn't there, ``Unavailable`` if it is locked."""
    path = request.namespace
    if not path:
        return
    if path not in table.by_path:
        raise NotFound("namespace not found")
    locked = table.locked_at(path)
    if locked is not None and not (path == locked and request.path == _UNLOCKING):
        raise Unavailable(
            "API access to this namespace has been locked by an administrator - "
            f'"{locked}" must be unlocked to gain access.'
        )


def refuse_in_namespace(pattern: str) -> None:
    """Raise ``InvalidRequest`` if the path ``pattern`` of ``sys`` is served in the root namespace alone."""
    noun = _noun(_SYSTEM + pattern)
    if noun in _SERVER or (noun not in _OF_EACH and noun not in _OF_A_SEAL):
        raise InvalidRequest(ONLY_IN_ROOT)


def refuse_without_seal(pattern: str) -> None:
    """Raise a fault if the path ``pattern`` of ``sys`` is about the seal of a namespace."""
    if pattern == "rotate/root":
        raise Failed("failed to rotate barrier root key: namespace is not sealable")
    if _noun(_SYSTEM + pattern) in _OF_A_SEAL:
        raise InvalidRequest("namespace is not sealable")


def _noun(path: str) -> str:
    """What a path of ``sys`` is about: the segment behind ``sys/``, or two where the first says nothing."""
    segments = path.split("/", 3)
    return "/".join(segments[1:3]) if segments[1] == "internal" else segments[1]
