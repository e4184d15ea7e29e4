"""Loads a ``Config`` from files, flags and environment.

Files are merged in order: a top-level word, ``storage`` and ``seal`` replace an earlier file's; listeners and audit
devices add up. Unknown words cause warnings, as with OpenBao, because files are shared with Vault and newer versions; a
wrong value of a known word prevents the start.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches
from importlib.metadata import entry_points
from typing import Any
from urllib.parse import urlsplit

from compat.hcl.reader import Block, Body, HclError, Position
from server.config import schema as words
from server.config.files import read_files
from server.config.safety import check_production, is_loopback, warn_of_plain_http
from server.config.schema import Setting
from server.config.settings import AuditDevice, Config, Development, Listener, Seal, Storage, Tracing
from server.config.source import NOWHERE, ConfigError, Place
from server.config.values import convert, convert_text, strings

_NO_FILES = "expected at least one configuration file (-config), or -dev"


def load_config(paths: Sequence[str], environment: Mapping[str, str]) -> Config:
    """The configuration of a production server. Raises ``ConfigError``, also for unsafe settings."""
    if not paths:
        raise ConfigError(_NO_FILES)
    draft = _Draft(environment)
    for file, body in read_files(paths):
        draft.add(file, body)
    config = draft.config()
    return _with_warnings(config, check_production(config, environment))


def development_config(
    address: str, development: Development, environment: Mapping[str, str], paths: Sequence[str] = ()
) -> Config:
    """The configuration of ``-dev``: plain HTTP at ``address`` (``host:port``), everything in memory.

    ``paths`` may set other words and add listeners; their storage and seal are not used. Raises ``ConfigError``.
    """
    word = next(word for word in words.LISTENER_TCP if word.name == "address")
    draft = _Draft(environment)
    draft.values["ui"] = True
    for file, body in read_files(paths):
        draft.add(file, body)
    listen = Listener(
        "tcp",
        convert_text(word, address, "the address to listen on in -dev mode"),
        tls_disable=True,
        unauthenticated_metrics_access=True,
    )
    draft.listeners.insert(0, (listen, False))
    draft.storage = Storage("inmem")
    draft.seal = Seal()
    draft.values["workers"] = 1
    config = draft.config(development)
    if is_loopback(listen.address):
        return config
    listeners = (replace(config.listeners[0], ui=False), *config.listeners[1:])
    return _with_warnings(replace(config, listeners=listeners), [warn_of_plain_http(listen)])


def _with_warnings(config: Config, warnings: Sequence[str]) -> Config:
    return replace(config, warnings=(*config.warnings, *warnings))


def differences(one: Config, other: Config) -> list[str]:
    """The top-level words and blocks in which two configurations differ, regardless of positions."""
    names = {word.field: word.name for word in words.TOP} | {"listeners": "listener"}
    compared = [each.name for each in fields(Config) if each.compare]
    return sorted(names.get(name, name) for name in compared if getattr(one, name) != getattr(other, name))


class _Draft:
    """The files merged so far."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self.values: dict[str, Any] = {}
        self.listeners: list[tuple[Listener, bool]] = []
        self.storage: Storage | None = None
        self.seal = Seal()
        self.audit: dict[str, AuditDevice] = {}
        self.tracing: Tracing | None = None
        self.warnings: list[str] = []
        self.places: dict[str, Place] = {}

    def add(self, file: str, body: Body) -> None:
        """Merge one file."""
        top = Body(tuple(item for item in body.items if item.name not in words.BLOCKS), body.position)
        given = self._words(words.TOP, words.IGNORED_TOP, top, file, "the configuration", words.BLOCKS)
        self.places |= {item.name: _place(file, item.position) for item in top.items}
        self.values.update(given)
        for block in _blocks(body, "listener", 1, file):
            self._add_listener(block, file)
        stores = [*_blocks(body, "storage", 1, file), *_blocks(body, "backend", 1, file)]
        if len(stores) > 1:
            raise ConfigError('only one "storage" block is permitted', _place(file, stores[1].position))
        for block in stores:
            self.storage = self._storage(block, file)
        self._add_seals(list(_blocks(body, "seal", 1, file)), file)
        for block in _blocks(body, "audit", 2, file):
            self._add_audit(block, file)
        for block in _blocks(body, "tracing", 1, file):
            self.tracing = self._tracing(block, file)

    def config(self, development: Development | None = None) -> Config:
        """The configuration, with checks across several words."""
        values = {word.field: word.default for word in words.TOP} | self.values
        values |= self._overrides(words.TOP)
        if self.storage is None:
            raise ConfigError('no storage is configured; expected a block such as storage "sqlite" { path = "..." }')
        if not self.listeners:
            raise ConfigError('no listener is configured; expected a block such as listener "tcp" { address = "..." }')
        if values["default_lease_ttl_seconds"] > values["max_lease_ttl_seconds"]:
            if "default_lease_ttl_seconds" in self.values:
                raise ConfigError(
                    "default_lease_ttl is longer than max_lease_ttl", self.places.get("default_lease_ttl")
                )
            values["default_lease_ttl_seconds"] = values["max_lease_ttl_seconds"]
        values["workers"] = _workers(values["workers"], self.storage, self.places.get("workers"))
        self._warn_of_values(values)
        duration = values["default_max_request_duration_seconds"]
        listeners = [listener if chosen else _with_duration(listener, duration) for listener, chosen in self.listeners]
        if values["ui"]:
            listeners = self._with_console(listeners, values["ui_address"])
        return Config(
            listeners=tuple(listeners),
            storage=self.storage,
            seal=self.seal,
            audit=tuple(self.audit.values()),
            tracing=self.tracing,
            development=development,
            warnings=tuple(self.warnings),
            places=self.places,
            **values,
        )

    def _with_console(self, listeners: Sequence[Listener], address: str) -> list[Listener]:
        """``listeners``, of which all serve the console, or a further one at ``address`` alone."""
        if not address:
            return [replace(listener, ui=True) for listener in listeners]
        word = next(word for word in words.LISTENER_TCP if word.name == "address")
        first = next((listener for listener in listeners if listener.type == "tcp"), Listener("tcp", ""))
        own = replace(
            first,
            address=convert_text(word, address, "ui_address"),
            ui=True,
            place=self.places.get("ui_address", NOWHERE),
        )
        return [*listeners, own]

    def _warn_of_values(self, values: Mapping[str, Any]) -> None:
        if not values["disable_mlock"]:
            self.warnings.append("disable_mlock = false: memory is not locked; keep swap encrypted or off")

    def _words(
        self, table: Sequence[Setting], ignored: frozenset[str], body: Body, file: str, where: str,
        others: Sequence[str] = (),
    ) -> dict[str, Any]:  # fmt: skip
        """The converted values of the words in ``body``, by field. Warns of words without effect here."""
        known = {word.name: word for word in table}
        values = {}
        for item in body.items:
            place = _place(file, item.position)
            word = known.get(item.name)
            if word is not None:
                values[word.field] = convert(word, item.body if isinstance(item, Block) else item.value, place)
            elif item.name in ignored:
                self.warnings.append(f"{place}: {item.name!r} has no effect in this server")
            elif item.name not in others:
                close = get_close_matches(item.name, [*known, *others], n=1)
                hint = f"; did you mean {close[0]!r}?" if close else ""
                self.warnings.append(f"{place}: unknown word {item.name!r} in {where}{hint}")
        return values

    def _overrides(self, table: Sequence[Setting]) -> dict[str, Any]:
        """The values from the environment, which override files."""
        values = {}
        for word in table:
            for variable in word.environment:
                if text := self._environment.get(variable):
                    values[word.field] = convert_text(word, text, f"environment variable {variable}")
                    break
        return values

    def _require(self, table: Sequence[Setting], values: Mapping[str, Any], place: Place, where: str) -> None:
        for word in table:
            if word.required and word.field not in values:
                raise ConfigError(f"{where} needs {word.name}", place)

    def _add_listener(self, block: Block, file: str) -> None:
        place = _place(file, block.position)
        type_ = block.labels[0]
        table = words.LISTENERS.get(type_)
        if table is None:
            raise ConfigError(f"listener: expected one of tcp, unix, got {type_!r}", place)
        where = f'listener "{type_}"'
        values = self._words(table, words.IGNORED_LISTENER, block.body, file, where, tuple(words.LISTENER_BLOCKS))
        for name, inner in words.LISTENER_BLOCKS.items():
            for one in _blocks(block.body, name, 0, file):
                values |= self._words(inner, words.IGNORED_TELEMETRY, one.body, file, f"{name} of a listener")
        self._require(table, values, place, where)
        chosen = "max_request_duration_seconds" in values
        values.setdefault("address", words.DEFAULT_ADDRESS)
        self.listeners.append((Listener(type=type_, place=place, **values), chosen))

    def _storage(self, block: Block, file: str) -> Storage:
        place = _place(file, block.position)
        table = self._table(block, words.STORAGE, "storage", place)
        if table is None:
            return Storage(block.labels[0], strings("storage", block.body, place), place)
        where = f'storage "{block.labels[0]}"'
        values = self._words(table, words.IGNORED_STORAGE, block.body, file, where)
        self._require(table, values, place, where)
        return Storage(block.labels[0], {name: str(value) for name, value in values.items()}, place)

    def _tracing(self, block: Block, file: str) -> Tracing:
        place = _place(file, block.position)
        table = words.TRACING.get(block.labels[0])
        if table is None:
            raise ConfigError(f"tracing: expected otlp, got {block.labels[0]!r}", place)
        where = f'tracing "{block.labels[0]}"'
        values = self._words(table, frozenset(), block.body, file, where) | self._overrides(table)
        self._require(table, values, place, where)
        tracing = Tracing(place=place, **values)
        if not _is_plain_url(tracing.endpoint):
            raise ConfigError("endpoint: expected http:// or https://, without a user or a password", place)
        if tracing.sample_percent > words.MAX_PERCENT:
            raise ConfigError(f"sample_percent: expected at most 100, got {tracing.sample_percent}", place)
        return tracing

    def _add_seals(self, blocks: Sequence[Block], file: str) -> None:
        chosen: Seal | None = None
        for block in blocks:
            place = _place(file, block.position)
            table = self._table(block, words.SEALS, "seal", place)
            values = {} if table is None else self._seal_values(table, block, file, place)
            if values.pop("disabled", False):
                self.warnings.append(f"{place}: the disabled seal is left out")
                continue
            if chosen is not None:
                raise ConfigError("only one seal that isn't disabled is permitted", place)
            options = strings("seal", block.body, place) if table is None else values
            chosen = Seal(block.labels[0], options, place)
        self.seal = chosen or self.seal

    def _seal_values(self, table: Sequence[Setting], block: Block, file: str, place: Place) -> dict[str, Any]:
        where = f'seal "{block.labels[0]}"'
        values = self._words(table, words.IGNORED_SEAL, block.body, file, where)
        if not values.get("disabled"):
            values |= self._overrides(table)
            self._require(table, values, place, where)
        return values

    def _add_audit(self, block: Block, file: str) -> None:
        place = _place(file, block.position)
        type_, path = block.labels[0], block.labels[1].strip("/")
        options: Mapping[str, str] = {}
        for item in block.body.items:
            if item.name == "options":
                inner = item.body if isinstance(item, Block) else item.value
                options = {**options, **strings("options", inner, _place(file, item.position))}
        values = self._words(words.AUDIT, frozenset(), block.body, file, "audit", ("options",))
        if not path:
            raise ConfigError("audit: expected a path behind the type", place)
        if path in self.audit:
            raise ConfigError(f"audit: the path {path!r} is already taken at {self.audit[path].place}", place)
        self.audit[path] = AuditDevice(type_, path, options=options, place=place, **values)

    def _table(
        self, block: Block, tables: Mapping[str, Sequence[Setting]], group: str, place: Place
    ) -> Sequence[Setting] | None:
        """The words of a built-in type, or None for another package's."""
        type_ = block.labels[0]
        if type_ in tables:
            return tables[type_]
        groups = {"storage": "cryptoserve.storage", "seal": "cryptoserve.seals"}
        brought = {entry.name for entry in entry_points(group=groups[group])}
        if type_ in brought:
            return None
        names = ", ".join(sorted({*tables, *brought}))
        raise ConfigError(f"{group}: expected one of {names}, got {type_!r}", place)


