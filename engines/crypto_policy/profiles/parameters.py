"""The parameters of profiles: which value each has, given those that a policy sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from engines.crypto_policy.profiles.model import Choice, Parameter, ParameterDate, Profile, Verdict
from engines.faults import InvalidRequest

NOT_LISTED = "not_listed"
"""The parameter of every profile that says what becomes of what its documents don't speak of."""

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
        """The day that a rule's ``starts`` or ``ends`` stands for."""
        return self.dates[given] if isinstance(given, ParameterDate) else given


def resolve_parameters(profile: Profile, given: Mapping[str, object]) -> Settings:
    """The values of all parameters of ``profile``: those of ``given``, or their defaults.

    Raises ``InvalidRequest`` for a name or a value that the profile doesn't have.
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
