"""The files of a program: parsed, lowered and evaluated on demand, with the imports between them."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engines.cbom.source import program
from engines.cbom.source.evaluation.evaluator import Evaluator
from engines.cbom.source.evaluation.evidence.switches import may_switch
from engines.cbom.source.evaluation.expressions import Exhausted
from engines.cbom.source.evaluation.functions.c_family.building_blocks import parts_in
from engines.cbom.source.evaluation.functions.c_family.c import OF_C
from engines.cbom.source.evaluation.lifetimes.contexts import ORDERS, TURNS
from engines.cbom.source.evaluation.lifetimes.scopes import Scope, Source
from engines.cbom.source.evaluation.lifetimes.steps import Steps
from engines.cbom.source.evaluation.names import EXPORTS
from engines.cbom.source.evaluation.sightings import Witness
from engines.cbom.source.files.manifests import Manifests
from engines.cbom.source.files.reading import Reads
from engines.cbom.source.files.relevance import sift
from engines.cbom.source.files.script_packages import ScriptPackages
from engines.cbom.source.frontends.base import Lowering
from engines.cbom.source.included_files import Included
from engines.cbom.source.knowledge.loading import KnowledgeError, knowledge_of
from engines.cbom.source.languages import Language, MissingGrammar, dialect_of, language_of, parsed
from engines.cbom.source.locating import Found, Tree
from engines.cbom.source.own_tests import Apart, is_built_for_tests, is_test
from engines.cbom.source.settings.json_files import SUFFIX as JSON_SUFFIX
from engines.cbom.source.settings.json_files import read_json
from engines.cbom.source.settings.program_settings import ProgramSettings
from engines.cbom.source.values import NOTHING, UNKNOWN, File, Values

MAX_LOADED = 2400
"""The most files that are kept; then all are dropped, and read again where they are needed."""

_MAKERS = (".go", ".module.ts")
"""How the names of files end whose functions are run in turns: NestJS's modules provide what others get."""

MAX_COLD = 2
"""The most files without a library, one needed by the next, that are read for a constant."""

_ABOVE = re.compile(rb"\b(?:implements|extends)\b([^{};]{0,300})")
"""What a class says of those above it."""

_LEAKS = (b"pwned", b"Pwned", b"PWNED")
"""How code names Have I Been Pwned, whose interface takes the beginning of a password's SHA-1."""

_CHALLENGES = (b"hallenge", b"CHALLENGE", b"realm", b"REALM", b"scramble", b"MSCHAP", b"NTLM")
"""Words of protocols that ask for a hash of a password: CHAP, and the digest authentication of HTTP and SIP."""

_WORD = re.compile(rb"\w+")

MAX_BESIDE = 64
"""The most files beside one that are looked at for classes below its own."""

Read = Callable[[str], bytes | None]
"""The content of a file by its path; None if it can't be had."""


@dataclass(slots=True)
class Loaded:
    """A file that has been read."""

    scope: Scope
    steps: Steps
    lowering: Lowering
    broken: bool = False
    exhausted: bool = False
    complete: bool = False
    """Whether its own statements have run, so that it gets no other names."""

    @property
    def truncated(self) -> bool:
        """Whether not all of it was followed: parts nested too deeply, or too many steps."""
        return self.exhausted or self.lowering.truncated


