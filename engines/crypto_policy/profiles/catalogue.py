"""Profiles shipped with the server, loaded once."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

from engines.crypto_policy.profiles.loading import parse_profile
from engines.crypto_policy.profiles.model import Profile


@cache
def all_profiles() -> dict[str, Profile]:
    """Every profile by its id, those of one name in the order of their dates."""
    texts = (entry.read_text(encoding="utf-8") for entry in _data() if entry.name.endswith(".toml"))
    profiles = sorted((parse_profile(text) for text in texts), key=lambda profile: (profile.name, profile.date))
    return {profile.id: profile for profile in profiles}


def find_profile(name: str) -> Profile | None:
    """The profile with the id ``name``, or the newest one for a name without a date; None if there is none."""
    profiles = all_profiles()
    if name in profiles:
        return profiles[name]
    return next((profile for profile in reversed(profiles.values()) if profile.name == name), None)


def _data() -> list[Traversable]:
    return list((files(__package__) / "data").iterdir())
