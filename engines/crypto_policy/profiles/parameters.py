"""Parameters of profiles: their values, given those in a policy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engines.crypto_policy.profiles.model import Choice, Parameter, ParameterDate, Profile, Verdict
from engines.faults import InvalidRequest

NOT_LISTED = "not_listed"
"""The parameter of every profile for uses that its documents don't mention."""

NOT_LISTED_PARAMETER = Parameter(
    "What becomes of what the documents don't speak of.",
    Verdict.WARN.value,
    {
        Verdict.WARN.value: Choice("It is warned of."),
        Verdict.REFUSE.value: Choice("It is refused."),
        Verdict.ALLOW.value: Choice("It is allowed."),
    },
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A profile's parameters, resolved."""

    values: Mapping[str, str]
    dates: Mapping[ParameterDate, date]
    not_listed: Verdict

    def day(self, given: date | ParameterDate) -> date:
        """The day of a rule's ``starts`` or ``ends``."""
        return self.dates[given] if isinstance(given, ParameterDate) else given


def resolve_parameters(profile: Profile, given: Mapping[str, object]) -> Settings:
    """The values of all parameters of ``profile``: those of ``given``, or their defaults.

    Raises ``InvalidRequest`` for an unknown name or value.
    """
    for name, value in given.items():
        parameter = profile.parameters.get(name)
        if parameter is None:
            raise InvalidRequest(
                f'profile "{profile.id}" has no parameter "{name}"; it has {_listed(profile.parameters)}'
            )
        if not isinstance(value, str) or value not in parameter.choices:
            raise InvalidRequest(
                f'parameter "{name}" of profile "{profile.id}" must be one of {_listed(parameter.choices)}'
            )
    values = {name: str(given.get(name, parameter.default)) for name, parameter in profile.parameters.items()}
    dates = {
        ParameterDate(name, key): day
        for name, value in values.items()
        for key, day in profile.parameters[name].choices[value].dates.items()
    }
    return Settings(values, dates, Verdict(values[NOT_LISTED]))


def _listed(names: Mapping[str, object]) -> str:
    return ", ".join(f'"{name}"' for name in names)
