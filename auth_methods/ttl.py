"""Lifetime of a token: the requested TTL, within the limits of the mount, the system and the token itself."""

from __future__ import annotations

from engines.durations import format_duration


def granted_seconds(
    wanted: int, *, max_seconds: int, age_seconds: float = 0, explicit_max_seconds: int = 0, period_seconds: int = 0
) -> tuple[int, str | None]:
    """The TTL that a token of this age gets, in seconds from now, and Vault's warning if it is less than ``wanted``.

    The mount's maximum counts from the token's creation, except for a periodic token, which may be renewed for ever;
    an explicit maximum always counts from creation. The result is 0 or less when none is left.
    """
    limit = max_seconds if period_seconds else round(max_seconds - age_seconds)
    if explicit_max_seconds:
        limit = min(limit, round(explicit_max_seconds - age_seconds))
    if wanted <= limit:
        return wanted, None
    what = "period" if period_seconds else "TTL"
    return limit, (
        f'{what} of "{format_duration(wanted)}" exceeded the effective max_ttl of "{format_duration(limit)}"; '
        f"{what} value is capped accordingly"
    )


def lesser(one: int, other: int) -> int:
    """The lesser of two limits, where 0 is none."""
    return min(one, other) if one and other else one or other
