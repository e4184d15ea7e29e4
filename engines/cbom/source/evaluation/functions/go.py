"""Go's functions whose results follow from their arguments, and that rules can't tell: defaults of options."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engines.cbom.source.evaluation.rules import Arguments
from engines.cbom.source.values import UNKNOWN, Values, union

_KINDS = ("String", "Int", "Int64", "Uint", "Uint64", "Bool", "Duration")


def _default(_evaluator: Any, arguments: Arguments) -> Values:
    """``flag.String(name, default, help)``: the default, or what the user gives."""
    return union((arguments.positional[1], UNKNOWN)) if len(arguments.positional) > 1 else UNKNOWN


GO_FUNCTIONS: dict[str, Callable[[Any, Arguments], Values]] = {
    f"{package}.{kind}": _default for package in ("flag", "github.com/spf13/pflag") for kind in _KINDS
}
"""By full name."""
