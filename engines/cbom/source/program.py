"""Intermediate form of programs, the same for all languages; front-ends make it from syntax trees.

Only what decides which function is called with which values is kept. Operators, casts, annotations and syntax that
don't matter become ``Opaque``, whose parts are evaluated for the calls in them. Names are joined by dots whatever the
language writes (``a::b``, ``a->b`` and ``a.b`` are ``Member(Name("a"), "b")``).

Classes are slotted and not changed once made, but not frozen: that takes three times as long, for millions of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

Constant: TypeAlias = str | bytes | int | float | bool | None

WHOLE = "\0whole"
"""The keyword of a call that stands for an annotation of a field: whether the field's type is a whole number."""

ENUM_NAME = "\0name"
"""The field of an enumeration's constant that is its name (Java)."""


@dataclass(slots=True, eq=False)
class Const:
    """A literal. Adjacent and interpolated strings are ``Binary("+", ...)``."""

    value: Constant


@dataclass(slots=True, eq=False)
class Name:
    """A name in scope. The receiver of a method is the name that the front-end puts first in its parameters."""

    name: str


@dataclass(slots=True, eq=False)
class Global:
    """A name of the whole program, which a class or function may have of its own too: C++'s ``::name``."""

    name: str


@dataclass(slots=True, eq=False)
class Member:
    """A member of a value, type, module or namespace."""

    base: Expression
    name: str
    path: bool = False
    """Whether it is written as one of a type or module, which variables of that name don't hide (Rust's ``::``)."""


@dataclass(slots=True, eq=False)
class Index:
    """An element: ``a[key]``. A slice has a ``Sequence`` of its two bounds as key, ``Const(None)`` for an open one."""

    base: Expression
    key: Expression


@dataclass(slots=True, eq=False)
class Call:
    """A call, or the construction of an object: then ``callee`` is the class and ``creates`` is true.

    So are struct literals with a type (Go, Rust, C), with keywords; macros that look like calls are calls.
    ``line`` and ``column`` are those of the called name, from 1.
    """

    callee: Expression
    args: list[Expression]
    keywords: dict[str, Expression]
    line: int
    column: int
    end_line: int
    end_column: int
    creates: bool = False
    places: dict[str, tuple[int, int, int, int]] = field(default_factory=dict)
    """The line, column, last line and end of each keyword, where rules for single ones are told at theirs."""

    addresses: tuple[int, ...] = ()
    """The positions of arguments that are the addresses of variables, to which the call may give values (C)."""


@dataclass(slots=True, eq=False)
class Spread:
    """An argument or element that stands for several: ``*args``, ``...rest``."""

    value: Expression


@dataclass(slots=True, eq=False)
class Binary:
    """An operation on two values: ``+ - * ** / // % << >> & | ^ == != < <= > >= and or``."""

    operator: str
    left: Expression
    right: Expression
    line: int = 0
    """Where it stands, if it is a test of several parts, in languages whose tests rules tell something of (C)."""


@dataclass(slots=True, eq=False)
class Unary:
    """``-``, ``~``, ``not``, or ``bytes``: a text as its bytes (Go)."""

    operator: str
    operand: Expression


@dataclass(slots=True, eq=False)
class Conditional:
    """``test ? then : otherwise``."""

    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(slots=True, eq=False)
class Sequence:
    """A list, tuple, set or array with its elements; as a target of an assignment, the names that they go to."""

    items: list[Expression]


@dataclass(slots=True, eq=False)
class NewArray:
    """An array of zeros: ``new byte[16]``, ``make([]byte, 16)``, ``[0u8; 16]``, ``unsigned char iv[16]``."""

    size: Expression


@dataclass(slots=True, eq=False)
class Mapping:
    """A dictionary or an object literal. The key None stands for all pairs of another mapping."""

    pairs: list[tuple[Expression | None, Expression]]
    lines: list[int] = field(default_factory=list)
    """The line of each pair, where the language's knowledge has rules for keys; else empty."""


@dataclass(slots=True, eq=False)
class Typed:
    """A value of a type that the source states: a cast."""

    value: Expression | None
    declared: Expression


@dataclass(slots=True, eq=False)
class Pointed:
    """The target of an assignment that a pointer points to: where it is a parameter, the caller has it too."""

    base: Expression


@dataclass(slots=True, eq=False)
class Mentioned:
    """An element, argument or result that is a member of a package, or an element that is a text, with its place."""

    value: Expression
    place: tuple[int, int, int, int]
    """Its line, column, last line and end."""

    assigned: bool = False
    """Whether a variable gets it, by whose name it is called."""


@dataclass(slots=True, eq=False)
class Opaque:
    """An expression whose value isn't followed."""

    parts: list[Expression]


@dataclass(slots=True, eq=False)
class Parameter:
    """A parameter of a function. ``kind`` is "", ``*`` (takes the rest) or ``**`` (takes the other keywords)."""

    name: str
    default: Expression | None = None
    declared: Expression | None = None
    kind: str = ""
    reference: bool = False
    """Whether an assignment to it is one to the caller's argument (C++)."""


