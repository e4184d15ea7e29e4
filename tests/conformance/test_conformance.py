"""Plays every scenario on both servers; a failure shows each step that differs, with both answers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.conformance.catalogue import SCENARIOS
from tests.conformance.differences import DIFFERENCES, NOT_YET
from tests.conformance.pair import Pair, development_pair, subject, uninitialised_pair
from tests.conformance.play import Played, play
from tests.conformance.steps import Scenario, Servers
from tests.support.products import Product


@contextmanager
def _pair_for(scenario: Scenario, request: pytest.FixtureRequest, folder: Path) -> Iterator[Pair]:
    if scenario.servers is Servers.SHARED:
        yield request.getfixturevalue("shared_pair")
    elif scenario.servers is Servers.FRESH:
        with development_pair(folder) as pair:
            yield pair
    else:
        with uninitialised_pair(folder, scenario.settings, scenario.listener) as pair:
            yield pair


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_scenario(scenario: Scenario, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """Both servers answer alike, but for what is declared."""
    if missing := subject().missing():
        pytest.skip(missing)
    with _pair_for(scenario, request, tmp_path) as pair:
        played = play(scenario, pair)
    mistaken = [item for item in played if item.openbao.status != item.step.status]
    assert not mistaken, _report("OpenBao's status isn't the one that the step states", mistaken)
    if subject() is Product.OPENBAO:
        differing = [item for item in played if item.differing]
        assert not differing, _report("OpenBao differs from itself: the normaliser leaves something random", differing)
    elif scenario.name in NOT_YET:
        _check_not_yet(scenario, played)
    else:
        _check_differences(scenario, played)


def test_tables_name_existing_scenarios() -> None:
    """A scenario that was renamed doesn't leave a dead row behind."""
    names = [scenario.name for scenario in SCENARIOS]
    assert [name for name in NOT_YET if name not in names] == []
    dead = [row for row in DIFFERENCES if not any(fnmatchcase(name, row.scenario) for name in names)]
    assert dead == []


def _check_not_yet(scenario: Scenario, played: list[Played]) -> None:
    if not any(item.differing for item in played):
        pytest.fail(f"{scenario.name} works now: take it out of NOT_YET")
    pytest.xfail(f"not yet: {NOT_YET[scenario.name]}")


def _check_differences(scenario: Scenario, played: list[Played]) -> None:
    unused = {row for row in DIFFERENCES if fnmatchcase(scenario.name, row.scenario)}
    undeclared: list[Played] = []
    for item in played:
        rows = {
            place: [row for row in DIFFERENCES if row.covers(scenario, item.step, place)] for place in item.differing
        }
        unused.difference_update(row for found in rows.values() for row in found)
        differing = {place: item.differing[place] for place, found in rows.items() if not found}
        if differing:
            undeclared.append(Played(item.step, item.request, item.openbao, item.subject, differing))
    assert not undeclared, _report("the answers differ", undeclared)
    assert not unused, f"these declared differences no longer differ: {sorted(map(str, unused))}"


def _report(title: str, items: list[Played]) -> str:
    return "\n".join([f"{title}, in {len(items)} steps:", *map(str, items)])
