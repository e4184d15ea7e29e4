"""Schemas of settings in JavaScript (zod, joi, envalid, convict): what they let a program have is their defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.functions.module_names import methods_of
from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import NOTHING, UNKNOWN, Table, Thing, Values, constants, union

_SCHEMA = "zod.Schema"
_OBJECT = "zod.Object"
_CONFIG = "convict.Config"
_DEFAULT, _SHAPE = "default", "shape"
_MAX_DEPTH = 6
_MAX_FILES = 3

_KINDS = ("string", "number", "boolean", "enum", "any", "date", "bigint", "union", "literal", "nativeEnum", "email")
_KINDS_ENV = ("str", "num", "port", "bool", "host", "url", "email", "json")
_LIMITS = (
    *("min", "max", "length", "email", "url", "uuid", "regex", "trim", "int", "positive", "nonnegative", "optional"),
    *("nullable", "nullish", "describe", "refine", "superRefine", "required", "valid", "allow", "hex", "base64", "uri"),
    *("integer", "port", "alphanum", "pattern", "label", "nonempty", "gte", "lte", "gt", "lt", "lowercase"),
    *("strict", "passthrough", "strip", "partial", "readonly", "unknown", "options", "catchall", "prefault", "meta"),
)
"""Methods that give the schema back: limits that a default meets."""


def _schema(_evaluator: Any, _arguments: Arguments) -> Values:
    return (Thing(_SCHEMA, {}),)


def _object(_evaluator: Any, arguments: Arguments) -> Values:
    """``z.object({...})``."""
    return (Thing(_OBJECT, {_SHAPE: arguments.at(0)}),)


def _with_default(_evaluator: Any, arguments: Arguments) -> Values:
    return (Thing(_SCHEMA, {_DEFAULT: arguments.at(0)}),)


def _with_option(_evaluator: Any, arguments: Arguments) -> Values:
    """``str({ default: "a", devDefault: "b" })`` of envalid, whose second default no production gets."""
    given = [value.entries.get(_DEFAULT, NOTHING) for value in arguments.at(0) if isinstance(value, Table)]
    return (Thing(_SCHEMA, {_DEFAULT: union(given)}),)


def _same(_evaluator: Any, arguments: Arguments) -> Values:
    return arguments.receiver


def _extended(_evaluator: Any, arguments: Arguments) -> Values:
    """``schema.extend({...})``, ``schema.merge(other)``, joi's ``keys``."""
    whole = Table({})
    for value in (*arguments.receiver, *arguments.at(0)):
        shapes = value.facts.get(_SHAPE, NOTHING) if isinstance(value, Thing) else (value,)
        for shape in shapes:
            if isinstance(shape, Table):
                whole.entries.update(shape.entries)
    return (Thing(_OBJECT, {_SHAPE: (whole,)}),)


def _resolved(values: Values, depth: int = 0) -> Values:
    """What values have that meet a schema: its defaults."""
    found: list[Values] = []
    for value in values:
        if isinstance(value, Thing) and value.type == _OBJECT and depth < _MAX_DEPTH:
            found.append(_resolved(value.facts.get(_SHAPE, NOTHING), depth + 1))
        elif isinstance(value, Thing) and value.type == _SCHEMA:
            found.append(union((value.facts.get(_DEFAULT, NOTHING), UNKNOWN)))
        elif isinstance(value, Table) and depth < _MAX_DEPTH:
            entries = {name: _resolved(each, depth + 1) for name, each in value.entries.items()}
            found.append((Table(entries, open=True),))
        else:
            found.append((value,))
    return union(found) or UNKNOWN


def _parsed(_evaluator: Any, arguments: Arguments) -> Values:
    """``schema.parse(process.env)``."""
    return _resolved(arguments.receiver)


def _parsed_safely(_evaluator: Any, arguments: Arguments) -> Values:
    """``schema.safeParse(process.env).data``, ``schema.validate(process.env).value``."""
    found = _resolved(arguments.receiver)
    return (Table({"data": found, "value": found}, open=True),)


