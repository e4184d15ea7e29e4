"""Knowledge of libraries as records: what a file in ``data`` says, checked and ready to be looked up.

A term (``Term``) is how a file names a value at a call:

- ``$NAME``: the argument of the parameter ``NAME``; ``$self`` is the object whose method is called;
- ``$NAME.FACT``: a fact of that object, or an entry of that options object;
- ``$NAME.high``: the upper half of 32 bits of flags;
- ``$NAME.scheme``: the scheme of a setting of crypt(3), by its prefix;
- ``$1``, ``$2``: what the first, the second ``{a,b}`` in the call's name stood for, also within a text (``aes_$1``);
- anything else: itself;
- a list: the first of its terms that is there; ``?TEXT`` as its last one is ``TEXT`` also where something is given of
  which nothing is known, ``?`` alone a value that isn't known.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from engines.cbom.source.program import Constant

Term: TypeAlias = Constant | tuple["Term", ...]


@dataclass(slots=True, eq=False)
class Rule:
    """Rule for one call, or for one assignment to an attribute, whose parameter is ``value``. It is never changed;
    there are thousands, of which a frozen one takes three times as long to make."""

    name: str
    """The full name, with dots, ``{a,b}`` replaced: ``Crypto.Cipher.AES.new``."""

    library: Library
    groups: tuple[str, ...] = ()
    """What ``{a,b}`` in the name stood for."""

    parameters: tuple[str, ...] = ()
    """The names of positional parameters, which keywords go by too. ``*rest`` takes the rest; behind ``*``, names are
    those of keywords."""

    arity: frozenset[int] = frozenset()
    """The numbers of arguments that the rule is for; empty for any."""

    when: tuple[tuple[Term, tuple[Constant, ...]], ...] = ()
    """Terms and the constants that each must have: also names of functions and types; None for what isn't given.

    ``null`` is the language's own None.
    """

    not_when: tuple[tuple[Term, tuple[Constant, ...]], ...] = ()
    """As ``when``: where one holds, the rule isn't for the call."""

    typed: tuple[tuple[Term, str], ...] = ()
    """Terms and the type of which one of each's values must be; ``text`` is that of constant texts,
    ``constant`` that of all constants."""

    primitive: str = ""
    """The kind of the use that the call is; "" if it is none, ``algorithm`` for the kind of its algorithm."""

    unnamed: str = ""
    """The kind of the use, if that is of its algorithm, where a caller chooses the algorithm."""

    facts: dict[str, Term] = field(default_factory=dict)
    """``algorithm``, ``mode``, ``key``, ``iterations`` ...: the words of ``FACTS``."""

    dotted: tuple[str, ...] = ()
    """The parameters of which terms name entries: each object that may be given there is looked at by itself."""

    keeps: dict[str, Term] = field(default_factory=dict)
    """Facts that the object remembers, but that aren't judged at this call."""

    findings: tuple[str, ...] = ()
    """What is wrong with the call whatever its arguments."""

    dropped: tuple[str, ...] = ()
    """What is wrong with a call whose result is dropped: a verification that nothing asks."""

    result: str = ""
    """The type of the object that the call makes, in which ``$1`` may stand; it keeps the facts."""

    returns: Term = None
    """The value that the call returns, if it is one of its arguments."""

    decode: str = ""
    """What happens to it: ``hex``, ``base64``, ``text``, ``lower``, ``upper``."""

    origin: str = ""
    """The origin of the data that the call returns or fills."""

    of: Term = None
    """What they follow from: where that is constant, so are they."""

    size: Term = None
    """Their length in bytes."""

    fills: Term = None
    """The argument that gets these data."""

    into: Term = None
    """The argument that becomes the result: C's contexts."""

    sets: dict[str, Term] = field(default_factory=dict)
    """Facts that the call changes of its object."""

    assures: str = ""
    """What the call assures for the function that it is in: ``verification``. A MAC assures ``mac`` by itself."""

    unless: str = ""
    """The assurance beside which there is nothing to object to."""

    naming: bool = False
    """Whether the call only gives an algorithm, which isn't used if its variable is overwritten on every path."""

    asks: bool = False
    """Whether the call only asks for a size or a name of the algorithm that it gets."""

    sound_keyed: bool = False
    """Whether there is nothing to object to where the result is an argument of a MAC or a KDF: HMAC with SHA-1."""

    seeds: bool = False
    """Whether the call seeds what it makes, its object, or else the library's own generator, by the fact ``seed``.

    A constant seed is reported once numbers of that generator turn out to be a secret.
    """

    unless_within: tuple[str, ...] = ()
    """Methods: within a type of the program that has one of them there is nothing to object to, nor where the first
    two arguments are one variable."""

    answering: bool = False
    """Whether the rule is only for code that answers requests, by the parameters of a function that runs: in a browser
    an application may read its own token unchecked."""

    reads: tuple[str, ...] = ()
    """Names of members: the rule is for code of a function that reads the first of them, and none of the others."""

    unless_field: tuple[str, ...] = ()
    """Names of fields, one of which is the first argument where the rule isn't for the call, unless a client sent it:
    an ID token comes straight from its issuer, which TLS has authenticated (OpenID Connect Core 1.0, 3.1.3.7)."""

    unless_of: tuple[str, ...] = ()
    """Words, one of which the name of the object has whose method is called where the rule isn't for the call: what
    stands in a ``trustStore`` is public, and so is its password."""

    general: bool = False
    """Whether the use is left out where another one in its line is of a version or variant: TLS beside TLS 1.3."""

    choice: bool = False
    """Whether three algorithms or more that may be given are the user's choice, and nothing to object to."""

    unless_taken: bool = False
    """Whether the call is reported only if no other one of a library takes its result: then that one tells more."""

    unless_decrypts: bool = False
    """Whether there is nothing to object to if the calls that take the result only decrypt with it."""

    inventory: tuple[tuple[Term, tuple[Constant, ...]], ...] = ()
    """As ``when``: where it holds, the use is nothing to object to, such as a checksum's."""

    @property
    def only_makes(self) -> bool:
        """Whether the call does no more than make an object or give an algorithm: it gets no key and nothing secret."""
        return self.naming or (bool(self.result) and _GIVEN.isdisjoint(self.facts))


