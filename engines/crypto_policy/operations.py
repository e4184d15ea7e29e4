"""Operations that a crypto policy can name, and their classes."""

from __future__ import annotations

from enum import Enum


class OperationClass(Enum):
    """The effect of an operation."""

    PROTECT = "protect"
    """Makes new ciphertexts, signatures, codes or shared secrets."""

    PROCESS = "process"
    """Works on existing data: rules on ``protect`` don't apply, so that old data can be decrypted."""

    COPY = "copy"
    """Lets key material leave the server."""

    MANAGE = "manage"
    """Makes, changes or deletes a key."""


class CryptoOperation(Enum):
    """One operation, as rules, answers and audit entries spell it. Rewrapping is ``DECRYPT`` and then ``ENCRYPT``."""

    ENCRYPT = "encrypt"
    DATAKEY = "datakey"
    DERIVED_KEYS = "derivedkeys"
    SIGN = "sign"
    HMAC = "hmac"
    CMAC = "cmac"
    ENCAPSULATE = "encapsulate"
    AGREE = "agree"
    ISSUE_TOKEN = "issue-token"  # noqa: S105 - a word, not a secret

    DECRYPT = "decrypt"
    VERIFY = "verify"
    DECAPSULATE = "decapsulate"
    HASH = "hash"

    EXPORT = "export"
    BYOK_EXPORT = "byok-export"
    BACKUP = "backup"

    CREATE = "create"
    IMPORT = "import"
    RESTORE = "restore"
    ROTATE = "rotate"
    CONFIGURE = "configure"
    DELETE = "delete"

    # ``Enum``'s own is written in Python, and verdicts are looked up by operation on every request.
    __hash__ = object.__hash__


_OF_CLASS = {
    OperationClass.PROTECT: (
        CryptoOperation.ENCRYPT,
        CryptoOperation.DATAKEY,
        CryptoOperation.DERIVED_KEYS,
        CryptoOperation.SIGN,
        CryptoOperation.HMAC,
        CryptoOperation.CMAC,
        CryptoOperation.ENCAPSULATE,
        CryptoOperation.AGREE,
        CryptoOperation.ISSUE_TOKEN,
    ),
    OperationClass.PROCESS: (
        CryptoOperation.DECRYPT,
        CryptoOperation.VERIFY,
        CryptoOperation.DECAPSULATE,
        CryptoOperation.HASH,
    ),
    OperationClass.COPY: (CryptoOperation.EXPORT, CryptoOperation.BYOK_EXPORT, CryptoOperation.BACKUP),
    OperationClass.MANAGE: (
        CryptoOperation.CREATE,
        CryptoOperation.IMPORT,
        CryptoOperation.RESTORE,
        CryptoOperation.ROTATE,
        CryptoOperation.CONFIGURE,
        CryptoOperation.DELETE,
    ),
}

CLASS_OF = {operation: class_ for class_, operations in _OF_CLASS.items() for operation in operations}
"""The class of each operation."""

WORDS = {operation: operation.value for operation in CryptoOperation}
"""Each operation as rules spell it: ``value`` takes half a microsecond, which every request would pay."""