def _workers(chosen: int | str, storage: Storage, place: Place | None) -> int:
    """The number of processes to serve with; 1 for storage in the memory of one."""
    in_memory = storage.type == "inmem"
    if not chosen:
        return 1 if in_memory else min(_processors(), words.MAX_WORKERS)
    if int(chosen) > 1 and in_memory:
        raise ConfigError(f'storage "inmem" is served by one worker; expected workers = 1, got {chosen}', storage.place)
    if int(chosen) > words.MAX_WORKERS:
        raise ConfigError(f"workers: expected at most {words.MAX_WORKERS}, got {chosen}", place)
    return int(chosen)


def _is_plain_url(text: str) -> bool:
    """Whether ``text`` is an HTTP URL that holds no credentials."""
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        return False


def _processors() -> int:
    """The number of processors that this process may use."""
    if sys.platform == "linux":
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _with_duration(listener: Listener, seconds: int) -> Listener:
    return replace(listener, max_request_duration_seconds=seconds)


def _place(file: str, position: Position) -> Place:
    return Place(file, position.line, position.column)


def _blocks(body: Body, name: str, labels: int, file: str) -> Iterator[Block]:
    try:
        yield from body.blocks(name, labels)
    except HclError as error:
        raise ConfigError(error.message, Place(file, error.line, error.column)) from None