_GIVEN = frozenset({"key", "password"})


@dataclass(frozen=True, slots=True)
class Override:
    """A library's method that classes of a program override, and what is wrong with one that checks nothing."""

    method: str
    body: str
    """What is wrong: ``empty``, ``formal`` where certificates aren't looked at but for their dates, ``true`` where that
    is always the result, ``asserts`` where all is called verified, ``proceeds`` where an error is let pass."""

    rule: Rule

    beside: str = ""
    """The method that tells more, if the class has it. Where it checks, all is well."""


@dataclass(frozen=True, slots=True)
class Library:
    """A library: one file, or where it has a table ``libraries``, the names in it that have one beginning."""

    name: str
    language: str
    replacements: dict[str, str] = field(default_factory=dict)
    """What to write instead in this library's terms, by finding."""


FACTS = frozenset(
    {
        "algorithm", "mode", "padding", "key_bits", "key_bytes", "curve", "hash", "iterations", "cost",
        "key", "iv", "salt", "seed", "protocol", "verify", "verify_host", "verify_signature", "password", "tag_bits",
        "direction", "operation", "callback", "error_callback", "suites",
    }
)  # fmt: skip
"""The facts that the judge knows, by the names that files write. Others may be kept by objects for later terms.

``algorithm`` may be a composite name (``AES/CBC/PKCS5Padding``, ``aes-128-ecb``, ``RS256``), from which the other facts
follow. ``key_bits`` and ``key_bytes`` are sizes; ``key``, ``iv``, ``salt`` and ``seed`` are data; ``verify*`` are
switches, false for off. ``callback`` is a function that verifies, weak where it accepts everything;
``error_callback`` is one whose result is the number of an error, 0 where it accepts. ``suites`` is a
list of TLS cipher suites as one text, in OpenSSL's or GnuTLS's form.
"""


@dataclass(slots=True)
class Knowledge:
    """Rules and names of one language's libraries."""

    calls: dict[str, list[Rule]] = field(default_factory=dict)
    attributes: dict[str, list[Rule]] = field(default_factory=dict)
    options: dict[str, list[Rule]] = field(default_factory=dict)
    """Rules for keys of object literals that mean one thing wherever they stand; their parameter is ``value``."""

    settings: dict[str, list[Rule]] = field(default_factory=dict)
    """Rules for names that frameworks read from a program's module or class of settings; as ``options``. With
    ``.settings`` behind it, a name is that of a module so called, with ``.anywhere`` of any module or class."""

    overrides: dict[str, list[Override]] = field(default_factory=dict)
    """By the type whose methods are overridden."""

    constants: dict[str, Constant] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    """Other beginnings of names: ``Cryptodome`` is ``Crypto``."""

    own_libraries: dict[str, str] = field(default_factory=dict)
    """By aliases, the libraries of those that are copies or forks with a name of their own: ``bcryptjs``."""

    alias_roots: set[str] = field(default_factory=set)
    """The first parts of those names."""

    bases: dict[str, str] = field(default_factory=dict)
    """Types with the type whose methods they have too."""

    parts: set[str] = field(default_factory=set)
    """Members of types that are as good as the whole: ``crypto.KeyPair.privateKey``."""

    passed_on: dict[str, str] = field(default_factory=dict)
    """By their own names, types so called everywhere, which packages that aren't known pass on: ``Sha256`` (Rust)."""

    modules: set[str] = field(default_factory=set)
    """Texts, one of which a file has if it uses any of the libraries. Names under ``packages`` count in quotes only:
    those that are other words too (``https``)."""

    globals: set[str] = field(default_factory=set)
    """Names that mean the library's without an import."""

    prefixes: set[str] = field(default_factory=set)
    """All beginnings of names of calls and constants."""
