"""Templates and static files of the console: loaded once, escaped by default, nothing from other hosts."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from engines.durations import SECOND
from engines.encoding import NotBase64, decode_base64, parse_rfc3339

_FOLDER = Path(__file__).parent
_STATIC = _FOLDER / "static"
_TYPES = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
_DIGEST_CHARACTERS = 12
_UNITS = ((365.25 * 86_400, "years"), (86_400, "days"), (3_600, "hours"), (60, "minutes"))
_DURATIONS = frozenset({"ttl", "creation_ttl", "explicit_max_ttl", "period", "auto_rotate_period"})
NOTHING = "\u2013"


def static_file(name: str) -> tuple[bytes, str] | None:
    """The contents and the media type of a static file by its name with a digest, as ``static_path`` makes it."""
    return _static_files().get(name)


def static_path(name: str) -> str:
    """The path of the static file ``name``, which changes with its contents."""
    return f"/ui/static/{_named(name, (_STATIC / name).read_bytes())}"


def render(template: str, context: Mapping[str, Any]) -> bytes:
    """``template`` with ``context``, as UTF-8."""
    # Names and paths may hold lone surrogates, which no UTF-8 has.
    return _environment().get_template(template).render(context).encode("utf-8", "replace")


def _named(name: str, contents: bytes) -> str:
    stem, _, suffix = name.rpartition(".")
    return f"{stem}.{hashlib.sha256(contents).hexdigest()[:_DIGEST_CHARACTERS]}.{suffix}"


@cache
def _static_files() -> Mapping[str, tuple[bytes, str]]:
    files = {}
    for path in sorted(_STATIC.iterdir()):
        contents = path.read_bytes()
        files[_named(path.name, contents)] = contents, _TYPES[path.suffix]
    return files


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "age": age,
        "count": count,
        "day": day,
        "decoded": decoded,
        "inside": inside,
        "moment": moment,
        "parsed": parsed,
        "pretty": pretty,
        "share": share,
        "told": told,
        "with_namespace": with_namespace,
        "without_id": without_id,
    }
    environment.globals |= {name: static_path(f"console.{name}") for name in ("css", "js", "svg")}
    return environment


def moment(value: object) -> str:
    """A time as people read it, in UTC: seconds since the epoch or RFC 3339; a dash for none."""
    found = _time(value)
    return NOTHING if found is None else found.strftime("%Y-%m-%d %H:%M:%S")


def day(value: object) -> str:
    """The day of a time, in UTC."""
    found = _time(value)
    return NOTHING if found is None else found.strftime("%Y-%m-%d")


def minute(value: object) -> str:
    """The day of the year and the minute of a time, in UTC."""
    found = _time(value)
    return NOTHING if found is None else found.strftime("%m-%d %H:%M")


def second(value: object) -> str:
    """The time of the day, in UTC."""
    found = _time(value)
    return NOTHING if found is None else found.strftime("%H:%M:%S")


def age(seconds: float) -> str:
    """A duration, in the largest unit that it has two of."""
    for unit, name in _UNITS:
        if seconds >= 2 * unit:
            return f"{seconds // unit:.0f} {name}"
    return f"{seconds:.0f} seconds"


def count(value: object) -> str:
    """A number with its thousands apart."""
    return f"{value:,}".replace(",", "\u202f") if isinstance(value, int | float) else NOTHING


def told(value: object, name: str) -> object:
    """The value of the API's field ``name`` as people read it: times, and durations in seconds; others as they are."""
    if name in _DURATIONS and isinstance(value, int):
        return age(value) if value else "none"
    if name.endswith(("_time", "_at", "_updated")) and isinstance(value, str | int) and _time(value) is not None:
        return moment(value)
    return value


def share(value: object) -> str:
    """A share between 0 and 1 as a percentage; a dash for none."""
    return f"{value * 100:.1f} %" if isinstance(value, int | float) else NOTHING


def decoded(value: str) -> str | None:
    """The text in base64; None if it isn't text that can be shown."""
    try:
        text = decode_base64(value).decode()
    except (NotBase64, UnicodeDecodeError):
        return None
    return text if text.replace("\n", "").replace("\t", "").isprintable() else None


def parsed(text: str) -> Mapping[str, Any]:
    """The object of JSON that ``text`` is; empty if it is none."""
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def inside(path: str, namespace: str) -> str:
    """A path of the API in ``namespace``."""
    return f"{namespace}/{path}" if namespace else path


def with_namespace(command: str, namespace: str) -> str:
    """A ``bao`` command in ``namespace``."""
    program, verb, *rest = command.split(" ", 2)
    return " ".join([program, verb, f"-namespace={shlex.quote(namespace)}", *rest]) if namespace else command


def pretty(value: object) -> str:
    """A value as indented JSON, or a text as it is."""
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def without_id(token: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of a token without the token itself, which no page shows."""
    return {name: value for name, value in token.items() if name != "id"}


def _time(value: object) -> datetime | None:
    seconds = seconds_of(value)
    try:
        return datetime.fromtimestamp(seconds, UTC) if seconds else None
    except (ValueError, OverflowError, OSError):
        return None


def seconds_of(value: object) -> float:
    """A time of the API's, a number or RFC 3339, in seconds since the epoch; 0 for none."""
    if isinstance(value, str):
        return (parse_rfc3339(value) or 0) / SECOND
    return float(value) if isinstance(value, int | float) else 0.0
