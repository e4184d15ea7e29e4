"""Constants of libraries that mean one thing wherever a program gives them: old versions of TLS."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.values import Ref


def tell_versions(evaluator: Any, given: Iterable[program.Expression | None], line: int) -> None:
    """Report such constants among what a function that isn't known gets, or what is a parameter's default."""
    for each in given:
        if type(each) is program.Member and each.name in evaluator.option_names:
            for base in evaluator.evaluate(each.base):
                path = evaluator.normal(f"{base.path}.{each.name}") if type(base) is Ref else ""
                if path in evaluator.knowledge.options:
                    evaluator.option(path, evaluator.evaluate(each), line)
