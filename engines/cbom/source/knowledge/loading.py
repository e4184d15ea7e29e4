"""Reading of knowledge files, ``data/LANGUAGE/LIBRARY.toml``, also in a folder of a few of them.

What a file can't mean is an error that names it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields, replace
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import product
from typing import Any

from engines.cbom.source.knowledge.model import FACTS, Knowledge, Library, Override, Rule, Term
from engines.cbom.source.program import Constant
from engines.cbom.source.words import FINDINGS, PRIMITIVES

_GROUP = re.compile(r"\{([^{}]*)\}")
_CHOSEN = re.compile(r"\$(\d)")
_FILE = frozenset(
    {
        "library",
        "libraries",
        "modules",
        "packages",
        "globals",
        "twins",
        "passed_on",
        "aliases",
        "own_libraries",
        "bases",
        "parts",
        "constants",
        "replacements",
        "call",
        "attribute",
        "option",
        "setting",
        "override",
    }
)
_PLAIN = frozenset({"primitive", "unnamed", "result", "decode", "origin", "assures", "unless"})
_TERMS = frozenset({"returns", "size", "fills", "into", "of"})
_CONDITIONS = frozenset({"arity", "when", "not_when", "typed", "inventory"})
_OTHER = frozenset(
    {"name", "library", "parameters", "findings", "unless_within", "unless_field", "unless_of", "dropped", "reads"}
    | {"sets", "keeps"}
)
_SWITCHES = frozenset(
    {"unless_taken", "unless_decrypts", "naming", "asks", "sound_keyed", "seeds", "answering", "choice", "general"}
)
_BODIES = frozenset({"empty", "formal", "true", "asserts", "proceeds"})
_SAME = tuple(each.name for each in fields(Rule) if each.name not in ("name", "groups"))
"""What rules of one row have in common where nothing in it depends on their names."""

_QUOTES = "'\"`"
"""What stands around the name of a package where it is imported (JavaScript)."""

_ORIGINS = frozenset({"", "constant", "random", "weak-random", "derived", "clock"})


class KnowledgeError(Exception):
    """A knowledge file says what it can't mean; the text names the file and the rule."""


@cache
def knowledge_of(language: str) -> Knowledge:
    """All that the files of ``data/language`` say. Raises ``KnowledgeError``."""
    found = Knowledge()
    folder = resources.files("engines.cbom.source.knowledge") / "data" / language
    for file in sorted(_files_in(folder), key=lambda each: each.name):
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
            add(found, language, content)
            for twin in twins(content):
                add(found, language, twin)
        except (KnowledgeError, tomllib.TOMLDecodeError) as error:
            raise KnowledgeError(f"{language}/{file.name}: {error}") from error
    for name in (*found.calls, *found.attributes, *found.constants, *found.overrides):
        parts = name.split(".")
        found.prefixes.update(".".join(parts[:length]) for length in range(1, len(parts) + 1))
    found.alias_roots.update(name.partition(".")[0] for name in found.aliases)
    return found


def _files_in(folder: Traversable) -> Iterator[Traversable]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _files_in(each)
        elif each.name.endswith(".toml"):
            yield each


@cache
def signs_of(language: str) -> tuple[bytes, ...]:
    """Texts, one of which a file of the language has if it uses any library. Raises ``KnowledgeError``."""
    return shortest(knowledge_of(language).modules)


def shortest(texts: Iterable[str]) -> tuple[bytes, ...]:
    """The texts without those that have another one in them: where these stand, that does."""
    found: list[str] = []
    for text in sorted(texts, key=lambda each: (len(each), each)):
        if not any(shorter in text for shorter in found):
            found.append(text)
    return tuple(text.encode() for text in found)


