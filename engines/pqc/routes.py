"""The API of ``pqc`` as one table, in transit's style."""

from __future__ import annotations

from engines.algorithms.registry import KEM_ALGORITHMS
from engines.base import EngineType, Nothing, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE
from engines.keys import handlers as named_keys
from engines.keys.counting import usage
from engines.keys.policy import classification, compromise
from engines.keys.rules import KeyConfig
from engines.keys.settings import KeyName, KeyTrim
from engines.pqc import backup, creation, encapsulation, export, importing, keys, messages
from engines.pqc.state import Pqc

# fmt: off
ROUTES: tuple[Row[Pqc], ...] = (
    Route(LIST, "keys", named_keys.list_keys, Page, "List the keys.", writes=False),
    Route(READ, "keys/{name}", keys.read, KeyName, "Read a key's settings and its public keys.", writes=False),
    Route(UPDATE, "keys/{name}", keys.create, creation.KeyCreation, "Create a key."),
    Route(DELETE, "keys/{name}", named_keys.delete, KeyName, "Destroy a key."),
    Route(READ, "keys/{name}/usage", usage.read, usage.Usage, "Read the counts and times of use of a key's versions.",
          writes=False),
    Route(READ, "keys/{name}/classification", classification.read, KeyName, "Read how a key is classified.",
          writes=False),
    Route(UPDATE, "keys/{name}/classification", classification.write, classification.ClassificationBody,
          "Classify a key."),
    Route(UPDATE, "keys/{name}/compromised", compromise.mark, compromise.CompromiseBody,
          "Mark a version as compromised."),
    Route(UPDATE, "keys/{name}/config", keys.configure, KeyConfig, "Change a key's settings."),
    Route(UPDATE, "keys/{name}/rotate", keys.rotate, KeyName, "Rotate a key: make a new version."),
    Route(UPDATE, "keys/{name}/trim", keys.trim, KeyTrim, "Destroy old versions of a key."),

    Route(UPDATE, "encapsulate/{name}", encapsulation.encapsulate, encapsulation.Encapsulating,
          "Encapsulate: make a shared secret and its ciphertext.", writes=False),
    Route(UPDATE, "decapsulate/{name}", encapsulation.decapsulate, encapsulation.Decapsulating,
          "Decapsulate: return the shared secret of a ciphertext.", writes=False),
    Route(UPDATE, "encrypt/{name}", messages.encrypt, messages.Encryption, "Encrypt data.", writes=False),
    Route(UPDATE, "decrypt/{name}", messages.decrypt, messages.Decryption, "Decrypt data.", writes=False),

    Route(READ, "wrapping_key", importing.read_wrapping_key, Nothing,

          "Read the public key that wraps keys for import."),
    Route(UPDATE, "keys/{name}/import", importing.import_key, importing.ImportedKey, "Import a key."),
    Route(UPDATE, "keys/{name}/import_version", importing.import_version, importing.ImportedUpdate,
          "Import a version of a key."),
    Route(READ, "export/{type:any}/{name}", export.export, export.Export, "Export a key.", writes=False),
    Route(READ, "export/{type:any}/{name}/{version:any}", export.export, export.Export, "Export a key's version.",
          writes=False),
    Route(READ, "backup/{name}", backup.back_up, KeyName, "Back up a key."),
    Route(UPDATE, "restore", backup.restore, backup.Restoration, "Restore a key."),
    Route(UPDATE, "restore/{name:path}", backup.restore, backup.Restoration, "Restore a key under another name."),
)
# fmt: on

PQC = EngineType(
    type="pqc",
    summary="Post-quantum keys that encapsulate secrets and encrypt messages.",
    routes=ROUTES,
    open=Pqc,
    eager=True,
    algorithms=tuple(KEM_ALGORITHMS),
)
