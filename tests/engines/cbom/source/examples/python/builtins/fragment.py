# A part of a program, without its imports.
hashlib.md5(data)  # finds: use:MD5 weak-hash
ssl._create_unverified_context()  # finds: use:TLS disabled-certificate-check


def given(hashlib):
    hashlib.md5(b"")
