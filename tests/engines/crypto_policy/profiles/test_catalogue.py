"""The profiles that come with the server: names, dates, and that each rule tells where it is from."""

from __future__ import annotations

from datetime import date
from importlib.resources import files

import pytest

from engines.crypto_policy.profiles import catalogue
from engines.crypto_policy.profiles.catalogue import all_profiles, find_profile
from engines.crypto_policy.profiles.loading import parse_profile
from engines.crypto_policy.profiles.model import Binding, Profile, Reading

PROFILES = pytest.mark.parametrize("profile", all_profiles().values(), ids=lambda profile: profile.id)
NAMES = {
    "cnsa-2.0",
    "nist-transition",
    "fips-140-3",
    "bsi-tr-02102-1",
    "anssi",
    "pci-dss-4.0.1",
    "eo-14412",
    "asd-ism",
}


def test_the_known_profiles_are_there() -> None:
    assert {profile.name for profile in all_profiles().values()} == NAMES
    assert "cnsa-2.0@2025-05" in all_profiles()
    assert list(all_profiles()) == sorted(all_profiles())


def test_a_file_is_named_for_its_profile() -> None:
    for entry in (files(catalogue.__package__) / "data").iterdir():
        profile = parse_profile(entry.read_text(encoding="utf-8"))
        assert entry.name == f"{profile.name}_{profile.date}.toml"


@PROFILES
def test_every_rule_tells_where_it_is_from(profile: Profile) -> None:
    names = [rule.name for rule in profile.rules]
    assert len(set(names)) == len(names)
    for rule in profile.rules:
        assert rule.source.title and rule.source.url.startswith("https://") and rule.section
        assert date(2026, 1, 1) <= rule.checked <= date(2100, 1, 1)
        assert rule.binding in Binding
        confirmed = rule.source.reading is Reading.ORIGINAL
        assert rule.unconfirmed.endswith(".") or (confirmed and not rule.unconfirmed), rule.name
        assert rule.text.endswith("."), rule.name


@PROFILES
def test_a_name_without_a_date_is_the_newest(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_profile(profile.id) is profile
    assert find_profile(profile.name) is profile
    texts = {
        entry.name: entry.read_text(encoding="utf-8") for entry in (files(catalogue.__package__) / "data").iterdir()
    }
    text = texts[f"{profile.name}_{profile.date}.toml"]
    newer = parse_profile(text.replace(f'date = "{profile.date}"', 'date = "2099-01"', 1))
    older = parse_profile(text.replace(f'date = "{profile.date}"', 'date = "2001-01"', 1))
    three = {known.id: known for known in (older, profile, newer)}
    monkeypatch.setattr(catalogue, "all_profiles", lambda: three)
    assert find_profile(profile.name) is newer
    assert find_profile(profile.id) is profile
    assert find_profile(older.id) is older


@pytest.mark.parametrize("name", ["", "cnsa", "cnsa-2.0@2024-01", "cnsa-2.0@", "@2025-05", "CNSA-2.0", "../cnsa-2.0"])
def test_other_names_are_none(name: str) -> None:
    assert find_profile(name) is None
