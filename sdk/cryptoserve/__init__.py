"""CryptoServe for applications: client code, independent of the server and its distribution.

from cryptoserve import CryptoServe

crypto = CryptoServe(app_name="payments", team="backend")
ciphertext = crypto.encrypt(b"4111-1111-1111-1111", context="card-data")
plaintext = crypto.decrypt(ciphertext, context="card-data")
"""

from __future__ import annotations

from cryptoserve.conflict import refuse_other_project

refuse_other_project()

from cryptoserve.aio import AsyncCryptoServe  # noqa: E402 - not with half of another project's modules
from cryptoserve.calls.names import associated_data  # noqa: E402
from cryptoserve.client import CryptoServe  # noqa: E402
from cryptoserve.errors import (  # noqa: E402
    BatchFailed,
    ContextNotFound,
    CryptoServeError,
    DecryptionFailed,
    InvalidResponse,
    LimitReached,
    PermissionDenied,
    PolicyRefused,
    RateLimited,
    Unavailable,
    UnsuitableKey,
)
from cryptoserve.local.bounds import Local  # noqa: E402
from cryptoserve.local.secure import SecureBytes  # noqa: E402

__all__ = [
    "AsyncCryptoServe",
    "BatchFailed",
    "ContextNotFound",
    "CryptoServe",
    "CryptoServeError",
    "DecryptionFailed",
    "InvalidResponse",
    "LimitReached",
    "Local",
    "PermissionDenied",
    "PolicyRefused",
    "RateLimited",
    "SecureBytes",
    "Unavailable",
    "UnsuitableKey",
    "associated_data",
]
