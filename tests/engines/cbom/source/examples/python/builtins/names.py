NAMES = {"old": "md5", "new": "sha256"}
PREFERRED = "SHA-512".replace("-", "").lower()


def name_of(kind):
    return NAMES[kind]