def _second(_evaluator: Any, arguments: Arguments) -> Values:
    """``cleanEnv(process.env, {...})``, ``Joi.attempt(process.env, schema)``."""
    return _resolved(arguments.at(1))


def _created(_evaluator: Any, arguments: Arguments) -> Values:
    """``createEnv({ server: {...}, client: {...}, runtimeEnv })``."""
    tables = [value for value in arguments.at(0) if isinstance(value, Table)]
    whole = Table({}, open=True)
    for part in [value for table in tables for word in ("server", "client", "shared") for value in _part(table, word)]:
        if isinstance(part, Table):
            whole.entries.update(part.entries)
    return _resolved((whole,))


def _part(table: Table, word: str) -> Values:
    return table.entries.get(word, NOTHING)


def _convict(_evaluator: Any, arguments: Arguments) -> Values:
    """``convict({ name: { default: 1 } })``."""
    return (Thing(_CONFIG, {_SHAPE: arguments.at(0)}),)


def _setting(_evaluator: Any, arguments: Arguments) -> Values:
    """``config.get("a.b")`` of convict."""
    configs = [value for value in arguments.receiver if isinstance(value, Thing)]
    found = union(config.facts.get(_SHAPE, NOTHING) for config in configs)
    return _defaults(_below(found, constants(arguments.at(0)))) or UNKNOWN


def _defaults(values: Values, depth: int = 0) -> Values:
    """What entries ``{ default: value }`` give, at any depth."""
    found: list[Values] = []
    for value in values:
        if not isinstance(value, Table) or depth > _MAX_DEPTH:
            found.append(UNKNOWN)
        elif _DEFAULT in value.entries:
            found.append(value.entries[_DEFAULT])
        else:
            entries = {name: _defaults(each, depth + 1) for name, each in value.entries.items()}
            found.append((Table(entries, open=True),))
    return union(found)


def _below(values: Values, paths: list[Any]) -> Values:
    """The entries of tables under a path, ``a.b``."""
    for word in str(paths[0]).split(".") if len(paths) == 1 else ():
        values = union(value.entries.get(word, NOTHING) for value in values if isinstance(value, Table))
    return values


def _configured(evaluator: Any, arguments: Arguments) -> Values:
    """``config.get("a.b")`` of the package ``config``, which reads files in the folder ``config``."""
    names = [f"config/default{suffix}" for suffix in (".json", ".yaml", ".yml")][:_MAX_FILES]
    files = union(evaluator.files.setting_file(evaluator.scope.source, name) for name in names)
    return _below(files, constants(arguments.at(0))) or UNKNOWN


SCHEMA_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    **dict.fromkeys(methods_of(("zod", "zod.coerce", "joi"), *_KINDS), _schema),
    **dict.fromkeys(("zod.object", "zod.strictObject", "joi.object"), _object),
    **dict.fromkeys(methods_of(("envalid",), *_KINDS_ENV), _with_option),
    **dict.fromkeys(methods_of((_SCHEMA, _OBJECT), *_LIMITS), _same),
    **dict.fromkeys(methods_of((_SCHEMA,), "default", "catch"), _with_default),
    f"{_OBJECT}.default": _same,
    **dict.fromkeys(methods_of((_OBJECT,), "extend", "merge", "keys", "append"), _extended),
    **dict.fromkeys(methods_of((_OBJECT,), "parse", "parseAsync", "validateSync"), _parsed),
    **dict.fromkeys(methods_of((_OBJECT,), "safeParse", "safeParseAsync", "validate", "validateAsync"), _parsed_safely),
    **dict.fromkeys(("envalid.cleanEnv", "joi.attempt"), _second),
    **dict.fromkeys(("@t3-oss/env-nextjs.createEnv", "@t3-oss/env-core.createEnv"), _created),
    "convict": _convict,
    f"{_CONFIG}.get": _setting,
    **dict.fromkeys(methods_of((_CONFIG,), "validate", "load", "loadFile"), _same),
    "config.get": _configured,
}
"""By full name; ``zod.Schema`` and ``zod.Object`` are the types of joi's too."""
