"""Notes, checkpoints, keys, policies and proof files, held against the examples of their specifications.

``SPECIFICATION`` marks texts from https://github.com/C2SP/C2SP at commit 5ba5ee830903e91240fc6f9f3a7a9293d49e69c9.
"""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.audit.ledger.log.checkpoints import Checkpoint, parse_checkpoint, parse_checkpoint_text
from server.audit.ledger.log.hashes import EMPTY_ROOT, leaf_hash
from server.audit.ledger.log.keys import (
    BadSignature,
    NoteSigner,
    SignatureType,
    VerifierKey,
    cosigned_message,
    parse_verifier_key,
)
from server.audit.ledger.log.notes import BadNote, parse_note, signed_note
from server.audit.ledger.log.policy import check_signatures, parse_policy
from server.audit.ledger.log.proof_text import InclusionProof, parse_proof
from server.audit.ledger.log.proofs import BadProof

# SPECIFICATION: signed-note.md, "Example".
EXAMPLE_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
EXAMPLE_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()
# SPECIFICATION: the head of signed-note.md; its key isn't given.
POEM = """Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
""".encode()  # noqa: E501
# SPECIFICATION: tlog-cosignature.md; the first signature is that of tlog-checkpoint.md.
COSIGNED = """example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dlrDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==
""".encode()  # noqa: E501
# SPECIFICATION: tlog-cosignature.md, "Ed25519 signed message".
COSIGNED_MESSAGE = """cosignature/v1
time 1679315147
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=
"""
# SPECIFICATION: tlog-policy.md, "Example policy".
POLICY = """log <vkey>

witness X1 <vkey>
witness X2 <vkey>
witness X3 <vkey>
group X-witnesses 2 X1 X2 X3

witness Y1 <vkey>
witness Y2 <vkey>
witness Y3 <vkey>
group Y-witnesses any Y1 Y2 Y3

group X-and-Y all X-witnesses Y-witnesses
quorum X-and-Y
"""
# SPECIFICATION: tlog-proof.md, without its signatures, which are shortened there.
PROOF_HEAD = """c2sp.org/tlog-proof@v1
extra YWdlLXYxLjIuMS1kYXJ3aW4tYXJtNjQudGFyLmd6kYXJ3aW4tYXJ
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=
EKNzoDWG8LGC0Yp9o+sv3qllpMP9uHQ9B20KNL+Q1zs=
RoopEkOdqkYqMB4MJXrbt/hMjOxsVn0IrWjpz1ZMMes=
AHCioX9nLjsrse6YhjRRmk1WUEirVOLLRoOQ6vfO5vk=

example.com/fancylog
109482
sFodV/vSp5O8n9a8QpW6PRY97tfOSW5bsc2Xl/EQi08=
"""

CHECKPOINT = Checkpoint("example.com/log", 7, leaf_hash(b"seven"))
TYPES = list(SignatureType)
SIGNERS = {kind: NoteSigner.from_seed("example.com/log", kind, bytes([kind]) * 32) for kind in TYPES}


def log_note(*kinds: SignatureType, time: int = 1_800_000_000) -> bytes:
    text = CHECKPOINT.text()
    return signed_note(text, [SIGNERS[kind].sign(text, time) for kind in kinds])


def key_line(seed: int, keyword: str, kind: SignatureType = SignatureType.ED25519_COSIGNATURE) -> str:
    key = NoteSigner.from_seed("example.com/k", kind, bytes([seed]) * 32).verifier
    return f"{keyword} {key}"


def test_the_example_note_verifies() -> None:
    key, note = parse_verifier_key(EXAMPLE_KEY), parse_note(EXAMPLE_NOTE)
    assert (key.name, key.type, str(key)) == ("example.com/foo", SignatureType.ED25519, EXAMPLE_KEY)
    (signature,) = note.signatures
    assert (signature.name, signature.key_id) == (key.name, key.key_id)
    assert key.verify(note.text, signature.signature) is None
    with pytest.raises(BadSignature):
        key.verify(note.text.replace("example", "exemple"), signature.signature)


