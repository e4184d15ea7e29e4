"""Constants of libraries that mean one thing wherever a program gives them: old versions of TLS."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from engines.cbom.source import program
from engines.cbom.source.knowledge.loading import knowledge_of
from engines.cbom.source.values import Ref


@cache
def _names(language: str) -> frozenset[str]:
    """The last names of constants that knowledge has among its options."""
    return frozenset(name.rpartition(".")[2] for name in knowledge_of(language).options if "." in name)


def tell_versions(evaluator: Any, given: Iterable[program.Expression | None], line: int) -> None:
    """Report such constants among what a function that isn't known gets, or what is a parameter's default."""
    for each in given:
        if type(each) is program.Member and each.name in _names(evaluator.scope.source.language):
            for base in evaluator.evaluate(each.base):
                path = evaluator.normal(f"{base.path}.{each.name}") if type(base) is Ref else ""
                if path in evaluator.knowledge.options:
                    evaluator.option(path, evaluator.evaluate(each), line)
