"""The input of a page, a visit, and its output, the content of a template."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from server.console.api import Api, Result
from server.console.forms import Form
from server.console.sessions import Session, Sessions


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a submitted form."""

    form: str
    result: Result
    title: str = ""


@dataclass(slots=True)
class Visit:
    """One request for a page. ``parameters`` are those of its path, ``query`` those behind it."""

    api: Api
    sessions: Sessions
    session: Session | None
    """None on the page of the seal, which needs no login."""

    now: float
    """Seconds since the epoch."""

    parameters: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, str] = field(default_factory=dict)
    submitted: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The files of the submitted form, by the names of their fields."""

    outcome: Outcome | None = None

    @property
    def namespace(self) -> str:
        """The path of the namespace that is looked at; ``""`` is the root."""
        return self.api.namespace


@dataclass(frozen=True, slots=True)
class Reading:
    """A request that a page stands for, shown in it."""

    method: str
    path: str
    command: str
    of_server: bool = False
    """Whether it is made outside of namespaces, wherever the page is looked at."""


def reading(path: str, *, of_server: bool = False) -> Reading:
    """A read of ``path``."""
    return Reading("GET", path, f"bao read {path}", of_server)


def listing(path: str) -> Reading:
    """A list of ``path``."""
    return Reading("LIST", path, f"bao list {path}")


@dataclass(slots=True)
class Content:
    """The context of a page's template, and the requests that the page stands for."""

    context: Mapping[str, Any]
    readings: Sequence[Reading] = ()
    forms: Sequence[Form] = ()
    values: Mapping[str, str] = field(default_factory=dict)
    """Values of fields at first, by name, in all forms; and of names in their paths."""

    choices: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The choices of fields that aren't the same on each visit, by name."""

    elsewhere: Sequence[Form] = ()
    """Operations that the page's script sends elsewhere; shown by the same rights as forms."""

    links: Sequence[str] = ()
    """Paths of the API that the page links to, if the caller may read them."""

    title: str = ""
    status: int = 200
    download: Response | None = None
    """A file in place of the page."""


Load = Callable[[Visit], Awaitable[Content]]


@dataclass(frozen=True, slots=True)
class Page:
    """A page below ``/ui/``. ``forms`` are all that may be submitted to it."""

    path: str
    title: str
    template: str
    load: Load
    forms: Sequence[Form] = ()

    def form(self, name: str) -> Form | None:
        """The form called ``name``."""
        return next((form for form in self.forms if form.name == name), None)
