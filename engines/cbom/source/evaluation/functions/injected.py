"""Values that frameworks give: settings of Spring, Micronaut, MicroProfile and NestJS, objects of Angular and NestJS.

The front-end writes such a field or parameter as if its value were a call of the annotation:
``Value("${a.b:c}", whole)``, ``Inject("KEY")``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeGuard

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.program import WHOLE
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Array,
    Class,
    Closure,
    Known,
    Table,
    Thing,
    Values,
    constants,
    known,
    sole,
    union,
)

_PLACEHOLDER = re.compile(r"\$\{([^:{}]{1,200})(?::(.*))?\}", re.DOTALL)
_SEALED = ("ENC(", "{cipher}", "vault:")
"""How values begin that are encrypted, or that stand elsewhere."""

_MAX_DEPTH = 4
_MAX_DIGITS = 9


def _resolved(evaluator: Any, text: object, whole: bool, depth: int = 0) -> Values:
    """The values of a text in which a placeholder may stand for a setting."""
    if not isinstance(text, str):
        return UNKNOWN if text is None else known(text if isinstance(text, bool | int) else None)
    match = _PLACEHOLDER.fullmatch(text.strip())
    if match is None:
        plain = "${" not in text and "#{" not in text and not text.startswith(_SEALED)
        return _converted(text, whole) if plain else UNKNOWN
    if depth > _MAX_DEPTH:
        return UNKNOWN
    name, default = match.groups()
    found = evaluator.files.setting(name, relaxed=True)
    if found:
        return _each(evaluator, found, whole, depth)
    return UNKNOWN if not default else _resolved(evaluator, default, whole, depth + 1)


def _each(evaluator: Any, found: Values, whole: bool, depth: int) -> Values:
    parts = (_resolved(evaluator, one.value, whole, depth + 1) if type(one) is Known else UNKNOWN for one in found)
    return union(parts)


def _converted(text: str, whole: bool) -> Values:
    digits = text.strip().replace("_", "")
    return known(int(digits) if whole and digits.isdecimal() and len(digits) <= _MAX_DIGITS else text)


def _whole(arguments: Arguments) -> bool:
    return sole(arguments.keywords.get(WHOLE, NOTHING)) is True


def _value(evaluator: Any, arguments: Arguments) -> Values:
    """``@Value("${name:default}")``."""
    given = arguments.positional[0] if arguments.positional else arguments.keywords.get("value", NOTHING)
    return _resolved(evaluator, sole(given), _whole(arguments))


def _config_property(evaluator: Any, arguments: Arguments) -> Values:
    """``@ConfigProperty(name = "name", defaultValue = "default")``."""
    name = sole(arguments.keywords.get("name", NOTHING))
    found = evaluator.files.setting(name, relaxed=True) if isinstance(name, str) else NOTHING
    if found:
        return _each(evaluator, found, _whole(arguments), 0)
    return _resolved(evaluator, sole(arguments.keywords.get("defaultValue", NOTHING)), _whole(arguments))


def _bound(evaluator: Any, arguments: Arguments) -> Values:
    """A member of a class with ``@ConfigurationProperties``: its setting, else its own value."""
    name = sole(arguments.positional[0]) if arguments.positional else None
    found = evaluator.files.setting(name, relaxed=True) if isinstance(name, str) else NOTHING
    if found:
        return _each(evaluator, found, _whole(arguments), 0)
    return arguments.positional[1] if len(arguments.positional) > 1 else UNKNOWN


def _property(evaluator: Any, arguments: Arguments) -> Values:
    """Spring's ``Environment.getProperty(name, default)``; a type may stand between."""
    name = sole(arguments.positional[0]) if arguments.positional else None
    found = evaluator.files.setting(name, relaxed=True) if isinstance(name, str) else NOTHING
    if found:
        return _each(evaluator, found, len(arguments.positional) > 2, 0)
    return arguments.positional[-1] if len(arguments.positional) > 1 else UNKNOWN


def _instance(evaluator: Any, arguments: Arguments) -> Values:
    """An object of the class that a container is asked for: Angular's ``inject(Service)``."""
    return union((evaluator.construct(each),) for each in arguments.at(0) if type(each) is Class) or UNKNOWN


_CONFIGURATION = "@nestjs/config.Configuration"
"""The type of the key of a part of NestJS's configuration."""

_TOKEN, _PART = "token ", "part "
"""How what a module provides is called in a program, by its token, or as a part of the configuration."""

_MOST_PROVIDED = 1000


def _is_text(name: object) -> TypeGuard[str]:
    return isinstance(name, str)


def _names(values: Values) -> list[str]:
    return list(filter(_is_text, constants(values)))


