"""Writes docs/algorithms.md from the registry: ``python -m tests.house.documents.algorithm_document``.

What depends on the machine it is written on, such as which providers are installed, isn't told there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Algorithm, Primitive

PATH = Path(__file__).parents[3] / "docs/algorithms.md"

_HEAD = """\
# Algorithms

Every algorithm that keys can be of, with its facts, as the registry in `engines/algorithms` has them. This page is
written by `make docs`; a test fails when it isn't up to date.

A running server tells the same in `sys/algorithms`, with the providers that it has. `LIST sys/algorithms` answers
the names as `keys` with the facts of each as `key_info`; `sys/algorithms/NAME` shows one, and is 404 for another name.
Every namespace answers alike, to tokens whose policies grant `read` or `list` on the path. A name doesn't change. It is
the key type or, where parameters divide that, longer: `ml-dsa-65` is `type=ml-dsa` with `parameter_set=65` (`key_type`,
`key_type_parameters`). Besides what stands in the tables, there are

* `family`: the standard's; of a hybrid those of both halves, with `+` between them;
* `operations`: what requests do with such keys (`encrypt`, `decrypt`, `sign`, `verify`, `hmac`, `cmac`, `encapsulate`,
  `decapsulate`, and `agree` for the agreement in `derive-key`);
* `engines`: the types of engines that make such keys;
* `parameter_set_name`: the parameter set in the words of the standard (`ML-KEM-1024`);
* `size_bits`: the size by which the standard tells it from its relatives (a key of a cipher, a modulus, a curve; of a
  hybrid that of the classical half), 0 where it has parameter sets alone;
* `key_bytes_chosen`: the least and the most bytes of a key whose length is chosen when it is made.

```sh
export BAO_ADDR=http://127.0.0.1:8200 BAO_TOKEN=root

bao list sys/algorithms
bao read sys/algorithms/aes256-gcm96
```

Sizes are in bytes; of signatures that vary in length it is the most. *Classical* is the strength against computers of
today in bits (SP 800-57), *quantum* NIST's category against quantum computers, 1 to 5, or none. *FIPS* says whether
FIPS 140-3 knows the algorithm as approved, which doesn't make this software a validated module. *Until* is the last
year in which NIST allows the algorithm, in brackets the last in which it doesn't deprecate it (IR 8547, draft), and
*CNSA 2.0* says whether the suite for US national security systems has it.
"""
_TITLES = {
    Primitive.AEAD: "Authenticated encryption",
    Primitive.BLOCK_CIPHER: "Encryption without authentication",
    Primitive.MAC: "Message authentication",
    Primitive.PUBLIC_KEY_ENCRYPTION: "Public-key encryption and signatures",
    Primitive.SIGNATURE: "Signatures",
    Primitive.KEY_ENCAPSULATION: "Key encapsulation",
}
_COLUMNS: dict[Primitive, tuple[str, ...]] = {
    Primitive.AEAD: ("key", "nonce", "tag"),
    Primitive.BLOCK_CIPHER: ("key", "nonce"),
    Primitive.MAC: ("key",),
    Primitive.PUBLIC_KEY_ENCRYPTION: ("signature",),
    Primitive.SIGNATURE: ("public key", "signature"),
    Primitive.KEY_ENCAPSULATION: ("public key", "ciphertext"),
}


def document() -> str:
    """The whole page."""
    parts = [_HEAD]
    for primitive, title in _TITLES.items():
        rows = [row for row in ALGORITHMS.values() if row.primitive is primitive]
        if rows:
            parts.append(f"## {title}\n")
            parts.append("\n".join(_table(primitive, rows)) + "\n")
    return "\n".join(parts)


def _table(primitive: Primitive, rows: Iterable[Algorithm]) -> Iterator[str]:
    sizes = _COLUMNS[primitive]
    head = ("type", "parameters", "standard", "set", *sizes, "classical", "quantum", "FIPS", "until", "CNSA 2.0", "OID")
    yield f"| {' | '.join(head)} |"
    yield f"|{' --- |' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(_cells(row, sizes))} |"


def _cells(row: Algorithm, sizes: Iterable[str]) -> Iterator[str]:
    yield f"`{row.key_type}`"
    yield ", ".join(f"`{name}={value}`" for name, value in row.type_parameters.items())
    yield row.standard
    yield row.parameter_set
    known = {
        "key": "chosen" if row.sizes.key_bytes_chosen is not None else row.sizes.key_bytes,
        "nonce": row.sizes.nonce_bytes,
        "tag": row.sizes.tag_bytes,
        "public key": row.sizes.public_key_bytes,
        "signature": row.sizes.signature_bytes,
        "ciphertext": row.sizes.ciphertext_bytes,
    }
    for size in sizes:
        yield str(known[size])
    yield str(row.strength.classical_bits)
    yield str(row.strength.quantum_category) if row.strength.quantum_category else "none"
    yield row.strength.fips.value
    transition = row.transition
    until = str(transition.disallowed_after) if transition.disallowed_after else ""
    yield f"{until} ({transition.deprecated_after})" if transition.deprecated_after else until
    yield "yes" if row.strength.cnsa_2 else ""
    yield row.object_identifier


if __name__ == "__main__":
    PATH.write_text(document(), encoding="utf-8")
