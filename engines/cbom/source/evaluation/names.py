"""Name resolution: in the scope, in other files, and in libraries."""

from __future__ import annotations

from abc import abstractmethod
from typing import Protocol

from engines.cbom.source import program
from engines.cbom.source.evaluation.functions.module_names import package_path
from engines.cbom.source.evaluation.lifetimes.inheritance import inherited_member, is_kind_of
from engines.cbom.source.evaluation.lifetimes.scopes import Scope, Source
from engines.cbom.source.knowledge.model import Knowledge
from engines.cbom.source.values import (
    NOTHING,
    UNKNOWN,
    Class,
    Closure,
    File,
    Instance,
    Ref,
    Super,
    Value,
    Values,
    known,
    union,
)

OWN = frozenset({"crate", "self", "super"})
"""The beginnings of paths of the program itself (Rust)."""

EXPORTS = "exports."
"""The beginning of names that CommonJS exports: a file's own may be the same."""

_MAX_EXPORTS = 256
_SUPER = "super"
_PASSING_ON = frozenset({"python", "javascript", "typescript", "tsx", "vue"})
"""Languages in which a file passes on what it imports with everything of a module: ``export * from``."""

SCRIPTS = frozenset({"javascript", "typescript", "tsx", "vue"})
"""JavaScript's languages: imports may have versions and servers in them, and ``object[name]`` is a member."""

_GLOBAL_OBJECTS = frozenset({"window", "self", "globalThis", "global"})
"""Objects that have what any file sees without an import (JavaScript)."""

_STANDARD = frozenset({"std", "core", "alloc"})

_HEADERS = (".h", ".hh", ".hpp", ".hxx")

NAMESPACES = frozenset({Ref, Class, File, Closure, Super})
"""The kinds of values that are, or may be, types and modules."""

MAX_REEXPORTS = 6
"""The most modules, each of which has all members of the next, through which a name is followed."""


class Files(Protocol):
    """The other files of the program."""

    types_only: bool
    """Whether only the types of values are asked for."""

    def find(self, source: Source, module: str, member: str) -> Values:
        """What a module's member (the module itself if "") is to the file ``source``; NOTHING if it isn't ours."""

    def load_heirs(self, source: Source, name: str) -> None:
        """Read the files beside ``source`` that have classes below its class ``name``."""

    def lend_steps(self, source: Source) -> int:
        """The steps that ``source`` lends to the file that is run, for functions of its own; 0 the next time."""

    def included(self, source: Source, name: str) -> Values:
        """What ``name`` is by the headers that ``source`` includes; else NOTHING."""

    def crate(self, source: Source, name: str) -> str:
        """The name of the package that ``source`` knows as the crate ``name``, with underscores."""

    def named(self, source: Source, name: str) -> Values:
        """What a name that a file neither defines nor imports is: something of its package; else NOTHING."""

    def setting(self, name: str, *, relaxed: bool = False) -> Values:
        """What the property files of the program say of ``name``, ``relaxed`` in any of Spring's spellings of it."""

    def setting_file(self, source: Source, name: str) -> Values:
        """The value of a file of settings that the program reads as ``name``; else NOTHING."""

    def environment(self, source: Source) -> dict[str, Values]:
        """Variables of the environment that files of the program set."""


