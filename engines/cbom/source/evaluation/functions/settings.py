"""Functions that read settings: variables of the environment, and files that have constant names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Known,
    Ref,
    Table,
    Thing,
    Value,
    Values,
    constants,
    known,
    union,
)

ENVIRONMENT = "os.environ"
"""The environment in Python, whose variables are elements."""

SCRIPT_ENVIRONMENT = "process.env"
"""The environment in JavaScript, whose variables are members."""

_FILE = "settings"
"""The type of a file of settings, open or as its text."""

_PARSER = "configparser.ConfigParser"
INDEXED = frozenset({_PARSER})
"""Types whose facts are elements."""

_CONTENT = "content"
_MAX_NAMES = 4
_OPEN_TABLE: Values = (Table({}, open=True),)


def is_variable(value: Value) -> bool:
    """Whether a value is a variable of the environment in JavaScript, which may not be set."""
    return isinstance(value, Ref) and value.path.startswith(SCRIPT_ENVIRONMENT)


def _given(arguments: Arguments, position: int, keyword: str = "") -> Values:
    if position < len(arguments.positional):
        return arguments.positional[position]
    return arguments.keywords.get(keyword, NOTHING)


def _content(evaluator: Any, names: Values) -> Values:
    """The values of the files of settings among those of ``names``."""
    texts = [name for name in constants(names)[:_MAX_NAMES] if isinstance(name, str)]
    return union(evaluator.files.setting_file(evaluator.scope.source, name) for name in texts)


def _opened(evaluator: Any, arguments: Arguments) -> Values:
    """``open(name)``, ``fs.readFileSync(name)``."""
    content = _content(evaluator, _given(arguments, 0, "file"))
    return (Thing(_FILE, {_CONTENT: content}),) if content else UNKNOWN


def _read_json(evaluator: Any, arguments: Arguments) -> Values:
    return _content(evaluator, _given(arguments, 0)) or UNKNOWN


def _opened_path(evaluator: Any, arguments: Arguments) -> Values:
    """``Path(name).read_text()``."""
    content = _content(evaluator, arguments.receiver)
    return (Thing(_FILE, {_CONTENT: content}),) if content else UNKNOWN


def _same(_evaluator: Any, arguments: Arguments) -> Values:
    return arguments.receiver


def _path(_evaluator: Any, arguments: Arguments) -> Values:
    """``os.path.join(folder, name)``: the constant parts at the end."""
    parts: list[str] = []
    for values in reversed([*([arguments.receiver] if arguments.receiver else []), *arguments.positional]):
        part = values[0].value if len(values) == 1 and isinstance(values[0], Known) else None
        if not isinstance(part, str):
            break
        parts.insert(0, part)
    return known("/".join(parts)) if parts else UNKNOWN


def _parsed(evaluator: Any, arguments: Arguments) -> Values:
    """``json.load(file)``, ``yaml.safe_load(text)``: what the file holds."""
    return _parsed_text(evaluator, arguments) if _files(arguments) else _OPEN_TABLE


def _parsed_text(_evaluator: Any, arguments: Arguments) -> Values:
    """``JSON.parse(text)``."""
    return union(file.facts[_CONTENT] for file in _files(arguments)) or UNKNOWN


def _files(arguments: Arguments) -> list[Thing]:
    """The files of settings that the first argument may be."""
    return [value for value in _given(arguments, 0) if isinstance(value, Thing) and value.type == _FILE]


def _parser(_evaluator: Any, _arguments: Arguments) -> Values:
    return (Thing(_PARSER, {}),)


def _read_into(evaluator: Any, arguments: Arguments) -> Values:
    """A ConfigParser's ``read`` of a file: its sections."""
    tables = [value for value in _content(evaluator, _given(arguments, 0)) if isinstance(value, Table)]
    for parser in arguments.receiver:
        if isinstance(parser, Thing):
            for table in tables:
                parser.facts.update({str(name): values for name, values in table.entries.items()})
    return UNKNOWN


def _option(_evaluator: Any, arguments: Arguments) -> Values:
    """A ConfigParser's ``get(section, option, fallback=...)``."""
    found: list[Values] = [arguments.keywords.get("fallback", NOTHING)]
    parsers = [value for value in arguments.receiver if isinstance(value, Thing)]
    sections = [parser.facts.get(str(name), NOTHING) for parser in parsers for name in constants(_given(arguments, 0))]
    for table in union(sections):
        if isinstance(table, Table):
            names = [str(name).lower() for name in constants(_given(arguments, 1))]
            found += [table.entries.get(name, NOTHING) for name in names]
    return union(found) or UNKNOWN


def _number(evaluator: Any, arguments: Arguments) -> Values:
    """A ConfigParser's ``getint``."""
    texts = _option(evaluator, arguments)
    digits = [text for text in constants(texts) if isinstance(text, str) and text.isdecimal() and len(text) < 18]
    return union(known(int(text)) for text in digits) or UNKNOWN


def _variable(evaluator: Any, arguments: Arguments) -> Values:
    """``os.getenv(name, default)``: what the environment's files set, or the default; an empty one stands for none."""
    variables = evaluator.files.environment(evaluator.scope.source)
    names = constants(_given(arguments, 0, "key"))
    set_to = [variables.get(name, NOTHING) for name in names if isinstance(name, str)]
    default = _given(arguments, 1, "default")
    return union([*set_to, default, UNKNOWN if constants(default) == [""] else NOTHING]) or UNKNOWN


def _variables(evaluator: Any, _arguments: Arguments) -> Values:
    """``dotenv_values()``."""
    return (Table(dict(evaluator.files.environment(evaluator.scope.source)), open=True),)


_PARSED = ("json.load", "json.loads", "tomllib.load", "tomllib.loads", "toml.load", "toml.loads", "tomli.load")
_PARSED_YAML = ("yaml.safe_load", "yaml.load", "yaml.full_load", "yaml.unsafe_load")
_PARSED_JS = ("JSON.parse", "js-yaml.load", "js-yaml.safeLoad", "yaml.parse", "json5.parse", "toml.parse", "ini.parse")
_OPENED = ("open", "io.open", "codecs.open", "fs.readFileSync", "fs.promises.readFile", "fs-extra.readFileSync")
_KEPT = ("read", "read_text", "read_bytes", "toString", "decode", "trim", "strip")
_PARSERS = ("configparser.ConfigParser", "configparser.RawConfigParser", "configparser.SafeConfigParser")

SETTING_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    **dict.fromkeys(_OPENED, _opened),
    **dict.fromkeys(("fs-extra.readJsonSync", "fs-extra.readJSONSync"), _read_json),
    **dict.fromkeys(("text.open", "text.read_text", "text.read_bytes"), _opened_path),
    **{f"{_FILE}.{name}": _same for name in _KEPT},
    **dict.fromkeys(_PARSED, _parsed),
    **dict.fromkeys(_PARSED_YAML, _parsed),
    **dict.fromkeys(_PARSED_JS, _parsed_text),
    **dict.fromkeys(("os.path.join", "path.join", "path.resolve", "pathlib.Path", "text.joinpath"), _path),
    **dict.fromkeys(_PARSERS, _parser),
    f"{_PARSER}.read": _read_into,
    f"{_PARSER}.get": _option,
    f"{_PARSER}.getint": _number,
    **dict.fromkeys(("os.getenv", "os.environ.get", "decouple.config"), _variable),
    "dotenv.dotenv_values": _variables,
}
"""By full name; ``text`` is the kind of a path."""
