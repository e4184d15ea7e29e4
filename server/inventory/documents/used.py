"""Properties of key versions in documents, and the algorithms that a document refers to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engines.algorithms.cyclonedx import assets, refs_of, with_dependencies
from engines.crypto_policy.profiles.judging import utc_day
from engines.durations import format_time
from engines.keys.counting.use_records import Tally
from engines.keys.states import State
from server.inventory.own import Own
from server.inventory.rows import Row
from server.inventory.verdicts import Judging, properties_of, verdicts_of, worst_of

PRODUCT = "cryptoserve"
LISTENERS_ONLY = "cryptoserve:listeners_only"
"""The property of an algorithm that only listeners depend on."""

_ID_BYTES = 16


def key_properties(row: Row, at: float, profiles: Iterable[Judging], *, use: bool) -> dict[str, str]:
    """The properties of a key version, by name; verdicts are the strictest on any operation."""
    facts, key, day = row.facts, properties_of(row.facts), utc_day(at)
    found = {
        "cryptoserve:key": f"{facts.namespace}{facts.mount}{facts.name}",
        "cryptoserve:version": str(facts.version),
        "cryptoserve:algorithm": facts.algorithm,
        "cryptoserve:id": row.id,
        "cryptoserve:state": row.state.value,
        "cryptoserve:owner": facts.owner,
        "cryptoserve:data_class": facts.data_class,
        "cryptoserve:origin": row.origin,
    }
    for judging in profiles:
        verdict = worst_of(verdicts_of(judging, key, day))
        found[f"cryptoserve:verdict.{judging.profile.id}"] = verdict.value
    if use and row.use is not None:
        found |= _use_properties("protect", row.use.protect) | _use_properties("process", row.use.process)
    return found


def _use_properties(kind: str, tally: Tally) -> dict[str, str]:
    return {
        f"cryptoserve:{kind}.operations": str(tally.operations),
        f"cryptoserve:{kind}.bytes": str(tally.bytes),
        f"cryptoserve:{kind}.failures": str(tally.failures),
        f"cryptoserve:{kind}.first_used": format_time(tally.first_used) if tally.first_used else "",
        f"cryptoserve:{kind}.last_used": format_time(tally.last_used) if tally.last_used else "",
    }


class Used:
    """The algorithms of key versions that aren't destroyed and of the server, and all that any version refers to."""

    def __init__(self, own: Own) -> None:
        self._in_use = set(own.refs)
        self._by_listeners = own.refs_of_listeners
        self._ids = bytearray()
        self._algorithms: list[str] = []

    @property
    def any_keys(self) -> bool:
        """Whether there was a key version."""
        return bool(self._algorithms)

    def add(self, row: Row) -> None:
        """Take note of a key version."""
        if row.state is not State.DESTROYED:
            self._in_use.update(refs_of(row.facts.algorithm))
        self._ids += bytes.fromhex(row.id)
        self._algorithms.append(row.facts.algorithm)

    def keys(self) -> Iterator[tuple[str, str]]:
        """The id and the algorithm of each version."""
        for number, algorithm in enumerate(self._algorithms):
            yield self._ids[_ID_BYTES * number : _ID_BYTES * (number + 1)].hex(), algorithm

    def needed(self) -> set[str]:
        """What the server and the keys that aren't destroyed depend on."""
        return with_dependencies(self._in_use | self._by_listeners)

    def of_listeners_alone(self) -> set[str]:
        """What only listeners depend on: their clients choose among it."""
        return self.needed() - with_dependencies(self._in_use)

    def offered(self) -> set[str]:
        """What the server can do and nothing uses."""
        return set(assets()) - self.needed()