class Names:
    """The part of the evaluator for names. ``scope`` is the innermost scope at this point of the program."""

    def __init__(self, knowledge: Knowledge, files: Files, *, implicit_self: bool, open_names: bool) -> None:
        self.knowledge = knowledge
        self.option_names = frozenset(name.rpartition(".")[2] for name in knowledge.options if "." in name)
        """The last names of constants that knowledge has among its options."""

        self.files = files
        self.implicit_self = implicit_self
        """Whether methods see the members of their class as plain names (Java, C++)."""

        self.open_names = open_names
        """Whether a name that isn't defined may be a library's without an import (C, Rust's crates)."""

        self.methods_apart = implicit_self and not open_names
        """Whether a method and a field may have one name (Java)."""

        self.scope = Scope(Source("", ""))
        self._reexports = 0

    @abstractmethod
    def _instance_member(self, value: Instance, name: str) -> Values:
        """The member ``name`` of an object of the program."""

    @abstractmethod
    def construct(self, of: Class) -> Instance:
        """An object of a class of the program whose constructor's arguments aren't known."""

    @abstractmethod
    def superclass(self) -> Values:
        """What the object of the running method has from the classes above."""

    def lookup(self, name: str) -> Values:
        """The values of a name at this point."""
        scope: Scope | None = self.scope
        in_class = False
        while scope is not None and name not in scope.names:
            in_class = in_class or scope.of is not None
            scope = scope.parent
        if in_class and self.implicit_self and (scope is None or scope.is_class or scope.parent is None):
            inherited = self.inherited(name, scope)
            if inherited:
                return inherited
        if scope is not None:
            values = scope.names[name]
            if len(values) != 1 or type(values[0]) is Ref:
                values = self.loaded(scope.source, scope.names, name)
            if not scope.is_class:
                return values
            receiver = self.receiver_in(scope)
            return values if receiver is None else self._instance_member(receiver, name)
        if name == _SUPER and (self.implicit_self or not self.open_names):
            return self.superclass()
        return self._outside(name)

    def lookup_global(self, name: str) -> Values:
        """The values of a name that no class or function gives it."""
        scope = self.scope
        while scope.parent is not None:
            scope = scope.parent
        return self.loaded(scope.source, scope.names, name) if name in scope.names else self._outside(name)

    def _outside(self, name: str) -> Values:
        """What a name is that the file doesn't define."""
        source = self.scope.source
        key = name, len(source.wildcards)
        found = source.outside.get(key)
        if found is None:
            found = self.files.named(source, name) or self._library_name(name)
            if not self.files.types_only:
                source.outside[key] = found
        return found

    def may_be_namespace(self, value: Value) -> bool:
        """Whether a value that is written before ``::`` may be a namespace of the program (C++)."""
        return type(value) is Ref and value.path.islower() and value.path not in self.knowledge.prefixes

    def of_namespace(self, name: str) -> Values:
        """What other files have called ``name`` in a namespace (C++); NOTHING if none has."""
        return self.files.included(self.scope.source, name)

    def module_named(self, name: str) -> Values:
        """The module ``name`` at this point, which variables don't hide (Rust); NOTHING if it is a type's name."""
        scope = self.scope.find(name) if name.islower() else None
        if scope is None or not scope.is_function:
            return NOTHING
        while scope is not None:
            values = self.loaded(scope.source, scope.names, name)
            if any(type(value) in NAMESPACES for value in values):
                return values
            scope = None if scope.parent is None else scope.parent.find(name)
        return self._library_name(name)

    def is_function(self, value: Value) -> bool:
        """Whether a value is a function of the program or of a library."""
        return type(value) is Closure or (type(value) is Ref and value.path in self.knowledge.calls)

    def loaded(self, source: Source, names: dict[str, Values], name: str) -> Values:
        """The values of ``name`` among ``names`` of the file ``source``; imports are looked up now.

        There are several where one stands in for another: ``try: import ssl``, ``except ImportError: ssl = None``.
        """
        values = names[name]
        for value in values:
            if type(value) is Ref and value.path[:1] == "\0":
                return self._load_imports(source, names, name)
        return values

    def _load_imports(self, source: Source, names: dict[str, Values], name: str) -> Values:
        values = union(
            self._imported(source, value.path) if type(value) is Ref and value.path[:1] == "\0" else (value,)
            for value in names[name]
        )
        if not self.files.types_only:
            names[name] = values
        return values

    def receiver_in(self, scope: Scope) -> Instance | None:
        """The object whose members the names of ``scope`` are, in a method that sees them as plain names.

        A class within another one sees the members of both.
        """
        if not scope.is_class or not self.implicit_self or scope.of is None:
            return None
        inner = self.scope.find("this")
        is_static = inner is None
        while inner is not None:
            for value in inner.names["this"]:
                if type(value) is Instance and is_kind_of(value.of, scope.of):
                    return value
            inner = None if inner.parent is None else inner.parent.find("this")
        return None if is_static or scope.of.node.namespace else self.construct(scope.of)

    def inherited(self, name: str, found: Scope | None) -> Values:
        """What ``name`` is by the classes above those around this point, up to the scope in which it was found."""
        scope: Scope | None = self.scope
        while scope is not None and scope is not found:
            above = NOTHING if scope.of is None else inherited_member(scope.of, name)
            if above:
                receiver = self.receiver_in(scope)
                return above if receiver is None else self._instance_member(receiver, name)
            scope = scope.parent
        return NOTHING

    def _library_name(self, name: str) -> Values:
        found = self._of_wildcards(self.scope.source, name)
        if found and not (self.open_names and name in self.knowledge.prefixes and self._is_elsewhere(found)):
            return found
        if self.open_names or (name in self.knowledge.globals and not self._may_be_imported(name)):
            rust = self.scope.source.language == "rust"
            return self._resolved(self.normal(self.files.crate(self.scope.source, name) if rust else name))
        return UNKNOWN

    def _is_elsewhere(self, values: Values) -> bool:
        """Whether values are of other packages or unknown: these are called like libraries, but seldom seen (Rust)."""
        own = self.scope.source.path.rpartition("/src/")[0]
        return all(
            each.scope.source.path.rpartition("/src/")[0] != own
            if type(each) is File
            else type(each) is Ref and each.path not in self.knowledge.prefixes
            for each in values
        )

    def _may_be_imported(self, name: str) -> bool:
        """Whether a package of which nothing is known, all of whose classes are imported, may have a class ``name``."""
        prefixes = self.knowledge.prefixes
        return name[:1].isupper() and any(module not in prefixes for module in self.scope.source.wildcards)

    def normal(self, path: str) -> str:
        """A library's name by which the knowledge has it, for one of its other names."""
        if path.partition(".")[0] not in self.knowledge.alias_roots:
            return path
        parts = path.split(".")
        for length in range(len(parts), 0, -1):
            name = ".".join(parts[:length])
            other = self.knowledge.aliases.get(name)
            if other is not None:
                if name in self.knowledge.own_libraries:
                    self.scope.source.called[other] = self.knowledge.own_libraries[name]
                return ".".join([other, *parts[length:]])
        if parts[0] in _GLOBAL_OBJECTS and parts[1:2] and parts[1] in self.knowledge.globals - _GLOBAL_OBJECTS:
            return self.normal(".".join(parts[1:]))
        return path

    def import_name(self, node: program.Import) -> bool:
        """Bind an imported name; control doesn't leave."""
        if node.local == "*":
            self.scope.source.wildcards.append(node.module)
        else:
            self.scope.set(node.local, self.lazy_import(node))
        return False

    def lazy_import(self, node: program.Import) -> Values:
        """What stands for an imported name until it is looked up: files are read when they are needed."""
        return (Ref(f"\0{node.module}\0{node.member}"),)

    def imports_library(self, values: Values) -> bool:
        """Whether ``values``, which ``lazy_import`` gave, stand for a name that knowledge has."""
        paths = [value.path.split("\0") for value in values if type(value) is Ref and value.path.startswith("\0")]
        return any(self.normal(f"{module}.{member}") in self.knowledge.prefixes for _, module, member in paths)

    def _imported(self, source: Source, path: str) -> Values:
        _, module, member = path.split("\0")
        ours = self.files.find(source, module, member)
        if ours:
            return ours
        if source.language in SCRIPTS:
            module = package_path(module)
        full = self.normal(f"{module}.{member}" if member not in ("", "default") else module)
        return self._resolved(self._passed_on(source, full) if self.open_names else full)

    def _passed_on(self, source: Source, path: str) -> str:
        """A library's own name for one that a manifest gives to it, or that another crate passes on: ``k256::sha2``."""
        first, dot, rest = path.partition(".")
        crate = self.files.crate(source, first)
        if first in OWN or (crate == first and path in self.knowledge.prefixes):
            return path
        called = self.normal(f"{crate}{dot}{rest}")
        parts = called.split(".")
        tails = (
            self.normal(".".join(parts[start:])) for start in range(len(parts) - 1) if parts[start] not in _STANDARD
        )
        found = next((tail for tail in tails if tail in self.knowledge.prefixes), None)
        return found or (self.knowledge.passed_on.get(parts[-1]) if dot else None) or path

    def _resolved(self, path: str) -> Values:
        constant = self.knowledge.constants
        return known(constant[path]) if path in constant else (Ref(path),)

    def in_scope(self, scope: Scope, name: str) -> Values:
        """The values of a name in another scope."""
        before, self.scope = self.scope, scope
        try:
            return self.lookup(name)
        finally:
            self.scope = before

    def exports_of(self, scope: Scope) -> dict[program.Constant, Values]:
        """What a file of JavaScript exports by name, for ``{...require("./file")}``."""
        exported = [name for name in scope.names if name.startswith(EXPORTS)] or [*scope.names]
        return {name.removeprefix(EXPORTS): self.in_scope(scope, name) for name in exported[:_MAX_EXPORTS]}

    def reexported(self, scope: Scope, name: str) -> Values:
        """A name that other files have from a file that imports all members of a module; NOTHING if there is none."""
        passes_on = self.open_names or scope.source.language in _PASSING_ON
        return self._of_wildcards(scope.source, name) if passes_on else NOTHING

    def _of_wildcards(self, source: Source, name: str) -> Values:
        """A member of one of the modules of which ``source`` imports everything; NOTHING if there is none.

        Modules of the program go first where a library's may be meant without being declared (Rust's crates).
        """
        if self._reexports >= MAX_REEXPORTS:
            return NOTHING
        self._reexports += 1
        try:
            return self._of_modules(source, name)
        finally:
            self._reexports -= 1

    def _of_modules(self, source: Source, name: str) -> Values:
        included = False
        for module in source.wildcards:
            if module.endswith(_HEADERS):  # A file's name, which no library has.
                ours = NOTHING if included else self.files.included(source, name)
                included = True
                if ours:
                    return ours
                continue
            path = self.normal(f"{module}.{name}")
            ours = (
                self.files.find(source, module, name)
                if self.open_names or path not in self.knowledge.prefixes
                else NOTHING
            )
            if ours and ours is not UNKNOWN and not all(_is_unread(value) for value in ours):
                return ours
            if not ours and path in self.knowledge.prefixes:
                return self._resolved(path)
        return NOTHING


def _is_unread(value: Value) -> bool:
    """Whether a value only tells that something of the program might be there, in a file that wasn't read (Rust)."""
    return type(value) is Ref and value.path.partition(".")[0] in OWN
