"""Values that frameworks give: settings of Spring, Micronaut and MicroProfile, and objects of Angular.

The front-end writes such a field as if its value were a call of the annotation, ``Value("${a.b:c}", whole)``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.program import WHOLE
from engines.cbom.source.values import NOTHING, UNKNOWN, Class, Known, Values, known, sole, union

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


_CONTAINERS = ("@angular/core.inject", "typedi.Container.get", "tsyringe.container.resolve")
_ENVIRONMENTS = ("org.springframework.core.env.Environment", "org.springframework.core.env.ConfigurableEnvironment")

INJECTED: dict[str, Callable[[Any, Arguments], Values]] = {
    "org.springframework.beans.factory.annotation.Value": _value,
    "io.micronaut.context.annotation.Value": _value,
    "org.eclipse.microprofile.config.inject.ConfigProperty": _config_property,
    "org.springframework.boot.context.properties.ConfigurationProperties": _bound,
    "io.micronaut.context.annotation.ConfigurationProperties": _bound,
    **dict.fromkeys(_CONTAINERS, _instance),
    **dict.fromkeys((f"{name}.getProperty" for name in _ENVIRONMENTS), _property),
    **dict.fromkeys((f"{name}.getRequiredProperty" for name in _ENVIRONMENTS), _property),
}
"""By the full name of the annotation or method."""