def add(found: Knowledge, language: str, content: Mapping[str, Any]) -> None:
    """Add what one file says. Raises ``KnowledgeError``."""
    if unknown := content.keys() - _FILE:
        raise KnowledgeError(f"unknown words: {', '.join(sorted(unknown))}")
    replacements = content.get("replacements", {})
    if unknown := replacements.keys() - FINDINGS:
        raise KnowledgeError(f"replacements: unknown findings: {', '.join(sorted(unknown))}")
    library = Library(content["library"], language, replacements)
    names = {first: replace(library, name=name) for first, name in content.get("libraries", {}).items()}
    found.modules.update(content.get("modules", ()))
    for name in content.get("packages", ()):
        found.modules.update(f"{quote}{name}{end}" for quote in _QUOTES for end in (quote, "/"))
    found.globals.update(each for name in content.get("globals", ()) for each, _ in expansions(name))
    for name, other in content.get("aliases", {}).items():
        found.aliases.update((each, _filled(other, groups)) for each, groups in expansions(name))
    for name in content.get("own_libraries", ()):
        found.own_libraries.update((each, _package(each)) for each, _ in expansions(name))
    for name, base in content.get("bases", {}).items():
        found.bases.update((each, base) for each, _ in expansions(name))
    for name in content.get("parts", ()):
        found.parts.update(each for each, _ in expansions(name))
    for name in content.get("passed_on", ()):
        found.passed_on.update((each.rpartition(".")[2], each) for each, _ in expansions(name))
    for name, value in content.get("constants", {}).items():
        for expanded, groups in expansions(name):
            found.constants[expanded] = _substituted(value, groups)
    for row in content.get("override", ()):
        for base, override in _overrides(library, row):
            found.overrides.setdefault(base, []).append(override)
    tables = {
        "call": found.calls,
        "attribute": found.attributes,
        "option": found.options,
        "setting": found.settings,
    }
    for kind, table in tables.items():
        for row in content.get(kind, ()):
            for rule in _rules(library, row, kind):
                own = names.get(_package(rule.name))
                table.setdefault(rule.name, []).append(replace(rule, library=own) if own else rule)


def _package(name: str) -> str:
    """The package of a name: its first part, without the modules below it (``@noble/hashes/sha2``)."""
    first = name.partition(".")[0]
    return "/".join(first.split("/")[: 2 if first.startswith("@") else 1])