@pytest.mark.parametrize("content", [EXAMPLE_NOTE, POEM, COSIGNED])
def test_the_examples_are_read_and_written_alike(content: bytes) -> None:
    assert str(parse_note(content)).encode() == content


def test_the_example_cosignature_is_read() -> None:
    checkpoint, note = parse_checkpoint(COSIGNED)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    time = int.from_bytes(note.signatures[1].signature[:8], "big")
    key = NoteSigner.from_seed("w", SignatureType.ED25519_COSIGNATURE, bytes(32))
    assert cosigned_message(key, note.text, time) == COSIGNED_MESSAGE.encode()


def test_the_message_of_an_ml_dsa_cosignature() -> None:
    """By the structure in tlog-cosignature.md: label, name, time, origin, start, end, hash."""
    message = cosigned_message(SIGNERS[SignatureType.ML_DSA_44_COSIGNATURE], CHECKPOINT.text(), 5)
    name = b"\x0fexample.com/log"
    assert message == b"subtree/v1\n\0" + name + bytes(7) + b"\5" + name + bytes(15) + b"\7" + CHECKPOINT.root


@pytest.mark.parametrize("kind", TYPES)
def test_signatures_of_each_type(kind: SignatureType) -> None:
    checkpoint, note = parse_checkpoint(log_note(kind))
    assert checkpoint == CHECKPOINT
    key = parse_verifier_key(str(SIGNERS[kind].verifier))
    (signature,) = note.signatures
    assert signature.key_id == key.key_id
    time = key.verify(note.text, signature.signature)
    assert time == (None if kind is SignatureType.ED25519 else 1_800_000_000)
    for at in range(0, len(signature.signature), 97):
        altered = bytearray(signature.signature)
        altered[at] ^= 1
        with pytest.raises(BadSignature):
            key.verify(note.text, bytes(altered))
    for text in (note.text.replace("7", "8"), note.text.replace("log", "lag"), "no checkpoint\n"):
        with pytest.raises(BadSignature):
            key.verify(text, signature.signature)
    with pytest.raises(BadSignature, match="another length"):
        key.verify(note.text, signature.signature + b"\0")


@pytest.mark.parametrize(
    "content",
    [
        EXAMPLE_NOTE[:-1],
        EXAMPLE_NOTE.replace(b"\n\n", b"\n"),
        EXAMPLE_NOTE + b"\n",
        EXAMPLE_NOTE.replace(b"Uw2Q", b"Uw2Q\r"),
        EXAMPLE_NOTE.replace(b"This", b"\xff"),
        EXAMPLE_NOTE.replace(b"This", b"\x1b"),
        EXAMPLE_NOTE.replace("—".encode(), b"-"),
        EXAMPLE_NOTE.replace(b"foo Uw2Q", b"foo  Uw2Q"),
        EXAMPLE_NOTE.replace(b"foo Uw2Q", b"fo+ Uw2Q"),
        EXAMPLE_NOTE.replace(b"foo Uw2Q", "foo\N{NO-BREAK SPACE} Uw2Q".encode()),
        EXAMPLE_NOTE.replace(b"QM=\n", b"QN=\n"),
        EXAMPLE_NOTE.replace(b"QM=\n", b"QM\n"),
        b"text\n\n\xe2\x80\x94 a AAAAAA==\n",
        b"text\n\n" + b"\xe2\x80\x94 a AAAAAAA=\n" * 65,
        b"",
    ],
)
def test_notes_in_another_form_are_refused(content: bytes) -> None:
    with pytest.raises(BadNote):
        parse_note(content)


@pytest.mark.parametrize(
    "text",
    [
        "", "a\n1\n", "a\n01\nROOT\n", "a\n+1\nROOT\n", "a\n-1\nROOT\n", "a\n1 \nROOT\n", "\n1\nROOT\n", "a\n1\nROOT",
        "a\n1\nROOT\n\n", "a\n1\nROOT\n\nb\n", "a\n9223372036854775808\nROOT\n", "a\n1\nAAAA\n", "a\n\nROOT\n",
        "a\n\u0663\nROOT\n", "a\n1_0\nROOT\n",
    ],
)  # fmt: skip
def test_checkpoints_in_another_form_are_refused(text: str) -> None:
    root = base64.b64encode(EMPTY_ROOT).decode()
    assert parse_checkpoint_text(f"a\n0\n{root}\n") == Checkpoint("a", 0, EMPTY_ROOT)
    with pytest.raises(BadNote):
        parse_checkpoint_text(text.replace("ROOT", root))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=20), st.integers(0, 2**63 - 1))
