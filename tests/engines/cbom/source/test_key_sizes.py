"""Sizes of keys that are a digest, a derived key or random data, or a part of one."""

from __future__ import annotations

import pytest

from tests.engines.cbom.source.examples import results_of

PROGRAM = """import hashlib, os
from Crypto.Cipher import AES

def seal(material, size):
    return AES.new({key}, AES.MODE_GCM)
"""


@pytest.mark.parametrize(
    ("key", "bits"),
    [
        ("hashlib.md5(material).digest()", 128),
        ("hashlib.sha256(material).digest()", 256),
        ("hashlib.sha256(material).digest()[:16]", 128),
        ("hashlib.sha512(material).digest()[32:]", 256),
        ("hashlib.sha512(material).digest()[8:size]", 0),
        ("hashlib.sha512(material).digest()[-16:]", 0),
        ("hashlib.pbkdf2_hmac('sha256', material, os.urandom(16), 600_000, 64)[:32]", 256),
        ("os.urandom(48)[0:24]", 192),
        ("os.urandom(size)[:16]", 128),
        ("material[size:]", 0),
    ],
)
def test_a_key_has_the_size_of_its_part(key: str, bits: int) -> None:
    results = results_of({"program.py": PROGRAM.format(key=key).encode()})
    assert {each.key_bits for each in results if each.algorithm == "AES"} == {bits}


GO_PROGRAM = """package program

import ("crypto/aes"; "crypto/cipher"; "io")

func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

func seal(source io.Reader) {
	made := make([]byte, 112)
	source.Read(made)
"""


def test_a_part_of_a_filled_buffer_has_its_own_size_however_often_a_function_passes_keys_on() -> None:
    calls = "".join(f"\tmust(aes.NewCipher(made[{start}:{start + 32}])).Size()\n" for start in range(40))
    cut = "\tcipher.NewCTR(must(aes.NewCipher(made[16:48])), made[:16])\n}\n"
    results = results_of({"program.go": f"{GO_PROGRAM}{calls}{cut}".encode()})
    assert {each.key_bits for each in results if each.algorithm == "AES" and not each.mode} == {256}
    assert [each.algorithm for each in results if each.mode == "CTR" and each.finding == "use"] == ["AES"]
