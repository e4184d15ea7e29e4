"""What is asked: steps and scenarios, as data.

A ``Step`` is one request and the status that a real OpenBao answers to it. The status is written down so that a
scenario can't pass by both servers refusing it for a reason that nobody meant; everything else about the answer is
compared, not written down.

``{name}`` in a request line, a header, a token or a body is replaced by what an earlier step of the scenario saved
under that name on the same server. ``{m}`` is the scenario's own mount, ``{root}`` a root token; other braces stay.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"

NO_TOKEN = ""
"""For steps that send no ``X-Vault-Token``."""


class Servers(Enum):
    """Which servers a scenario plays on."""

    SHARED = "shared"
    """The session's development servers; other scenarios have played there, so nothing global may be listed."""

    FRESH = "fresh"
    """Development servers of its own, with nothing on them."""

    UNINITIALISED = "uninitialised"
    """Production servers of its own, which the scenario has to initialise."""


@dataclass(frozen=True, slots=True)
class Step:
    """One request. Paths that don't start with ``/`` are below ``/v1/``."""

    name: str
    request: str
    """The method and the path with its query, as on the request line: ``POST {m}/encrypt/k``."""

    status: int
    """What OpenBao answers."""

    body: Mapping[str, Json] | bytes | None = None
    """Sent as JSON; bytes are sent as they are."""

    token: str = "{root}"
    headers: Mapping[str, str] = field(default_factory=dict)

    saves: Mapping[str, str] = field(default_factory=dict)
    """Name -> place in the answer's body (``data.ciphertext``, ``data.batch_results.0.signature``)."""

    prepares: Callable[[Mapping[str, str]], Mapping[str, str]] | None = None
    """Makes values to send from those that were saved on this server, such as a key wrapped under its wrapping key."""

    random: tuple[str, ...] = ()
    """Places, as patterns, whose strings are random: only their length is compared."""

    exact: tuple[str, ...] = ()
    """Places, as patterns, that look random but must be equal to the last byte."""

    ignores: tuple[str, ...] = ()
    """Places, as patterns, where only the JSON type is compared."""

    countdowns: tuple[str, ...] = ()
    """Places, as patterns, with time that is left until an end: numbers of seconds, or ``1h59m59s`` in a text.

    Some seconds less are equal, as with ``ttl`` everywhere; the whole time has to be a multiple of ten seconds.
    """

    until: bool = False
    """The effect of an earlier step comes a moment later: ask again until the status is the one expected."""

    @property
    def method(self) -> str:
        return self.request.partition(" ")[0]

    @property
    def path(self) -> str:
        path = self.request.partition(" ")[2]
        return path if path.startswith("/") else f"/v1/{path}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """Steps that build on one another, and share nothing with other scenarios."""

    name: str
    """``area-subject``, in letters, digits and hyphens; also the name of its mount."""

    steps: tuple[Step, ...]
    engine: str | None = None
    """The type of the secrets engine mounted for it at ``{m}``, if it needs one."""

    servers: Servers = Servers.SHARED
    settings: str = ""
    """More lines for the configuration file of ``UNINITIALISED`` servers, in HCL."""

    listener: str = ""
    """More lines for the listener of those servers."""

    def __post_init__(self) -> None:
        names = [step.name for step in self.steps]
        repeated = {name for name in names if names.count(name) > 1}
        if repeated:
            raise ValueError(f"scenario {self.name} has several steps named {sorted(repeated)}")


INITIALISE = (
    Step(
        "initialise",
        "POST sys/init",
        200,
        {"secret_shares": 1, "secret_threshold": 1},
        token=NO_TOKEN,
        saves={"root": "root_token", "share": "keys.0"},
        random=("keys.*", "keys_base64.*"),
    ),
    Step("unseal", "POST sys/unseal", 200, {"key": "{share}"}, token=NO_TOKEN),
)
"""How scenarios on ``UNINITIALISED`` servers that want to get to work begin."""