def twins(content: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The same for libraries that only have another beginning of their names: ``twins = { NAME = [OURS, THEIRS] }``."""
    for name, (ours, theirs) in content.get("twins", {}).items():
        yield {**_renamed(dict(content), f"{ours}.", f"{theirs}."), "library": name}


def _renamed(value: Any, ours: str, theirs: str) -> Any:
    if isinstance(value, dict):
        return {_renamed(key, ours, theirs): _renamed(each, ours, theirs) for key, each in value.items()}
    if isinstance(value, list):
        return [_renamed(each, ours, theirs) for each in value]
    return theirs + value.removeprefix(ours) if isinstance(value, str) and value.startswith(ours) else value


def _overrides(library: Library, row: Mapping[str, Any]) -> Iterator[tuple[str, Override]]:
    if unknown := row.keys() - {"name", "body", "findings", "beside"}:
        raise KnowledgeError(f"{row['name']}: unknown words: {', '.join(sorted(unknown))}")
    if row["body"] not in _BODIES:
        raise KnowledgeError(f"{row['name']}: unknown body {row['body']!r}")
    for name, groups in expansions(row["name"]):
        base, _, method = name.rpartition(".")
        rule = _rule(library, name, groups, {"name": name, "findings": row["findings"]}, "call")
        yield base, Override(method, row["body"], rule, row.get("beside", ""))


def expansions(name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The names that ``name`` with its ``{a,b}`` stands for, each with what was chosen."""
    choices = [group.split(",") for group in _GROUP.findall(name)]
    if not choices:
        yield name, ()
        return
    for chosen in product(*choices):
        rest = iter(chosen)
        yield _GROUP.sub(lambda _match, rest=rest: next(rest), name), chosen  # type: ignore[misc]


def _filled(name: str, groups: tuple[str, ...]) -> str:
    """A name with ``$1``, ``$2`` replaced wherever they stand in it."""
    return _CHOSEN.sub(lambda match: groups[int(match[1]) - 1], name)


def _substituted(value: Constant, groups: tuple[str, ...]) -> Constant:
    return _filled(value, groups) if isinstance(value, str) and "$" in value else value


def _rules(library: Library, row: Mapping[str, Any], kind: str) -> Iterator[Rule]:
    names = row["name"] if isinstance(row["name"], list) else [row["name"]]
    try:
        chooses, same = _chooses(row), None
        for name in names:
            for expanded, groups in expansions(name):
                if chooses or same is None:
                    rule = _rule(library, expanded, groups, row, kind)
                    same = {each: getattr(rule, each) for each in _SAME}
                    yield rule
                else:  # Thousands of rules differ by their names alone.
                    yield Rule(name=expanded, groups=groups, **same)
    except (KnowledgeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise KnowledgeError(f"{names[0]}: {error}") from error


def _chooses(row: Any) -> bool:
    """Whether ``$1`` stands in a row, its name apart: for a part of the name that was chosen."""
    if isinstance(row, str):
        return _CHOSEN.search(row) is not None
    if isinstance(row, Mapping):
        return any(_chooses(value) for value in row.values())
    return isinstance(row, list) and any(map(_chooses, row))


def _rule(library: Library, name: str, groups: tuple[str, ...], row: Mapping[str, Any], kind: str) -> Rule:
    keeps = row.get("keeps", {})
    facts = {word: row[word] for word in row.keys() & FACTS}
    if unknown := row.keys() - FACTS - _PLAIN - _TERMS - _OTHER - _CONDITIONS - _SWITCHES:
        raise KnowledgeError(f"unknown words: {', '.join(sorted(unknown))}")
    if row.get("primitive", "") not in PRIMITIVES | {"", "algorithm"}:
        raise KnowledgeError(f"unknown primitive {row['primitive']!r}")
    if row.get("unnamed", "") not in PRIMITIVES | {""}:
        raise KnowledgeError(f"unknown primitive {row['unnamed']!r}")
    if unknown := {*row.get("findings", ()), *row.get("dropped", ())} - FINDINGS:
        raise KnowledgeError(f"unknown findings: {', '.join(sorted(unknown))}")
    if row.get("origin", "") not in _ORIGINS:
        raise KnowledgeError(f"unknown origin {row['origin']!r}")
    parameters = tuple(row.get("parameters", () if kind == "call" else ("value",)))
    plain: dict[str, Any] = {word: row[word] for word in row.keys() & _PLAIN}
    if "result" in plain:
        plain["result"] = _filled(plain["result"], groups)
    plain |= {word: _term(row[word], groups) for word in row.keys() & _TERMS}
    plain |= {word: row[word] for word in row.keys() & _SWITCHES}
    if "library" in row:
        library = replace(library, name=row["library"])
    rule = Rule(
        name,
        library,
        groups,
        parameters,
        frozenset(row["arity"] if isinstance(row.get("arity"), list) else [row["arity"]] if "arity" in row else []),
        _conditions(row.get("when", {})),
        not_when=_conditions(row.get("not_when", {})),
        facts={word: _term(value, groups) for word, value in facts.items()},
        dotted=_dotted([*facts.values(), *keeps.values(), *(f"${word}" for word in row.get("when", {}))]),
        keeps={word: _term(value, groups) for word, value in keeps.items()},
        typed=tuple((f"${word}", kind) for word, kind in row.get("typed", {}).items()),
        findings=tuple(row.get("findings", ())),
        unless_within=tuple(row.get("unless_within", ())),
        unless_field=tuple(row.get("unless_field", ())),
        unless_of=tuple(row.get("unless_of", ())),
        dropped=tuple(row.get("dropped", ())),
        reads=tuple(row.get("reads", ())),
        sets={word: _term(value, groups) for word, value in row.get("sets", {}).items()},
        inventory=_conditions(row.get("inventory", {})),
        **plain,
    )
    _check_parameters(rule)
    return rule


def _term(value: Any, groups: tuple[str, ...]) -> Term:
    if isinstance(value, list):
        return tuple(_term(each, groups) for each in value)
    return _substituted(value, groups)


def _dotted(terms: Iterable[Any]) -> tuple[str, ...]:
    """The parameters of which ``terms`` name entries, but the object itself."""
    single = [each for term in terms for each in (term if isinstance(term, list) else [term])]
    named = [each[1:].split(".") for each in single if isinstance(each, str) and each.startswith("$")]
    return tuple(dict.fromkeys(name for name, *path in named if path and name != "self"))


def _conditions(table: Mapping[str, Any]) -> tuple[tuple[Term, tuple[Constant, ...]], ...]:
    found = []
    for word, value in table.items():
        allowed = value if isinstance(value, list) else [value]
        found.append((f"${word}", tuple(None if each == "absent" else each for each in allowed)))
    return tuple(found)


def _check_parameters(rule: Rule) -> None:
    names = {each.lstrip("*") for each in rule.parameters} | {"self"}
    terms = [
        *rule.facts.values(),
        *rule.keeps.values(),
        *rule.sets.values(),
        rule.returns,
        rule.size,
        rule.of,
        rule.fills,
        rule.into,
    ]
    terms += [condition[0] for condition in (*rule.when, *rule.not_when, *rule.typed, *rule.inventory)]
    for term in terms:
        for each in term if isinstance(term, tuple) else (term,):
            if isinstance(each, str) and each.startswith("$") and each[1:].partition(".")[0] not in names:
                raise KnowledgeError(f"{each} is no parameter: {', '.join(sorted(names))}")