class Body(list["Statement"]):
    """Statements of a function, made when they are first looked at: most functions of most files are never run."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], Iterable[Statement]]) -> None:
        super().__init__()
        self._make: Callable[[], Iterable[Statement]] | None = make

    def __iter__(self) -> Iterator[Statement]:
        if self._make is not None:
            make, self._make = self._make, None
            self.extend(make())
        return super().__iter__()


@dataclass(slots=True, eq=False)
class Function:
    """A function, method or lambda; both a statement, which binds its name, and an expression.

    A method gets its receiver as its first parameter, unless ``static``. The last expression of a body that is the
    value of the function (Rust, arrows) is a ``Return``.
    """

    name: str
    parameters: list[Parameter]
    body: list[Statement]
    line: int
    static: bool = False
    of_class: bool = False
    """Whether its receiver is the class: Python's ``classmethod``."""

    decorators: list[Expression] = field(default_factory=list)
    returns: Expression | None = None
    """The declared type of the result."""

    getter: bool = False
    """Whether the member is the result: Python's ``property``, JavaScript's ``get``."""

    macro: bool = False
    """Whether it is text that stands for itself where it is used (C): what it does is told there, and only there."""

    test: bool = False
    """Whether it is a test, or part of one, where the language or its tools mark them."""

    internal: bool = False
    """Whether only its file or package can call it: what their calls give to it is all that it gets."""

    end_line: int = 0
    """Its last line, 0 where the front-end doesn't tell."""


Expression: TypeAlias = (
    Const
    | Name
    | Member
    | Index
    | Call
    | Spread
    | Binary
    | Unary
    | Conditional
    | Sequence
    | NewArray
    | Mapping
    | Typed
    | Pointed
    | Mentioned
    | Global
    | Opaque
    | Function
)


@dataclass(slots=True, eq=False)
class Assign:
    """An assignment, that of ``Binary("+", a, b)`` for ``a += b``, or a declaration, whose ``value`` may be None."""

    target: Expression
    value: Expression | None
    line: int
    declared: Expression | None = None
    local: bool = False
    """Whether this makes a new variable in the innermost scope even if an outer one has the name."""


@dataclass(slots=True, eq=False)
class Evaluate:
    """An expression as a statement."""

    value: Expression


@dataclass(slots=True, eq=False)
class Return:
    """The value of the function; control leaves it."""

    value: Expression | None


@dataclass(slots=True, eq=False)
class Leave:
    """Control leaves the block: break, continue, throw."""

    value: Expression | None = None


@dataclass(slots=True, eq=False)
class Branch:
    """``if`` with all its ``else if``, ``switch`` and ``match``: of the arms, the first whose test holds runs.

    A test of None holds always. Without such an arm it may be that none runs.
    """

    arms: list[tuple[Expression | None, list[Statement]]]


@dataclass(slots=True, eq=False)
class Loop:
    """A body that runs any number of times. Variables of the loop are assigned at its beginning."""

    test: Expression | None
    body: list[Statement]
    first: bool = False
    """Whether the body comes before the test, and runs at least once: ``do ... while``."""

    changed: frozenset[str] | None = None
    """The variables that the body changes, once that was asked."""


@dataclass(slots=True, eq=False)
class Attempt:
    """``try``: the body up to any point, then a handler or none, then ``last``."""

    body: list[Statement]
    handlers: list[list[Statement]]
    last: list[Statement]
    caught: list[list[str]] = field(default_factory=list)
    """The types that each handler catches, by their names without packages, where the front-end tells them."""


@dataclass(slots=True, eq=False)
class Class:
    """A class, struct, trait's implementation or enum, whose fields are the ``Assign`` in its body. Several with one
    name in a file are one class: Rust's ``impl`` blocks, Go's methods."""

    name: str
    bases: list[Expression]
    body: list[Statement]
    line: int
    decorators: list[Expression] = field(default_factory=list)
    interfaces: list[Expression] = field(default_factory=list)
    """Traits that it implements, whose other methods it has too, but which aren't run once more for it."""

    namespace: bool = False
    """Whether it is a module within the file, whose functions see each other."""

    abstract: bool = False
    """Whether its objects are of classes below it: interfaces and abstract classes, where the language tells."""

    outside: bool = False
    """Whether these are members that stand outside of the class, which a header may have (C++)."""

    shared: bool = False
    """Whether all its fields are one storage (C's unions)."""

    settable: frozenset[str] = frozenset()
    """Fields that code outside of the class may set, where the front-end tells (Java)."""


@dataclass(slots=True, eq=False)
class Import:
    """A name bound to a module or to a member of one.

    ``local`` is the name, or ``*`` for all members of the module. ``member`` is "" if the name is the module itself.
    ``module`` is written as in the language's knowledge: ``Crypto.Cipher``, ``crypto-js/md5``, ``crypto/aes``,
    ``openssl.symm``; relative ones keep their leading dots.
    """

    local: str
    module: str
    member: str
    line: int


Statement: TypeAlias = Assign | Evaluate | Return | Leave | Branch | Loop | Attempt | Function | Class | Import


@dataclass(slots=True, eq=False)
class Module:
    """One file."""

    body: list[Statement]
    package: str = ""
    """The package that the file says it belongs to (Java, Go); "" where the path tells."""

    truncated: bool = False
    """Whether parts were nested too deeply, or too many, to be read."""

    broken: bool = False
    """Whether the syntax tree has errors; the rest is read all the same."""

    reassigned: frozenset[str] = frozenset()
    """Names of variables that get another value than their first one anywhere in the file (JavaScript)."""

    test: bool = False
    """Whether all of it is a test (JavaScript, C)."""

    exports: dict[str, Expression] = field(default_factory=dict)
    """Names under which other files import what has another name here, where the language has such."""
