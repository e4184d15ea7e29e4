import hashlib
import hmac

from service import limits

from . import hmac as own
from .limits import NAME


def stored(password, salt, rounds=limits.ROUNDS):
    own.new(salt, password, "md5")
    hmac.new(salt, password, "md5")  # finds: use:HMAC-MD5 weak-hash
    hashlib.new(NAME)  # finds: use:MD5 weak-hash
    return hashlib.pbkdf2_hmac("sha256", password, salt, rounds)  # finds: use:PBKDF2 low-kdf-iterations
