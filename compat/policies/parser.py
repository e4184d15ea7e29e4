"""Parser of policies, with OpenBao's words for every mistake.

The text is HCL or JSON. A policy with any mistake is refused whole: if it were understood in part, it could grant, or
withhold, something other than was meant.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import NoReturn

from compat.hcl.reader import Attribute, Block, Body, HclError, Position, Scalar, Sequence, parse
from compat.hcl.reader import Value as Node
from compat.policies.rules import CAPABILITIES, Policy, Rule, Value, Values, join_values, read_path
from compat.quoting import quote
from engines.durations import SECOND, InvalidDuration, parse_duration_nanoseconds
from engines.faults import InvalidRequest

_POLICY_KEYS = frozenset({"name", "path"})
_RULE_KEYS = frozenset(
    {
        "comment", "policy", "capabilities", "allowed_parameters", "denied_parameters", "required_parameters",
        "min_wrapping_ttl", "max_wrapping_ttl", "pagination_limit", "expiration",
    }
)  # fmt: skip
_UNSUPPORTED_KEYS = frozenset({"mfa_methods", "control_group", "list_scan_response_keys_filter_path"})
"""OpenBao's keys that aren't supported. Ignoring a restriction would grant too much, so they are refused."""

_LEGACY = {
    "deny": frozenset({"deny"}),
    "read": frozenset({"read", "list"}),
    "write": frozenset({"create", "read", "update", "delete", "list"}),
    "sudo": frozenset({"create", "read", "update", "delete", "list", "sudo"}),
}
_TEMPLATE_BRACES = re.compile(r"\{\{|\}\}")
_UNBALANCED = "failed to validate policy templating: unbalanced templating characters"
_EPOCH_NOT_SET = datetime(1, 1, 1, tzinfo=UTC)


def parse_policy(text: str, name: str = "") -> Policy:
    """The policy that ``text`` (HCL or JSON) states, under ``name`` or else the name that the text gives.

    Raises ``InvalidRequest`` with Vault's words.
    """
    try:
        body = parse(text)
        _check_keys(body, _POLICY_KEYS)
        given = next((_text(item, "root.name") for item in _attributes(body, "name")), "")
        rules = tuple(_rule(block) for block in body.blocks("path", labels=1))
    except (HclError, InvalidRequest) as error:
        raise InvalidRequest(f"failed to parse policy: {error}") from None
    return Policy(name or given, rules)


def _rule(block: Block) -> Rule:
    path = block.labels[0]
    try:
        _check_keys(block.body, _RULE_KEYS)
        _check_templates(path)
        try:
            return _checked_rule(path, block.body)
        except _WrappingTtlError as error:
            raise InvalidRequest(str(error)) from None
        except (HclError, InvalidRequest) as error:
            # OpenBao's own words name the path in these a second time.
            prefix = "" if str(error).startswith("path ") else f"path {quote(path)}: "
            raise InvalidRequest(f"{prefix}{error}") from None
    except InvalidRequest as error:
        raise InvalidRequest(f"path {quote(path)}: {error}") from None


class _WrappingTtlError(Exception):
    """A mistake in the wrapping TTLs."""


def _checked_rule(written: str, body: Body) -> Rule:
    fields: dict[str, list[Attribute | Block]] = {}
    for item in body.items:
        fields.setdefault(item.name, []).append(item)
    comment = next((_comment(item) for item in fields.get("comment", ())), "")
    required = frozenset(word.lower() for word in _strings(fields, "required_parameters"))
    allowed, denied = (_values(fields, name) for name in ("allowed_parameters", "denied_parameters"))
    pagination_limit = _pagination_limit(fields)
    expiration = _expiration(fields)
    path, prefix, segments = read_path(written)
    capabilities, denied_outright = _capabilities(fields)
    if denied_outright:
        return Rule(path, prefix, segments, capabilities, expiration=expiration, comment=comment)
    shortest, longest = (_wrapping_ttl(fields, name) for name in ("min_wrapping_ttl", "max_wrapping_ttl"))
    if shortest and longest and longest < shortest:
        raise _WrappingTtlError("max_wrapping_ttl cannot be less than min_wrapping_ttl")
    return Rule(
        path, prefix, segments, capabilities, required, allowed, denied, shortest, longest, pagination_limit,
        expiration, comment,
    )  # fmt: skip


def _capabilities(fields: Mapping[str, list[Attribute | Block]]) -> tuple[frozenset[str], bool]:
    """The rule's capabilities, and whether ``deny`` is among them, in which case the rest is ignored."""
    found = set(_strings(fields, "capabilities"))
    for item in fields.get("policy", ()):
        word = _text(item, "root.Policy")
        if word and word not in _LEGACY:
            raise InvalidRequest(f"invalid policy {quote(word)}")
        found |= _LEGACY.get(word, frozenset())
    if "deny" in found:
        return frozenset({"deny"}), True
    for word in _strings(fields, "capabilities"):
        if word not in CAPABILITIES:
            raise InvalidRequest(f"invalid capability {quote(word)}")
    return frozenset(found or {"deny"}), False


