"""What applications sign: tokens (JWT), JWS, COSE and CMS, by keys that stay here."""

from engines.signing.engine import Signing

__all__ = ["Signing"]