def test_checkpoints_round_trip(origin: str, size: int) -> None:
    checkpoint = Checkpoint(origin, size, EMPTY_ROOT, ("more",))
    assert parse_checkpoint_text(checkpoint.text()) == checkpoint


@given(st.binary(max_size=200))
def test_whatever_is_read_is_written_alike(content: bytes) -> None:
    signature = b"\n\n\xe2\x80\x94 a AAAAAAA=\n"
    for candidate in (content, content + signature):
        try:
            note = parse_note(candidate)
        except BadNote:
            continue
        assert str(note).encode() == candidate


@pytest.mark.parametrize(
    "text",
    [
        "", "a", "a+b", EXAMPLE_KEY.replace("530d", "530D"), EXAMPLE_KEY.replace("530d", "530e"), EXAMPLE_KEY + "=",
        EXAMPLE_KEY.replace("example", "exa mple"), EXAMPLE_KEY.replace("Ae", "Ae\n"), EXAMPLE_KEY[:-4],
        "a+00000000+", "a+00000000+AgAA",
    ],
)  # fmt: skip
def test_verifier_keys_in_another_form_are_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_verifier_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a" * 256])
def test_names_that_keys_cannot_have(name: str) -> None:
    with pytest.raises(BadNote):
        NoteSigner.from_seed(name, SignatureType.ED25519, bytes(32))


def specified_policy() -> bytes:
    seeds = iter(range(1, 20))

    def key(match: re.Match[str]) -> str:
        kind = SignatureType.ED25519 if match[1].startswith("log") else SignatureType.ED25519_COSIGNATURE
        return key_line(next(seeds), match[1], kind)

    return re.sub(r"(.*) <vkey>", key, POLICY).encode()


@pytest.mark.parametrize(
    ("witnesses", "expected"),
    [
        ("X1 X2 Y1", True), ("X1 X3 Y3", True), ("X1 X2 X3 Y1 Y2 Y3", True), ("X1 Y1", False), ("X1 X2 X3", False),
        ("Y1 Y2 Y3 X2", False), ("", False), ("X-witnesses Y-witnesses", True),
    ],
)  # fmt: skip
def test_the_example_policy(witnesses: str, expected: bool) -> None:
    assert parse_policy(specified_policy()).is_met(set(witnesses.split())) is expected


def test_a_policy_without_witnesses() -> None:
    logs = f"{key_line(1, 'log', SignatureType.ED25519)}\n# comment \xe9\n \t\n"
    for text in (logs, f"{logs}quorum none\n"):
        policy = parse_policy(text.encode("latin-1"))
        assert policy.is_met(set())
        assert len(policy.logs) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "a policy has a quorum line"),
        ("W1", "a policy has a quorum line"),
        ("quorum none\nquorum none", "line 2: a policy has one quorum line"),
        ("quorum W", "line 1: the quorum isn't defined above it"),
        ("quorum W\nW1", "line 1: the quorum"),
        ("W1\nW1", "line 2: a name is defined twice"),
        ("W1\nSAME", "line 2: a key stands twice"),
        ("witness none KEY\nquorum none", "line 1: a name is defined twice, or is none"),
        ("W1\ngroup g 2 W", "line 2: the number is too large"),
        ("W1\ngroup g 0 W", "line 2: a group takes one"),
        ("W1\ngroup g 01 W", "line 2: expected a decimal"),
        ("W1\ngroup g any", "line 2: expected log"),
        ("W1\ngroup g any W W", "line 2: a name is a member of one group"),
        ("W1\ngroup g any W\ngroup h any W", "line 3: a name is a member of one group"),
        ("W1\ngroup g any h", "line 2: a group has members"),
        ("W1\ngroup g any none", "line 2: a group has members"),
        ("log LOGKEY\nlog LOGKEY\nquorum none", "line 2: a key stands twice"),
        ("log KEY\nquorum none", "line 1: a key for Ed25519 cosignature isn't for this"),
        ("witness W LOGKEY\nquorum none", "line 1: a key for Ed25519 isn't for this"),
        ("log\x0bx\nquorum none", "no control characters"),
        ("log\r\nquorum none", "no control characters"),
        ("mirror x", "line 1: expected log"),
    ],
)
def test_policies_that_are_refused(text: str, expected: str) -> None:
    witness = key_line(1, "witness W")
    text = text.replace("W1", witness).replace("SAME", witness.replace("witness W", "witness V"))
    text = text.replace("LOGKEY", key_line(1, "", SignatureType.ED25519)).replace("KEY", key_line(1, ""))
    with pytest.raises(BadNote, match=expected):
        parse_policy(text.encode())


