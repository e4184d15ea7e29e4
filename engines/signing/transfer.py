"""Import and export of keys, limited to types that sign."""

from __future__ import annotations

from msgspec import UNSET, UnsetType
from msgspec.structs import asdict

from engines.algorithms.registry import DEFAULT_SIGNING_ALGORITHM
from engines.base import Call, Reply
from engines.faults import InvalidRequest
from engines.fields import Duration, KeyValues
from engines.keys.handlers import ParameterSetName
from engines.signing.creation import NEW_KEY_TELLS
from engines.signing.state import Signing
from engines.transfer import exporting, importing

_EXPORTS = ("signing-key", "public-key", "certificate-chain")


class ImportedKey(importing.ImportedVersion):
    """A key to import, and its settings."""

    type: str = DEFAULT_SIGNING_ALGORITHM.name
    parameter_set: ParameterSetName = ""
    hybrid_key_type_pqc: str = ""
    hybrid_key_type_ec: str = ""
    exportable: bool = False
    allow_plaintext_backup: bool = False
    allow_rotation: bool = False
    auto_rotate_period: Duration = 0
    data_class: str | UnsetType = UNSET
    labels: KeyValues | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    shelf_life_years: int | UnsetType = UNSET

    tells = {**NEW_KEY_TELLS, "allow_rotation": "Allow rotation of an imported key by the server."}


async def import_key(engine: Signing, call: Call, body: ImportedKey) -> None:
    """Create a key from an import."""
    await importing.import_key(engine, call, importing.ImportedKey(**asdict(body)))


async def export(engine: Signing, call: Call, body: exporting.Export) -> Reply:
    """Return a key's versions as text, by number."""
    if body.type not in _EXPORTS:
        raise InvalidRequest(f"invalid export type: {body.type}")
    return await exporting.export(engine, call, body)
