"""Groups of files: which of them are read together, or kept for the next group, changes nothing that is found."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from engines.cbom.source import scanning

FILES = {
    "src/lib.rs": "mod a;\nmod names;\nmod z;\n",
    "src/names.rs": "pub fn digest(data: &[u8]) -> Vec<u8> {\n    md5::compute(data).to_vec()\n}\n",
    "src/a.rs": "use crate::names::digest;\npub fn a(data: &[u8]) -> Vec<u8> {\n    digest(data)\n}\n",
    "src/z.rs": "pub fn z(data: &[u8]) -> Vec<u8> {\n    crate::names::digest(data)\n}\n",
    "src/aes.py": "from Crypto.Cipher import AES\n\n\ndef encrypts(key, iv, data):\n"
    "    return AES.new(key, AES.MODE_CBC, iv).encrypt(data)\n\n\n"
    "def others(key, iv, data):\n    return AES.new(key, AES.MODE_CBC, iv).encrypt(data)\n",
    "src/sealing.py": "import hmac\nfrom aes import encrypts, others\n\n\ndef seals(key, iv, data):\n"
    "    made = encrypts(key, iv, data)\n    return made + hmac.digest(key, made, 'sha256')\n\n\n"
    "def unsealed(key, iv, data):\n    return others(key, iv, data)\n",
    "tests/all.rs": "use names::digest;\n#[test]\nfn all() {\n    digest(md5::compute(b'a'));\n}\n",
}


@pytest.mark.parametrize(("group", "kept", "jobs"), [(48, 800, 1), (1, 800, 1), (1, 0, 1), (1, 800, 2), (2, 800, 5)])
def test_results_are_those_of_all_files_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int, kept: int, jobs: int
) -> None:
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    monkeypatch.setattr(scanning, "_GROUP", group)
    monkeypatch.setattr(scanning, "_LARGEST_GROUP", group)
    monkeypatch.setattr(scanning, "_MAX_KEPT", kept)
    found = scanning.scan([str(tmp_path / path) for path in FILES], jobs, lambda _done, _of: None)
    told = sorted(
        (Path(each.place.path).name, each.place.line, each.text[:6])
        for each in found.results
        if each.finding in ("weak-hash", "unauthenticated-mode")
    )
    assert told == [("aes.py", 9, "return"), ("all.rs", 4, "digest"), ("names.rs", 2, "md5::c")]


def test_which_process_takes_a_group_does_not_depend_on_time() -> None:
    with scanning._Pool(2, ["a.py"] * 100) as pool:
        took = list(pool.map_apart(process_of, [0, 1, 2, 3, 4], [30, 10, 5, 5, 30]))
    assert took[:2] == took[:1] * 2
    assert took[2:] == took[-1:] * 3
    assert took[0] != took[-1]


def process_of(number: int) -> int:
    if number == 0:
        time.sleep(0.2)  # Time enough for the other process to do all of its own.
    return os.getpid()