def _wrapping_ttl(fields: Mapping[str, list[Attribute | Block]], name: str) -> int:
    """Whole seconds; a part of a second counts as one, so that no limit is lost by rounding."""
    for item in fields.get(name, ()):
        value = item.value if isinstance(item, Attribute) else item.body
        try:
            nanoseconds = parse_duration_nanoseconds(value.value if isinstance(value, Scalar) else value)
        except InvalidDuration as error:
            raise _WrappingTtlError(f"error parsing {name}: {error}") from None
        return -(-nanoseconds // SECOND)
    return 0


def _pagination_limit(fields: Mapping[str, list[Attribute | Block]]) -> int:
    for item in fields.get("pagination_limit", ()):
        value = item.value.value if isinstance(item, Attribute) and isinstance(item.value, Scalar) else None
        if isinstance(value, bool) or not isinstance(value, (int, str)):
            _wrong(item, "root.pagination_limit: unknown type")
        try:
            return int(value)
        except ValueError:
            raise InvalidRequest(f"strconv.ParseInt: parsing {quote(str(value))}: invalid syntax") from None
    return 0


def _expiration(fields: Mapping[str, list[Attribute | Block]]) -> float | None:
    for item in fields.get("expiration", ()):
        written = _text(item, "root.expiration")
        if not written:
            return None
        if written.isascii() and written.isdigit() and len(written) < 12:
            return float(written)
        try:
            moment = datetime.fromisoformat(written) if "T" in written.upper() else None
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            raise InvalidRequest("invalid expiration time: could not parse string as date and time")
        return None if moment == _EPOCH_NOT_SET else moment.timestamp()
    return None


def _values(fields: Mapping[str, list[Attribute | Block]], name: str) -> Values:
    """The values listed for each parameter. A parameter that is listed twice has both lists; an empty one means any."""
    found: dict[str, list[Value]] = {}
    for item in fields.get(name, ()):
        body = item.value if isinstance(item, Attribute) else item.body
        if not isinstance(body, Body):
            _wrong(item, f"root.{name}: not an object type for map", wrap=True)
        for member in body.items:
            if not isinstance(member, Attribute) or not isinstance(member.value, Sequence):
                _wrong(member, "unknown slice type:")
            join_values(found, member.name.lower(), [_plain(value) for value in member.value.items])
    return {parameter: tuple(values) for parameter, values in found.items()}


def _plain(node: Node) -> Value:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Sequence):
        return tuple(_plain(item) for item in node.items)
    return {item.name: _plain(item.value if isinstance(item, Attribute) else item.body) for item in node.items}


def _strings(fields: Mapping[str, list[Attribute | Block]], name: str) -> list[str]:
    """The strings of every list called ``name``; whole numbers count as text."""
    found = []
    for item in fields.get(name, ()):
        if not isinstance(item, Attribute) or not isinstance(item.value, Sequence):
            _wrong(item, "unknown slice type:")
        for index, node in enumerate(item.value.items):
            value = node.value if isinstance(node, Scalar) else None
            if isinstance(value, bool) or not isinstance(value, (str, int)):
                place = "Capabilities" if name == "capabilities" else name
                _wrong(Attribute(name, node, node.position), f"root.{place}[{index}]: unknown type for string")
            found.append(str(value))
    return found


def _attributes(body: Body, name: str) -> list[Attribute | Block]:
    return [item for item in body.items if item.name == name]


def _text(item: Attribute | Block, place: str) -> str:
    value = item.value.value if isinstance(item, Attribute) and isinstance(item.value, Scalar) else True
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, (str, int)):
        _wrong(item, f"{place}: unknown type for string")
    return str(value)


def _comment(item: Attribute | Block) -> str:
    """The text of a comment; ``""`` for values of other types."""
    value = item.value.value if isinstance(item, Attribute) and isinstance(item.value, Scalar) else ""
    return value if isinstance(value, str) else ""


def _wrong(item: Attribute | Block, message: str, *, wrap: bool = False) -> NoReturn:
    """Raise an error that names what was found by OpenBao's word for it."""
    node = item.value if isinstance(item, Attribute) else item.body
    word = {Scalar: "*ast.LiteralType", Sequence: "*ast.ListType", Body: "*ast.ObjectType"}[type(node)]
    position: Position = node.position
    raise HclError(f"{message} ({word})" if wrap else f"{message} {word}", position.line, position.column)


def _check_keys(body: Body, known: frozenset[str]) -> None:
    """Refuse keys outside of ``known``. OpenBao reports line 0 for a block."""
    wrong = [item for item in body.items if item.name not in known]
    for item in wrong:
        if item.name in _UNSUPPORTED_KEYS and known is _RULE_KEYS:
            raise InvalidRequest(f"{item.name} is not supported")
    if wrong:
        lines = [
            f"\t* invalid key {quote(item.name)} on line {0 if isinstance(item, Block) else item.position.line}\n"
            for item in wrong
        ]
        count = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
        raise InvalidRequest(f"{count} occurred:\n{''.join(lines)}\n")


def _check_templates(path: str) -> None:
    """Refuse braces of templates that are unpaired or nested."""
    opened = False
    for found in _TEMPLATE_BRACES.finditer(path):
        if (found[0] == "{{") == opened:
            raise InvalidRequest(_UNBALANCED)
        opened = not opened
    if opened:
        raise InvalidRequest(_UNBALANCED)