def test_signatures_are_judged_by_the_policy() -> None:
    witness = NoteSigner.from_seed("w.example", SignatureType.ED25519_COSIGNATURE, bytes(32))
    stranger = NoteSigner.from_seed("stranger.example", SignatureType.ED25519, bytes(32))
    lines = [f"log {SIGNERS[kind].verifier}" for kind in (SignatureType.ED25519, SignatureType.ML_DSA_44_COSIGNATURE)]
    policy = parse_policy("\n".join([*lines, f"witness W {witness.verifier}", "quorum W"]).encode())
    text = CHECKPOINT.text()
    signers = [*(SIGNERS[log.key.type] for log in policy.logs), witness, stranger]
    note = parse_note(signed_note(text, [signer.sign(text, 9) for signer in signers]))
    checked = check_signatures(note, policy)
    assert [(one.valid, one.is_log, one.witness, one.time) for one in checked] == [
        (True, True, None, None), (True, True, None, 9), (True, False, "W", 9), (False, False, None, None),
    ]  # fmt: skip
    assert [one.key for one in checked] == [*(signer.verifier for signer in signers[:3]), None]
    altered = parse_note(str(note).replace("example.com/log\n7", "example.com/log\n8").encode())
    assert not any(one.valid for one in check_signatures(altered, policy))


def test_the_example_proof_is_read() -> None:
    text = f"{PROOF_HEAD}\n— example.com/fancylog AAAAAAA=\n"
    proof = parse_proof(text.encode())
    assert (proof.index, len(proof.hashes), proof.checkpoint.size) == (73894, 5, 109482)
    assert str(proof) == text
    with pytest.raises(BadProof, match="too short"):
        proof.check(bytes(32))


@pytest.mark.parametrize("extra", [None, b"", b"entry"])
def test_proofs_round_trip(extra: bytes | None) -> None:
    checkpoint, note = parse_checkpoint(log_note(SignatureType.ED25519))
    proof = InclusionProof(3, (leaf_hash(b"a"), leaf_hash(b"b")), checkpoint, note, extra)
    assert parse_proof(str(proof).encode()) == proof


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("@v1", "@v2"), ("index 3", "index 03"), ("index 3", "index -3"), ("index 3\n", ""), ("extra ", "extra"),
        ("extra ZQ==", "extra ZR=="), ("\n\nexample", "\nexample"), ("index 3\n", "index 3\nAAAA\n"),
        ("index 3\n", "index 3\n" + "ypeBEsobvcr6wjGzmiPcTaeG7/gUfE5yuYB3ha/uSLs=\n" * 64), ("index 3", "index 3\r"),
        ("extra ZQ==\n", "extra ZQ==\nextra ZQ==\n"),
    ],
)  # fmt: skip
def test_proofs_in_another_form_are_refused(old: str, new: str) -> None:
    checkpoint, note = parse_checkpoint(log_note(SignatureType.ED25519))
    text = str(InclusionProof(3, (), checkpoint, note, b"e"))
    assert old in text
    with pytest.raises(BadNote):
        parse_proof(text.replace(old, new, 1).encode())


def test_key_bytes_do_not_show() -> None:
    signer = SIGNERS[SignatureType.ED25519]
    assert (b"\1" * 32).hex() not in repr(signer)
    assert isinstance(signer.verifier, VerifierKey)
