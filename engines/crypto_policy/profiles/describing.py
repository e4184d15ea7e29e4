"""Profiles as plain values, for answers and documentation."""

from __future__ import annotations

from datetime import date
from typing import Any

from engines.crypto_policy.profiles.model import Conditions, Parameter, ParameterDate, Profile, Rule, Source, Use


def describe_profile(profile: Profile) -> dict[str, Any]:
    """All of ``profile``, with its rules in order and only their non-empty conditions."""
    return {
        **summarize_profile(profile),
        "notes": list(profile.notes),
        "sources": {name: _source(source) for name, source in profile.sources.items()},
        "parameters": {name: _parameter(parameter) for name, parameter in profile.parameters.items()},
        "rules": [_rule(rule) for rule in profile.rules],
    }


def summarize_profile(profile: Profile) -> dict[str, Any]:
    """A summary of ``profile``, without its rules."""
    return {
        "id": profile.id,
        "name": profile.name,
        "date": profile.date,
        "title": profile.title,
        "scope": profile.scope,
    }


def describe_conditions(conditions: Conditions) -> dict[str, Any]:
    """The non-empty conditions, by their names in profiles' files."""
    sets = {
        "families": conditions.families,
        "parameter_sets": conditions.parameter_sets,
        "algorithms": conditions.algorithms,
        "primitives": conditions.primitives,
        "hashes": conditions.hashes,
        "schemes": conditions.schemes,
        "operations": frozenset(operation.value for operation in conditions.operations),
        "uses": frozenset(use.value for use in conditions.uses) if conditions.uses != set(Use) else frozenset(),
    }
    least = {
        "min_bits": conditions.min_bits,
        "min_classical_bits": conditions.min_classical_bits,
        "min_quantum_category": conditions.min_quantum_category,
    }
    flags = {
        "hybrid": conditions.hybrid,
        "fips_approved": conditions.fips_approved,
        "authenticates": conditions.authenticates,
        "pure": conditions.pure,
    }
    found: dict[str, Any] = {name: sorted(values) for name, values in sets.items() if values}
    found |= {name: value for name, value in least.items() if value}
    found |= {name: flag for name, flag in flags.items() if flag is not None}
    if conditions.parameters:
        found["parameters"] = {name: sorted(values) for name, values in conditions.parameters.items()}
    return found


def describe_day(day: date | ParameterDate | None) -> str | None:
    """A day in ISO 8601, or which parameter sets it; None for none."""
    if isinstance(day, ParameterDate):
        return f"{day.parameter}.{day.name}"
    return None if day is None else day.isoformat()


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "topic": rule.topic.value,
        "conditions": describe_conditions(rule.conditions),
        "from": describe_day(rule.starts),
        "until": describe_day(rule.ends),
        "verdict": rule.verdict.value,
        "text": rule.text,
        "source": rule.source.title,
        "section": rule.section,
        "binding": rule.binding.value,
        "checked": rule.checked.isoformat(),
        "unconfirmed": bool(rule.unconfirmed),
        "unconfirmed_reason": rule.unconfirmed,
    }


def _source(source: Source) -> dict[str, Any]:
    return {
        "title": source.title,
        "url": source.url,
        "published": source.published,
        "binding": source.binding.value,
        "checked": source.checked.isoformat(),
        "reading": source.reading.value,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    choices = {
        value: {"text": choice.text, "dates": {name: day.isoformat() for name, day in choice.dates.items()}}
        for value, choice in parameter.choices.items()
    }
    return {"text": parameter.text, "default": parameter.default, "choices": choices}