@dataclass(slots=True)
class ProgramFiles:
    """The files of one program, for the evaluators of its languages. ``witness`` gets all sightings."""

    tree: Tree
    read: Read
    witness: Witness
    failures: dict[str, str] = field(default_factory=dict)
    """Files that the scanner itself failed on, by path, each with the kind of its error."""

    hot: dict[str, bool] = field(default_factory=dict)
    """Whether files have a text that tells of a library, as far as that is known."""

    reads: Reads = field(default_factory=Reads)

    _loaded: dict[str, Loaded | None] = field(default_factory=dict)
    _evaluators: dict[str, Evaluator] = field(default_factory=dict)
    _seen: dict[tuple[str, str, str, bool], Values] = field(default_factory=dict)
    _apart: Apart = field(init=False)
    _included: Included = field(init=False)
    _manifests: Manifests = field(init=False)
    _packages: ScriptPackages = field(init=False)
    types_only: bool = False
    """Whether only the types of values are asked for: those of files that use no library tell nothing."""

    _too_large: set[str] = field(default_factory=set)
    """Files that have taken all memory: they aren't read again."""

    _full: bool = False
    """Whether memory has run out since files were dropped."""

    _cold: int = 0
    """How many of the files that are just being loaded use no library."""

    _settings: ProgramSettings = field(init=False)
    _heirs_of: set[str] = field(default_factory=set)
    """Classes whose heirs were looked for."""

    provided: dict[str, Values] = field(default_factory=dict)
    """What modules of NestJS give to classes."""

    def __post_init__(self) -> None:
        self._apart = Apart(self.witness)
        self._included = Included(self.tree, self.read, self._global, self._lacks)
        self._manifests = Manifests(self.tree, self.read)
        self._packages = ScriptPackages(self.tree, self.read)
        self._settings = ProgramSettings(self.tree, self.read)

    @property
    def loaded(self) -> int:
        """The number of files that are kept."""
        return len(self._loaded)

    def report_to(self, witness: Witness) -> None:
        """Give all sightings from now on to ``witness``, which knows of earlier assurances too."""
        witness.assured = self._apart.assured
        self.witness = self._apart.witness = witness

    def prepare(self, paths: Sequence[str]) -> None:
        """Run what makes objects for other files, before what gets them is run. Raises ``MissingGrammar``.

        In Go, a function of any file of a package may make an object whose methods stand in another.
        """
        makers = [path for path in paths if path.endswith(_MAKERS) and not is_test(path)]
        for orders in TURNS if makers and len(paths) > 1 else ():
            for path in makers:
                self._run_functions(path, orders)

    def scan(self, path: str) -> Loaded | None:
        """Run all of a file; None if it isn't there. Raises ``MissingGrammar``."""
        return self._run_functions(path, range(ORDERS))

    def _run_functions(self, path: str, orders: range) -> Loaded | None:
        if len(self._loaded) > MAX_LOADED or self._full:
            self._forget()
        self._apart.path = path
        loaded, language = self._load(path), language_of(path)
        if loaded is None or language is None:
            return None
        evaluator = self._evaluator(language)
        steps = loaded.steps.allowed - loaded.steps.taken
        try:
            evaluator.run_functions(loaded.scope, steps, orders)
            loaded.steps.taken += max(0, steps - evaluator.steps)
        except Exhausted:
            loaded.exhausted = True
        except Exception as error:  # noqa: BLE001 - A fault of ours in one file doesn't end the scan of the others.
            self._fail(path, error)
        return loaded

    def _fail(self, path: str, error: Exception) -> None:
        self.failures[path] = type(error).__name__
        if isinstance(error, MemoryError):
            self._full = True
            self._too_large.add(path)

    def _forget(self) -> None:
        """Drop all files that were read."""
        self._loaded = dict.fromkeys(self._too_large)
        self._evaluators.clear()
        self._seen.clear()
        self._heirs_of.clear()
        self._included = Included(self.tree, self.read, self._global, self._lacks)
        if self._full:
            self._full = False
            gc.collect()

    def _evaluator(self, language: Language) -> Evaluator:
        found = self._evaluators.get(language.family)
        if found is None:
            found = self._evaluators[language.family] = Evaluator(
                knowledge_of(language.family),
                self,
                self._apart,
                implicit_self=language.implicit_self,
                open_names=language.open_names,
            )
        return found

    def _load(self, path: str) -> Loaded | None:
        """A file with its own statements run; None if it isn't there, or not worth it from here."""
        if path in self._loaded:
            return self._loaded[path]
        language = language_of(path) if path in self.tree.paths else None
        if language is None:
            return None
        cold = not self._mentions(path)
        if cold and (self.types_only or self._cold >= MAX_COLD):
            return None
        before = self._cold, self.types_only
        self._cold, self.types_only = self._cold + cold, False
        try:
            return self._read(path, language)
        finally:
            self._cold, self.types_only = before

    def _mentions(self, path: str) -> bool:
        """Whether a file has a text that tells of a library."""
        if path not in self.hot:
            content = self.read(path) or b""
            self.hot[path] = sift(path, content).names_library
        return self.hot[path]

    def _read(self, path: str, language: Language) -> Loaded | None:
        content = self.read(path) if self.reads.allow(path, own=path == self._apart.path) else None
        if content is None:
            self._loaded[path] = None
            return None
        self.reads.note(path, len(content))
        language = dialect_of(language, path, content)
        try:
            content, root = parsed(language, content)
            lowering = language.lowering(content)
            module = lowering.module(root)
        except MissingGrammar:
            raise
        except Exception as error:  # noqa: BLE001 - As above.
            self._fail(path, error)
            self._loaded[path] = None
            return None
        asks = language.asks_types is not None and language.asks_types.search(content) is not None
        test = module.test or is_built_for_tests(path, self.tree.paths)
        source = Source(path, language.name, module.package, asks, reassigned=module.reassigned, test=test)
        source.asks_of_leaks = any(name in content for name in _LEAKS)
        if language.name in OF_C:
            source.answers_challenges = any(word in content for word in _CHALLENGES)
            source.parts = parts_in(content)
        source.has_switches = may_switch(content)
        loaded = self._loaded[path] = Loaded(Scope(source), Steps(len(content)), lowering, module.broken)
        self._run(loaded, language, module)
        return loaded

    def _run(self, loaded: Loaded, language: Language, module: program.Module) -> None:
        evaluator = self._evaluator(language)
        try:
            evaluator.load(module, loaded.scope, loaded.steps.allowed)
        except Exhausted:
            loaded.exhausted = True
        except (MissingGrammar, KnowledgeError):
            raise
        except Exception as error:  # noqa: BLE001 - As above.
            self._fail(loaded.scope.source.path, error)
        loaded.complete = True

    # What files are to each other

    def find(self, source: Source, module: str, member: str) -> Values:
        """What ``member`` of ``module`` is to the file ``source``; NOTHING if it isn't of this program."""
        key = (source.path, module, member, self.types_only)
        if key in self._seen:
            return self._seen[key]
        self._seen[key] = NOTHING
        self._seen[key] = self._found(source, module, member)
        return self._seen[key]

    def load_heirs(self, source: Source, name: str) -> None:
        """Read the files beside ``source``, and in a folder below, that have classes below its class ``name``."""
        key = f"{source.path}\0{name}"
        if key in self._heirs_of:
            return
        self._heirs_of.add(key)
        folder = source.path.rpartition("/")[0]
        paths = [*self.tree.by_folder.get(folder, ()), *self.tree.by_folder.get(f"{folder}/impl".lstrip("/"), ())]
        for path in paths[:MAX_BESIDE]:
            if path != source.path and language_of(path) is not None:
                listed = _ABOVE.findall(self.read(path) or b"")
                if any(name.encode() in _WORD.findall(each) for each in listed):
                    self._load(path)

    def lend_steps(self, source: Source) -> int:
        """The steps that a file lends to the one that is run."""
        loaded = self._loaded.get(source.path)
        return 0 if loaded is None else loaded.steps.lend()

    def crate(self, source: Source, name: str) -> str:
        """The name of the package that ``source`` knows as the crate ``name``, with underscores."""
        return self._manifests.package(source.path, name)

    def included(self, source: Source, name: str) -> Values:
        """What ``name`` is by the headers that ``source`` includes; NOTHING if none has it."""
        return self._included.find(source.path, name)

    def _global(self, path: str, name: str) -> Values:
        """What a name is in a file of C; NOTHING if the file hasn't it."""
        loaded, language = self._load(path), language_of(path)
        if loaded is None or language is None or name not in loaded.scope.names:
            return NOTHING
        return self._evaluator(language).in_scope(loaded.scope, name)

    def _lacks(self, path: str, name: str) -> bool:
        loaded = self._loaded.get(path)
        return loaded is not None and loaded.complete and name not in loaded.scope.names

    def _found(self, source: Source, module: str, member: str) -> Values:
        language = language_of(source.path)
        if language is None:
            return NOTHING
        ours = False
        for path, name in self._located(language, source.path, module, member):
            if path.endswith(JSON_SUFFIX):
                return self._of_json(language, path, name)
            if self._is_hidden(language, source, module, path):
                continue
            loaded = self._load(path)
            if loaded is None:
                continue
            ours = True
            if not name or (name == "default" and name not in loaded.scope.names):
                return (File(loaded.scope),)
            first, *inner = name.split(".")
            evaluator = self._evaluator(language)
            first = exported if (exported := f"{EXPORTS}{first}") in loaded.scope.names else first
            named = first in loaded.scope.names
            values = evaluator.in_scope(loaded.scope, first) if named else evaluator.reexported(loaded.scope, first)
            if values:
                for member in inner:
                    values = evaluator.members(values, member)
                return values
        return UNKNOWN if ours else NOTHING

    def _is_hidden(self, language: Language, source: Source, module: str, path: str) -> bool:
        """Whether a file isn't meant: one beside ``source``, as ``import jwt`` there is the library (PEP 328), or Go's
        ``internal/age``, which only has the last name of ``filippo.io/age``."""
        folder = source.path.rpartition("/")[0]
        if language.family == "go":
            return self._is_library(language, module) and not path.rpartition("/")[0].endswith(module)
        first = module.partition(".")[0]
        return (
            language.family == "python"
            and first in knowledge_of(language.family).prefixes
            and path in (f"{folder}/{first}.py", f"{folder}/{first}/__init__.py")
            and f"{folder}/__init__.py" in self.tree.paths
        )

    def _located(self, language: Language, path: str, module: str, member: str) -> Found:
        """The files that an import may mean. Packages of the program don't stand in for libraries."""
        yield from language.locate(self.tree, path, module, member)
        if language.family == "javascript" and module[:1] not in (".", "/") and not self._is_library(language, module):
            for other in self._packages.modules(path, module):
                yield from language.locate(self.tree, path, other, member)

    def _is_library(self, language: Language, module: str) -> bool:
        knowledge = knowledge_of(language.family)
        return module in knowledge.prefixes or module in knowledge.aliases

    def _of_json(self, language: Language, path: str, name: str) -> Values:
        values = read_json(self.read(path) or b"") or UNKNOWN
        return values if name in ("", "default") else self._evaluator(language).members(values, name)

    def named(self, source: Source, name: str) -> Values:
        """What a name is that a file neither defines nor imports, if a file beside it does."""
        language = language_of(source.path)
        if language is None:
            return NOTHING
        for path in language.visible(self.tree, source.path, name):
            loaded = self._load(path) if path != source.path else None
            if loaded is not None and name in loaded.scope.names:
                return self._evaluator(language).in_scope(loaded.scope, name)
        return NOTHING

    def setting(self, name: str, *, relaxed: bool = False) -> Values:
        """As ``ProgramSettings.value``."""
        return self._settings.value(name, relaxed=relaxed)

    def setting_file(self, source: Source, name: str) -> Values:
        """As ``ProgramSettings.file``."""
        return self._settings.file(source.path, name)

    def environment(self, source: Source) -> dict[str, Values]:
        """As ``ProgramSettings.environment``."""
        return self._settings.environment(source.path)
