"""Password policies: length and characters of generated passwords, in Vault's HCL.

    length = 20
    rule "charset" {
      charset   = "abcdefghijklmnopqrstuvwxyz0123456789"
      min-chars = 1
    }

Each character is drawn uniformly from the union of all charsets; a candidate that breaks a rule is discarded as a
whole, so that every allowed password is equally likely.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from secrets import token_bytes

from compat.hcl.reader import Attribute, Block, HclError, Scalar, parse
from compat.hcl.reader import Body as Document
from engines.faults import InvalidRequest, Unavailable

SHORTEST, LONGEST = 4, 100
"""The most characters of a password, as in Vault."""

MAX_TEXT_BYTES = 16 * 1024
_MAX_CANDIDATES = 2000

MAX_COMPARED = 500_000
"""The most characters checked for one password, about ten milliseconds of work."""

_MAX_RULES = 100
_HIGHEST = 2**31
_DRAWN_AT_ONCE = 1024


@dataclass(frozen=True, slots=True)
class CharsetRule:
    """At least ``min_chars`` characters of ``charset``."""

    charset: str
    min_chars: int = 0


@dataclass(frozen=True, slots=True)
class PasswordPolicy:
    """A password policy."""

    length: int
    rules: tuple[CharsetRule, ...]

    def generate(self) -> str:
        """A password. Raises ``Unavailable`` if the rules are so narrow that none was found in time."""
        alphabet = sorted({character for rule in self.rules for character in rule.charset})
        place_of = {character: place for place, character in enumerate(alphabet)}
        wanted = [
            (frozenset(map(place_of.__getitem__, rule.charset)), rule.min_chars)
            for rule in self.rules
            if rule.min_chars > 0
        ]
        # The rule that wants most of the fewest characters is the most likely to fail, and is checked first.
        wanted.sort(key=lambda rule: rule[1] / max(len(rule[0]), 1), reverse=True)
        candidates = _drawn(self.length, len(alphabet))
        compared = 0
        for _ in range(_MAX_CANDIDATES):
            candidate = next(candidates)
            for charset, least in wanted:
                compared += self.length
                if sum(map(charset.__contains__, candidate)) < least:
                    break
            else:
                return "".join(map(alphabet.__getitem__, candidate))
            if compared > MAX_COMPARED:
                break
        raise Unavailable("no password was found that fits all rules")


def _drawn(length: int, size: int) -> Iterator[Sequence[int]]:
    """Without end: ``length`` numbers below ``size``, each as likely as any other.

    Random bytes or words beyond the last multiple of ``size`` are left out, since they would favour small numbers.
    """
    numbers: Sequence[int]
    odd = 2**32 % size
    by_byte = bytes(byte % size for byte in range(256))
    left_out = bytes(range(256 - 256 % size, 256))
    while True:
        if size <= 256:
            numbers = token_bytes(_DRAWN_AT_ONCE).translate(by_byte, left_out)
        else:
            words = array("I", token_bytes(4 * _DRAWN_AT_ONCE))
            numbers = [word % size for word in words if word < 2**32 - odd]
        for start in range(0, len(numbers) - length + 1, length):
            yield numbers[start : start + length]


def parse_password_policy(text: str) -> PasswordPolicy:
    """The policy in ``text``, in HCL or JSON. Raises ``InvalidRequest`` in Vault's words."""
    try:
        document = parse(text)
        rules = tuple(_rule(block) for block in document.blocks("rule", labels=1))
    except HclError as error:
        raise InvalidRequest(f"invalid password policy: unable to decode: {error}", wrapped=True) from None
    policy = PasswordPolicy(_number(document, "length", "failed to decode configuration"), rules)
    _check(policy)
    return policy


def _check(policy: PasswordPolicy) -> None:
    if len(policy.rules) > _MAX_RULES:
        raise InvalidRequest(f"a password policy has at most {_MAX_RULES} rules")
    wrong = []
    if policy.length <= 0:
        wrong.append("length must be > 0")
    if not any(rule.charset for rule in policy.rules):
        wrong.append("no charset specified")
    needed = sum(max(rule.min_chars, 0) for rule in policy.rules)
    if 0 < policy.length < needed:
        wrong.append(f"specified rules require at least {needed} characters but {policy.length} is specified")
    if wrong:
        count = f"{len(wrong)} error{'s' if len(wrong) > 1 else ''} occurred:"
        texts = "".join(f"\n\t* {text}" for text in wrong)
        raise InvalidRequest(f"invalid password policy: {count}{texts}\n\n", wrapped=True)
    if not SHORTEST <= policy.length <= LONGEST:
        raise InvalidRequest(f"passwords must be between {SHORTEST} and {LONGEST} characters", wrapped=True)


def _rule(block: Block) -> CharsetRule:
    kind = block.labels[0]
    if kind != "charset":
        raise InvalidRequest(
            f"invalid password policy: unable to parse rules: unable to parse rule {kind}: "
            f"unrecognized rule type {kind}",
            wrapped=True,
        )
    place = "unable to parse rules: unable to parse rule charset: failed to parse charset restriction"
    return CharsetRule(_text(block.body, "charset", place), _number(block.body, "min-chars", place))


def _number(document: Document, name: str, place: str) -> int:
    value = _scalar(document, name)
    if value is None:
        return 0
    if isinstance(value, bool) or not isinstance(value, int | float) or not -_HIGHEST < value < _HIGHEST:
        raise _unconvertible(place, name, "int", value)
    return int(value)


def _text(document: Document, name: str, place: str) -> str:
    value = _scalar(document, name)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _unconvertible(place, name, "string", value)
    return value


def _scalar(document: Document, name: str) -> object:
    """The last value given for ``name``; None if there is none."""
    found = [item.value for item in document.items if isinstance(item, Attribute) and item.name == name]
    if not found:
        return None
    return found[-1].value if isinstance(found[-1], Scalar) else found[-1]


def _unconvertible(place: str, name: str, wanted: str, value: object) -> InvalidRequest:
    kinds = {str: "string", bool: "bool", int: "int", float: "float64"}
    found = kinds.get(type(value), "[]interface {}")
    return InvalidRequest(
        f"invalid password policy: {place}: decoding failed due to the following error(s):\n\n"
        f"'{name}' expected type '{wanted}', got unconvertible type '{found}'",
        wrapped=True,
    )
