"""Publication of key versions: which version signs at a given time, and which are published.

Verifiers cache the published keys. So a new version is published ``publish_ahead`` before it signs, and an old one
stays published ``keep_published`` after its last signature. Both follow from the versions' creation times: no action is
needed at those times, and all workers agree.
"""

from __future__ import annotations

from engines.durations import SECOND
from engines.encoding import nanoseconds_of
from engines.keys.keyring import Keyring, KeyVersion


def signing_version(keyring: Keyring, now: float) -> KeyVersion:
    """The version that signs at ``now``: the newest that has been published for long enough.

    If there is none, because old ones were withdrawn, it is the oldest that may sign. If that is compromised, it is the
    next one that isn't, published for long enough or not; without one it stays, and signing is refused.
    """
    moment = nanoseconds_of(now)
    least, marks = keyring.record.min_encryption_version, keyring.record.compromised
    able = [version for version in _newest_first(keyring) if version.number >= least]
    due = next((version for version in able if _signs_from(keyring, version) <= moment), able[-1])
    if due.number not in marks:
        return due
    newer = [version for version in able if version.number > due.number and version.number not in marks]
    return newer[-1] if newer else due


def published_versions(keyring: Keyring, now: float) -> list[KeyVersion]:
    """The versions published at ``now``, the newest first; the signing one is always among them, unless compromised."""
    keep, marks = keyring.record.keep_published_seconds, keyring.record.compromised
    versions = [version for version in _newest_first(keyring) if version.number not in marks]
    if not keep:
        return versions
    moment = nanoseconds_of(now)
    signs = signing_version(keyring, now)
    published: list[KeyVersion] = []
    for successor, version in zip([None, *versions], versions, strict=False):
        replaced = _signs_from(keyring, successor) if successor is not None else moment
        if version.number >= signs.number or moment < replaced + keep * SECOND:
            published.append(version)
    return published


def _newest_first(keyring: Keyring) -> list[KeyVersion]:
    return sorted(keyring.versions.values(), key=lambda version: version.number, reverse=True)


def _signs_from(keyring: Keyring, version: KeyVersion) -> int:
    return version.record.created + keyring.record.publish_ahead_seconds * SECOND
