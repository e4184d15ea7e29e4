"""The FIPS mode, the approved algorithms, and the limits of the claim."""

from __future__ import annotations

from typing import Any

from auth_methods.passwords import Scheme
from engines.algorithms.hashes import HASHES
from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Fips
from engines.base import Call, Nothing, Reply
from engines.crypto_policy.fips import FipsMode
from server.runtime.openssl import OpenSsl, of_cryptography, of_python
from server.system.state import System

_NOTICE = (
    "This server is not a validated cryptographic module and has no certificate of FIPS 140-3. The mode restricts "
    "which algorithms are used; whether a validated module does the work is a matter of the OpenSSL that is installed."
)


async def read_fips(system: System, call: Call, body: Nothing) -> Reply:
    """Show the mode, the operations that it allows, and the OpenSSL in use."""
    mode = system.core.runtime.fips.mode
    return Reply(
        {
            "fips_mode": mode.value,
            "certified": False,
            "notice": _NOTICE,
            "openssl": {"cryptography": _openssl(of_cryptography()), "python": _openssl(of_python())},
            "algorithms": _sorted_by_status(mode, {name: row.strength.fips for name, row in ALGORITHMS.items()}),
            "hashes": _sorted_by_status(mode, {name: hash_.fips for name, hash_ in HASHES.items()}),
            "password_hashing": _sorted_by_status(mode, {scheme.value: scheme.fips for scheme in Scheme}),
        }
    )


def _openssl(library: OpenSsl) -> dict[str, Any]:
    return {"version": library.version, "fips_provider_active": library.fips_provider_active}


def _sorted_by_status(mode: FipsMode, statuses: dict[str, Fips]) -> dict[str, list[str]]:
    """Names by their status, and ``refused``: those that can't protect new data in ``mode``."""
    shown = {
        status.value.replace("-", "_"): sorted(name for name, found in statuses.items() if found is status)
        for status in Fips
    }
    refused = [name for name, found in statuses.items() if found is not Fips.APPROVED]
    return {**shown, "refused": sorted(refused) if mode is FipsMode.ENABLED else []}
