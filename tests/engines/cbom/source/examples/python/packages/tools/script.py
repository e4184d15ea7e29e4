import hashlib

import hmac

hmac.new(b"a key of the program")
hashlib.md5(b"x")  # finds: use:MD5 weak-hash
