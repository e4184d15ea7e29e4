"""The API of transit as one table."""

from __future__ import annotations

from engines.algorithms.registry import TRANSIT_ALGORITHMS
from engines.base import EngineType, Nothing, Page, Route, Row
from engines.base.operations import DELETE, LIST, READ, UPDATE
from engines.batches.items import DecryptItem, EncryptItem, RewrapItem
from engines.keys import certificates as key_certificates
from engines.keys import handlers as named_keys
from engines.keys.counting import usage
from engines.keys.policy import classification, compromise
from engines.keys.rules import KeyConfig
from engines.keys.settings import KeyName, KeyTrim
from engines.transfer import backups, exporting, importing
from engines.transit import agreement, byok, config, creation, jwks, keys, random, settings
from engines.transit.cipher import datakey, decrypt, derivedkeys, encrypt, rewrap, stream
from engines.transit.signature import cmac, hash, hmac, sign, verify
from engines.transit.state import Transit

# fmt: off
ROUTES: tuple[Row[Transit], ...] = (
    Route(LIST, "keys", named_keys.list_keys, Page, "List the keys.", writes=False),
    Route(READ, "keys/{name}", keys.read, keys.KeyReading, "Read a key's settings and versions.", writes=False),
    Route(UPDATE, "keys/{name}", keys.create, creation.KeyCreation, "Create a key."),
    Route(DELETE, "keys/{name}", named_keys.delete, KeyName, "Destroy a key."),
    Route(READ, "keys/{name}/jwks", jwks.read_jwks, jwks.JwksReading, "Read a key's public keys as a JWK set.",
          writes=False, bare=True, public_where=("jwks", "public")),
    Route(READ, "keys/{name}/usage", usage.read, usage.Usage, "Read the counts and times of use of a key's versions.",
          writes=False),
    Route(READ, "keys/{name}/classification", classification.read, KeyName, "Read how a key is classified.",
          writes=False),
    Route(UPDATE, "keys/{name}/classification", classification.write, classification.ClassificationBody,
          "Classify a key."),
    Route(UPDATE, "keys/{name}/compromised", compromise.mark, compromise.CompromiseBody,
          "Mark a version as compromised."),
    Route(UPDATE, "keys/{name}/config", config.configure, KeyConfig, "Change a key's settings."),
    Route(UPDATE, "keys/{name}/rotate", config.rotate, config.KeyRotation, "Rotate a key: make a new version."),
    Route(UPDATE, "keys/{name}/trim", config.trim, KeyTrim, "Destroy old versions of a key."),
    Route(DELETE, "keys/{name}/soft-delete", keys.soft_delete, KeyName, "Mark a key as deleted."),
    Route(UPDATE, "keys/{name}/soft-delete-restore", keys.soft_delete_restore, KeyName,
          "Remove the mark from a key marked as deleted."),

    Route(UPDATE, "encrypt/{name}", encrypt.encrypt, encrypt.Encryption, "Encrypt data.", exists=encrypt.exists,
          writes_on_update=False),
    Route(UPDATE, "decrypt/{name}", decrypt.decrypt, decrypt.Decryption, "Decrypt data.", writes=False),
    Route(UPDATE, "rewrap/{name}", rewrap.rewrap, rewrap.Rewrapping,
          "Re-encrypt ciphertexts with the latest or a given key version.", writes=False),
    Route(UPDATE, "datakey/{plaintext}/{name}", datakey.make, datakey.DataKey, "Generate a data key.", writes=False),
    Route(UPDATE, "datakeys/{plaintext}/{name}", datakey.make_several, datakey.DataKeys, "Generate several data keys.",
          writes=False),
    Route(UPDATE, "derivedkeys/{plaintext}/{name}", derivedkeys.derive, derivedkeys.DerivedKeys,
          "Derive data keys; equal requests derive equal keys.", writes=False),

    Route(UPDATE, "stream/encrypt/{name}", stream.encrypt, stream.Streaming, "Encrypt a stream of messages.",
          writes=False, item=EncryptItem),
    Route(UPDATE, "stream/decrypt/{name}", stream.decrypt, stream.Streaming, "Decrypt a stream of messages.",
          writes=False, item=DecryptItem),
    Route(UPDATE, "stream/rewrap/{name}", stream.rewrap, stream.Streaming, "Re-encrypt a stream of ciphertexts.",
          writes=False, item=RewrapItem),

    Route(UPDATE, "random", random.random, random.Random, "Generate random bytes.", writes=False),
    Route(UPDATE, "random/{segment:any}", random.random_by_segment, random.RandomBySegment,
          "Generate random bytes from a source, or a number of them.", writes=False),
    Route(UPDATE, "random/{source}/{urlbytes:any}", random.random, random.Random,
          "Generate a number of random bytes from a source.", writes=False),

    Route(UPDATE, "hash", hash.hash_data, hash.Hashing, "Hash data.", writes=False),
    Route(UPDATE, "hash/{urlalgorithm:any}", hash.hash_data, hash.Hashing, "Hash data with an algorithm.",
          writes=False),
    Route(UPDATE, "hmac/{name}", hmac.authenticate, hmac.Authentication, "Authenticate data.", writes=False),
    Route(UPDATE, "hmac/{name}/{urlalgorithm:any}", hmac.authenticate, hmac.Authentication,
          "Authenticate data with an algorithm.", writes=False),
    Route(UPDATE, "cmac/{name}", cmac.authenticate, cmac.Authentication, "Authenticate data with CMAC.", writes=False),
    Route(UPDATE, "cmac/{name}/{url_mac_length:any}", cmac.authenticate, cmac.Authentication,
          "Authenticate data with a CMAC of a given length.", writes=False),
    Route(UPDATE, "sign/{name}", sign.sign, sign.Signing, "Sign data.", writes=False),
    Route(UPDATE, "sign/{name}/{urlalgorithm:any}", sign.sign, sign.Signing, "Sign data with an algorithm.",
          writes=False),
    Route(UPDATE, "verify/{name}", verify.verify, verify.Verification, "Verify signatures or HMACs.", writes=False),
    Route(UPDATE, "verify/{name}/{urlalgorithm:any}", verify.verify, verify.Verification,
          "Verify signatures or HMACs with an algorithm.", writes=False),

    Route(READ, "wrapping_key", importing.read_wrapping_key, Nothing,
          "Read the public key that wraps keys for import."),
    Route(UPDATE, "keys/{name}/import", importing.import_key, importing.ImportedKey, "Import a key."),
    Route(UPDATE, "keys/{name}/import_version", importing.import_version, importing.ImportedUpdate,
          "Import a version of a key."),
    Route(READ, "export/{type:any}/{name}", exporting.export, exporting.Export, "Export a key.", writes=False),
    Route(READ, "export/{type:any}/{name}/{version:any}", exporting.export, exporting.Export, "Export a key's version.",
          writes=False),
    Route(READ, "byok-export/{destination}/{source}", byok.byok_export, byok.ByokExport,
          "Export a key, wrapped with another key.", writes=False),
    Route(READ, "byok-export/{destination}/{source}/{version:any}", byok.byok_export, byok.ByokExport,
          "Export a key's version, wrapped with another key.", writes=False),
    Route(READ, "backup/{name}", backups.back_up, KeyName, "Back up a key."),
    Route(UPDATE, "restore", backups.restore, backups.Restoration, "Restore a key."),
    Route(UPDATE, "restore/{name:path}", backups.restore, backups.Restoration, "Restore a key under another name."),
    Route(UPDATE, "keys/{name}/csr", key_certificates.request, key_certificates.CertificateRequest,
          "Make a certificate request (PKCS #10) for a key.", writes=False),
    Route(UPDATE, "keys/{name}/set-certificate", key_certificates.set_chain, key_certificates.CertificateChain,
          "Store a certificate chain with a key version."),
    Route(UPDATE, "derive-key/{name}", agreement.derive_key, agreement.Agreement,
          "Create a key by key agreement with another party's public key."),

    Route(READ, "config/keys", settings.read_keys, Nothing, "Read the settings for all keys.", writes=False),
    Route(UPDATE, "config/keys", settings.write_keys, settings.KeysConfig, "Replace the settings for all keys."),
    Route(READ, "cache-config", settings.read_cache, Nothing, "Read the cache's size.", writes=False),
    Route(UPDATE, "cache-config", settings.write_cache, settings.CacheConfig, "Set the cache's size."),
)
# fmt: on

TRANSIT = EngineType(
    type="transit",
    summary="Encryption as a service, with keys that stay in the server.",
    routes=ROUTES,
    open=Transit,
    eager=True,
    algorithms=tuple(TRANSIT_ALGORITHMS),
)