def _made(evaluator: Any, factories: Values) -> Values:
    """What functions without arguments give."""
    return union(evaluator.run(each, Arguments([], {})) for each in factories if type(each) is Closure)


def _provide(evaluator: Any, name: str, values: Values) -> None:
    provided = evaluator.files.provided
    if values and (name in provided or len(provided) < _MOST_PROVIDED):
        provided[name] = union((provided.get(name, NOTHING), values))


def _entry(table: Table, name: str) -> Values:
    return table.entries.get(name, NOTHING)


def _tables(values: Values) -> list[Table]:
    """The objects among values, also in a list."""
    lists = [value for value in values if type(value) is Array]
    found = (each for value in (values, *(item for one in lists for item in one.items)) for each in value)
    return [each for each in found if isinstance(each, Table)]


def _module(evaluator: Any, arguments: Arguments) -> Values:
    """NestJS's ``@Module({ providers: [{ provide: "KEY", useValue: value }] })``, also with ``useFactory``."""
    for module in _tables(arguments.at(0)):
        for provider in _tables(_entry(module, "providers")):
            values = union((_entry(provider, "useValue"), _made(evaluator, _entry(provider, "useFactory"))))
            for token in _names(_entry(provider, "provide")):
                _provide(evaluator, f"{_TOKEN}{token}", values)
    return UNKNOWN


def _registered(evaluator: Any, arguments: Arguments) -> Values:
    """NestJS's ``registerAs("part", () => ({ name: value }))``."""
    made = _made(evaluator, arguments.at(1))
    for name in _names(arguments.at(0)):
        _provide(evaluator, f"{_PART}{name}", made)
    return (Table({"KEY": (Thing(_CONFIGURATION, {"made": made}),)}, open=True),)


def _configured(evaluator: Any, arguments: Arguments) -> Values:
    """NestJS's ``ConfigModule.forRoot({ load: [() => ({ name: value })] })``."""
    for options in _tables(arguments.at(0)):
        for each in _entry(options, "load"):
            for item in each.items if type(each) is Array else ():
                for table in _tables(_made(evaluator, item)):
                    for name in filter(_is_text, table.entries):
                        _provide(evaluator, f"{_PART}{name}", table.entries[name])
    return UNKNOWN


def _setting_named(evaluator: Any, arguments: Arguments) -> Values:
    """NestJS's ``ConfigService.get("part.name", default)``."""
    found = [arguments.at(1)]
    for name in _names(arguments.at(0)):
        first, *rest = name.split(".")
        values = evaluator.files.provided.get(f"{_PART}{first}", NOTHING)
        for word in rest[:_MAX_DEPTH]:
            values = union(_entry(table, word) for table in values if isinstance(table, Table))
        found += [values, evaluator.files.environment(evaluator.scope.source).get(name, NOTHING)]
    return union(found) or UNKNOWN


def _injected(evaluator: Any, arguments: Arguments) -> Values:
    """NestJS's ``@Inject("KEY")`` and ``@Inject(configuration.KEY)``."""
    found = [evaluator.files.provided.get(f"{_TOKEN}{token}", NOTHING) for token in _names(arguments.at(0))]
    keys = [value for value in arguments.at(0) if isinstance(value, Thing) and value.type == _CONFIGURATION]
    return union([*found, *(key.facts["made"] for key in keys)]) or UNKNOWN


_CONTAINERS = ("@angular/core.inject", "typedi.Container.get", "tsyringe.container.resolve")
_ENVIRONMENTS = ("org.springframework.core.env.Environment", "org.springframework.core.env.ConfigurableEnvironment")

INJECTED: dict[str, Callable[[Any, Arguments], Values]] = {
    "org.springframework.beans.factory.annotation.Value": _value,
    "io.micronaut.context.annotation.Value": _value,
    "org.eclipse.microprofile.config.inject.ConfigProperty": _config_property,
    "org.springframework.boot.context.properties.ConfigurationProperties": _bound,
    "io.micronaut.context.annotation.ConfigurationProperties": _bound,
    **dict.fromkeys(_CONTAINERS, _instance),
    "@nestjs/common.Module": _module,
    "@nestjs/common.Inject": _injected,
    "@nestjs/config.registerAs": _registered,
    "@nestjs/config.ConfigModule.forRoot": _configured,
    **dict.fromkeys(("@nestjs/config.ConfigService.get", "@nestjs/config.ConfigService.getOrThrow"), _setting_named),
    **dict.fromkeys((f"{name}.getProperty" for name in _ENVIRONMENTS), _property),
    **dict.fromkeys((f"{name}.getRequiredProperty" for name in _ENVIRONMENTS), _property),
}
"""By the full name of the annotation or method."""
