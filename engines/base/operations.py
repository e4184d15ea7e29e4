"""Operations on paths, with Vault's names; access and scope of routes."""

from __future__ import annotations

from enum import Enum


class Operation(Enum):
    """The operation on a path, with Vault's names; a policy's capabilities are these, ``sudo`` and ``deny``."""

    CREATE = "create"
    READ = "read"
    UPDATE = "update"
    DELETE = "delete"
    LIST = "list"
    PATCH = "patch"
    SCAN = "scan"
    HELP = "help"

    # ``Enum``'s own is written in Python, and operations are looked up in dictionaries all the time.
    __hash__ = object.__hash__


READ, LIST, SCAN, UPDATE, PATCH, DELETE = (
    Operation.READ,
    Operation.LIST,
    Operation.SCAN,
    Operation.UPDATE,
    Operation.PATCH,
    Operation.DELETE,
)
"""The operations of rows, for route tables."""

LISTS = frozenset({LIST, SCAN})
"""Operations whose paths end in a slash."""


class Access(Enum):
    """The callers that a route admits; policies decide after that."""

    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """Callers with a token whose policies allow it."""

    SUDO = "sudo"
    """As ``TOKEN``, and the policy must grant ``sudo`` on the path."""

    PUBLIC = "public"
    """All callers, without a token: logins. Audited like all else."""

    OPEN = "open"
    """All callers, even while the server is sealed; answered as a bare object. Only ``sys`` has such routes."""


class Scope(Enum):
    """The namespaces that serve a route of a mount that each of them has."""

    EACH = "each"
    """Every namespace, for itself."""

    ROOT = "root"
    """The root namespace alone; others refuse it, once the caller is known to be allowed."""

    SERVER = "server"
    """The server as a whole: namespaces refuse it, and all paths of its first segment, before a token is checked."""

    SEAL = "seal"
    """The root namespace, and namespaces with a seal of their own, of which there are none."""
