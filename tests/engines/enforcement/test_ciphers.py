"""Encrypting and decrypting ask the gate for what is really executed, and record that; a refusal changes nothing."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

import pytest

from engines.algorithms.registry import TRANSIT_ALGORITHMS
from engines.base import Operation
from engines.batches.items import DecryptItem, EncryptItem, RewrapItem
from engines.crypto_policy.facts import RequestFacts
from engines.crypto_policy.gate import PolicyRefused
from engines.crypto_policy.operations import CryptoOperation
from engines.crypto_policy.uses import MAX_USES
from engines.faults import Fault, InvalidRequest
from tests.engines.driver import Driver, make_keys
from tests.engines.enforcement.gates import REFUSED, RecordingGate, everything

ENCRYPT, DECRYPT = CryptoOperation.ENCRYPT, CryptoOperation.DECRYPT
HELLO = base64.b64encode(b"hello").decode()
BLOCK = base64.b64encode(bytes(32)).decode()
ENCRYPTING = [name for name, row in TRANSIT_ALGORITHMS.items() if row.encrypts]


def uses(transit: Driver) -> list[tuple[str, int, int, int]]:
    """What was recorded of the last call: the algorithm, the version, how many uses, and how many of them failed."""
    assert transit.call is not None and transit.call.crypto is not None
    return [(use.algorithm, use.key_version, use.count, use.failed) for use in transit.call.crypto.told()]


async def key_of_two_versions(transit: Driver, gate: RecordingGate, **parameters: Any) -> list[str]:
    """Give the engine a key ``k`` with two versions, and answer a ciphertext of each."""
    await make_keys(transit, {"k": parameters})
    made = [(await transit.write("encrypt/k", plaintext=BLOCK))["ciphertext"]]
    await transit.write("keys/k/rotate")
    made.append((await transit.write("encrypt/k", plaintext=BLOCK))["ciphertext"])
    gate.asked.clear()
    return made


@pytest.mark.parametrize("algorithm", ENCRYPTING)
async def test_the_version_and_the_options_that_run_are_asked_for(
    transit: Driver, gate: RecordingGate, algorithm: str
) -> None:
    old, _ = await key_of_two_versions(transit, gate, type=algorithm)
    await transit.write("encrypt/k", plaintext=BLOCK, type="aes128-gcm96", key_version=1)
    await transit.write("encrypt/k", plaintext=BLOCK)
    await transit.write("decrypt/k", ciphertext=old, key_version=2)
    assert gate.short == [("encrypt", algorithm, 1), ("encrypt", algorithm, 2), ("decrypt", algorithm, 1)]
    rsa = TRANSIT_ALGORITHMS[algorithm].capabilities.encryption is not None
    scheme = {"scheme": "oaep", "hash": "sha2-256"} if rsa else {}
    payload = len(base64.b64decode(old.split(":")[2]))
    assert [asked.request for asked in gate.asked] == [
        RequestFacts(input_bytes=32, **scheme),  # type: ignore[arg-type]
        RequestFacts(input_bytes=32, **scheme),  # type: ignore[arg-type]
        RequestFacts(input_bytes=payload, **scheme),  # type: ignore[arg-type]
    ]
    assert uses(transit) == [(algorithm, 1, 1, 0)]


async def test_options_of_rsa_are_those_that_run(transit: Driver, gate: RecordingGate) -> None:
    await key_of_two_versions(transit, gate, type="rsa-2048")
    made = await transit.write("encrypt/k", plaintext=HELLO, hash_algorithm="sha2-512")
    await transit.write("decrypt/k", ciphertext=made["ciphertext"], hash_algorithm="sha2-512")
    text = made["ciphertext"]
    await transit.write("decrypt/k", ciphertext=text, padding_scheme="pkcs1v15", hash_algorithm="sha1")
    assert [(asked.request.scheme, asked.request.hash) for asked in gate.asked] == [
        ("oaep", "sha2-512"),
        ("oaep", "sha2-512"),
        ("pkcs1v15", ""),
    ]


async def test_associated_data_is_seen(transit: Driver, gate: RecordingGate) -> None:
    await key_of_two_versions(transit, gate)
    made = await transit.write("encrypt/k", plaintext=HELLO, associated_data=HELLO)
    await transit.write("decrypt/k", ciphertext=made["ciphertext"], associated_data=HELLO)
    assert [asked.request.has_associated_data for asked in gate.asked] == [True, True]
    assert transit.call is not None and transit.call.crypto is not None
    assert transit.call.crypto.uses[0].variant == "associated-data"


@pytest.mark.parametrize("settles", [True, False])
async def test_items_of_a_batch_are_judged_by_their_own_versions(
    transit: Driver, gate: RecordingGate, settles: bool
) -> None:
    old, new = await key_of_two_versions(transit, gate)
    gate.settles = settles
    gate.refuses = lambda asked: asked.key is not None and not asked.key.is_latest
    items = [{"plaintext": HELLO, "key_version": version} for version in (0, 1, 2)]
    answer = await transit.invoke(Operation.UPDATE, "encrypt/k", batch_input=items)
    assert answer.status == 400 and answer.data is not None
    results = answer.data["batch_results"]
    assert [result.get("error") for result in results] == [None, REFUSED, None]
    assert [result.get("key_version") for result in results] == [2, None, 2]
    assert uses(transit) == [("aes256-gcm96", 2, 2, 0), ("aes256-gcm96", 1, 1, 1)]
    answer = await transit.invoke(
        Operation.UPDATE, "decrypt/k", batch_input=[{"ciphertext": text} for text in (old, new, old)]
    )
    assert answer.status == 400 and answer.data is not None
    assert [result.get("error") for result in answer.data["batch_results"]] == [REFUSED, None, REFUSED]
    assert uses(transit) == [("aes256-gcm96", 1, 2, 2), ("aes256-gcm96", 2, 1, 0)]


async def test_a_gate_that_looks_at_requests_is_asked_for_each_item(transit: Driver, gate: RecordingGate) -> None:
    await key_of_two_versions(transit, gate)
    gate.settles = False
    gate.refuses = lambda asked: asked.request.input_bytes > 5
    items = [{"plaintext": HELLO}, {"plaintext": BLOCK}, {"plaintext": HELLO, "associated_data": HELLO}]
    answer = await transit.invoke(Operation.UPDATE, "encrypt/k", batch_input=items)
    assert answer.data is not None
    assert ["error" in result for result in answer.data["batch_results"]] == [False, True, False]
    made = [{"ciphertext": r["ciphertext"]} for r in answer.data["batch_results"] if "ciphertext" in r]
    assert [asked.request.has_associated_data for asked in gate.asked] == [False, False, True]
    gate.asked.clear()
    gate.refuses = lambda asked: False
    await transit.invoke(Operation.UPDATE, "decrypt/k", batch_input=[made[0], {**made[1], "associated_data": HELLO}])
    assert {asked.request.has_associated_data for asked in gate.asked} == {False, True}


async def test_a_gate_that_looks_at_keys_alone_is_asked_once_for_a_version(
    transit: Driver, gate: RecordingGate
) -> None:
    old, new = await key_of_two_versions(transit, gate)
    await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 50)
    await transit.write("decrypt/k", batch_input=[{"ciphertext": old}, {"ciphertext": new}] * 50)
    assert gate.short == [
        ("encrypt", "aes256-gcm96", 2),
        ("decrypt", "aes256-gcm96", 1),
        ("decrypt", "aes256-gcm96", 2),
    ]


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("encrypt/k", {"plaintext": HELLO}),
        ("encrypt/k", {"batch_input": [{"plaintext": HELLO}] * 3}),
        ("encrypt/new", {"plaintext": HELLO}),
        ("encrypt/new", {"batch_input": [{"plaintext": HELLO}] * 3}),
        ("datakey/plaintext/k", {}),
        ("datakeys/plaintext/k", {"count": 3}),
        ("derivedkeys/plaintext/k", {"salt": "s", "key_index_from": 0, "key_index_to": 3}),
        ("rewrap/k", {"ciphertext": "{old}"}),
        ("rewrap/k", {"batch_input": [{"ciphertext": "{old}"}] * 3}),
        ("rewrap/k", {"batch_input": [{"ciphertext": "{old}", "key_version": 2}] * 3}),
    ],
)
async def test_a_refusal_stores_and_counts_nothing(
    transit: Driver, gate: RecordingGate, path: str, parameters: dict[str, Any]
) -> None:
    old, _ = await key_of_two_versions(transit, gate)
    gate.refuses = lambda asked: asked.operation is not DECRYPT
    text = str(parameters).replace("{old}", old)
    before, counts = await everything(transit.store), await reserved(transit)
    try:
        answer = await transit.invoke(Operation.UPDATE, path, **eval(text))  # noqa: S307 - our own literal
    except PolicyRefused as refused:
        assert refused.refusals == (REFUSED,)
        assert all(count == 0 for _, _, count, _ in uses(transit) if path != "rewrap/k")
    else:
        assert answer.data is not None
        assert [result["error"] for result in answer.data["batch_results"]] == [REFUSED] * 3
    assert await everything(transit.store) == before
    assert await reserved(transit) == counts


async def reserved(transit: Driver) -> Any:
    """How often each version of the key has encrypted, as reading it tells."""
    calls, transit.call = transit.call, None
    told = (await transit.read("keys/k")).get("encryptions")
    transit.call = calls
    return told


async def test_only_items_that_pass_are_counted(transit: Driver, gate: RecordingGate) -> None:
    old, new = await key_of_two_versions(transit, gate)
    gate.refuses = lambda asked: asked.operation is ENCRYPT and asked.key is not None and asked.key.version == 1
    before = await reserved(transit)
    items = [{"plaintext": HELLO, "key_version": version} for version in (1, 2, 1, 2)]
    await transit.invoke(Operation.UPDATE, "encrypt/k", batch_input=items)
    assert await reserved(transit) == {"1": before["1"], "2": before["2"] + 2}
    items = [{"ciphertext": old, "key_version": 1}, {"ciphertext": new, "key_version": 2}]
    await transit.invoke(Operation.UPDATE, "rewrap/k", batch_input=items)
    assert await reserved(transit) == {"1": before["1"], "2": before["2"] + 3}


async def test_upsert_asks_for_the_key_that_is_made(transit: Driver, gate: RecordingGate) -> None:
    await transit.write("encrypt/new", plaintext=HELLO, type="chacha20-poly1305", context=HELLO)
    operations = [asked.operation for asked in gate.asked]
    assert operations == [ENCRYPT, CryptoOperation.CREATE, ENCRYPT]
    made = gate.asked[1].key
    assert made is not None and (made.algorithm, made.version, made.derived) == ("chacha20-poly1305", 0, True)
    assert uses(transit) == [("chacha20-poly1305", 1, 1, 0)]


async def test_what_is_rotated_at_its_limit_is_judged_anew(transit: Driver, gate: RecordingGate) -> None:
    await transit.write("keys/k", max_encryptions=2)
    await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 2)
    gate.refuses = lambda asked: asked.operation is ENCRYPT and asked.key is not None and asked.key.version == 2
    with pytest.raises(PolicyRefused):
        await transit.write("encrypt/k", plaintext=HELLO)
    gate.refuses = lambda asked: asked.operation is ENCRYPT and asked.key is not None and asked.key.version == 3
    await transit.write("encrypt/k", batch_input=[{"plaintext": HELLO}] * 2)
    answer = await transit.invoke(Operation.UPDATE, "encrypt/k", batch_input=[{"plaintext": HELLO}])
    assert answer.data is not None and answer.data["batch_results"][0]["error"] == REFUSED


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("plain", [True, False])
async def test_rewrapping_asks_for_both_halves(transit: Driver, gate: RecordingGate, batch: bool, plain: bool) -> None:
    old, _ = await key_of_two_versions(transit, gate)
    item = {"ciphertext": old} if plain else {"ciphertext": old, "key_version": 2}
    await transit.write("rewrap/k", **({"batch_input": [item]} if batch else item))
    assert gate.short == [("decrypt", "aes256-gcm96", 1), ("encrypt", "aes256-gcm96", 2)]
    assert transit.call is not None and transit.call.crypto is not None
    assert transit.call.crypto.operation == "rewrap"
    assert uses(transit) == [("aes256-gcm96", 1, 1, 0), ("aes256-gcm96", 2, 1, 0)]
    sizes = [(use.input_bytes, use.output_bytes) for use in transit.call.crypto.uses]
    assert sizes == [(60, 32), (32, 60)]


async def test_bytes_are_those_of_the_decoded_data(transit: Driver, gate: RecordingGate) -> None:
    await key_of_two_versions(transit, gate)
    for parameters in ({"plaintext": HELLO}, {"batch_input": [{"plaintext": HELLO}]}):
        await transit.write("encrypt/k", **parameters)
        assert transit.call is not None and transit.call.crypto is not None
        use = transit.call.crypto.uses[0]
        assert (use.input_bytes, use.output_bytes) == (5, 12 + 5 + 16)


async def test_items_without_a_version_are_failed_ones(transit: Driver, gate: RecordingGate) -> None:
    old, _ = await key_of_two_versions(transit, gate)
    items = [{"plaintext": HELLO}, {"plaintext": "?"}, {"plaintext": HELLO, "key_version": 9}]
    await transit.invoke(Operation.UPDATE, "encrypt/k", batch_input=items)
    assert uses(transit) == [("aes256-gcm96", 2, 1, 0), ("aes256-gcm96", 0, 2, 2)]
    items = [{"ciphertext": old}, {"ciphertext": old[:-6] + "AAAA=="}, {"ciphertext": "vault:v7:AAAA"}]
    await transit.invoke(Operation.UPDATE, "decrypt/k", batch_input=items)
    assert uses(transit) == [("aes256-gcm96", 1, 2, 1), ("aes256-gcm96", 0, 1, 1)]


async def test_a_request_that_fails_keeps_what_is_known_of_it(transit: Driver, gate: RecordingGate) -> None:
    old, _ = await key_of_two_versions(transit, gate)
    with pytest.raises(InvalidRequest):
        await transit.write("decrypt/k", ciphertext=old[:-6] + "AAAA==")
    assert uses(transit) == [("aes256-gcm96", 1, 1, 1)]
    gate.refuse(ENCRYPT)
    with pytest.raises(PolicyRefused):
        await transit.write("encrypt/k", plaintext=HELLO)
    assert uses(transit) == [("aes256-gcm96", 2, 0, 0)]
    with pytest.raises(InvalidRequest):
        await transit.write("decrypt/none", ciphertext=old)
    assert transit.call is not None and transit.call.crypto is not None
    assert (transit.call.crypto.operation, transit.call.crypto.key, uses(transit)) == ("decrypt", "none", [])


async def test_streams_are_judged_group_by_group_and_recorded_as_one(transit: Driver, gate: RecordingGate) -> None:
    old, new = await key_of_two_versions(transit, gate)
    answer = await transit.invoke(Operation.UPDATE, "stream/decrypt/k")
    assert answer.each is not None
    first = await answer.each([DecryptItem(ciphertext=old), DecryptItem(ciphertext=new)])
    gate.refuses = lambda asked: asked.key is not None and asked.key.version == 1
    second = await answer.each([DecryptItem(ciphertext=old), DecryptItem(ciphertext=new)])
    assert ["error" in result for result in first + second] == [False, False, True, False]
    assert uses(transit) == [("aes256-gcm96", 1, 2, 1), ("aes256-gcm96", 2, 2, 0)]
    gate.refuse(ENCRYPT)
    for path, item in (("encrypt", EncryptItem(plaintext=HELLO)), ("rewrap", RewrapItem(ciphertext=new))):
        answer = await transit.invoke(Operation.UPDATE, f"stream/{path}/k")
        assert answer.each is not None
        for _ in range(2):
            results = await answer.each([item])
            assert results[0]["error"] == REFUSED
        assert uses(transit)[-1] == ("aes256-gcm96", 2, 2, 2)


@pytest.mark.parametrize("path", ["datakey/wrapped/k", "datakeys/wrapped/k", "derivedkeys/wrapped/k"])
async def test_data_keys_are_asked_for_as_such(transit: Driver, gate: RecordingGate, path: str) -> None:
    await key_of_two_versions(transit, gate)
    gate.settles = False
    parameters = {"count": 3, "salt": "s", "key_index_from": 0, "key_index_to": 3, "bits": 512, "key_version": 1}
    await transit.write(path, **parameters)
    operation = "derivedkeys" if "derived" in path else "datakey"
    assert set(gate.short) == {(operation, "aes256-gcm96", 1)}
    assert {asked.request for asked in gate.asked} == {RequestFacts(input_bytes=64)}
    assert uses(transit) == [("aes256-gcm96", 1, 1 if path.startswith("datakey/") else 3, 0)]


async def test_without_rules_nothing_is_asked_and_all_is_recorded(transit: Driver, gate: RecordingGate) -> None:
    gate.active = False
    old, _ = await key_of_two_versions(transit, gate)
    await transit.write("decrypt/k", ciphertext=old)
    assert not gate.asked
    assert uses(transit) == [("aes256-gcm96", 1, 1, 0)]


async def test_a_policy_on_creation_stops_an_upsert_whole(transit: Driver, gate: RecordingGate) -> None:
    gate.refuse(CryptoOperation.CREATE)
    for parameters in ({"plaintext": HELLO}, {"batch_input": [{"plaintext": HELLO}]}):
        before = await everything(transit.store)
        with pytest.raises(PolicyRefused):
            await transit.write("encrypt/new", **parameters)
        assert await everything(transit.store) == before


async def test_malformed_items_of_all_groups_of_a_stream_are_one_use(transit: Driver, gate: RecordingGate) -> None:
    await key_of_two_versions(transit, gate)
    answer = await transit.invoke(Operation.UPDATE, "stream/encrypt/k")
    assert answer.each is not None
    for _ in range(5):
        await answer.each([EncryptItem(plaintext="?"), EncryptItem(plaintext=HELLO)])
    assert uses(transit) == [("aes256-gcm96", 2, 5, 0), ("aes256-gcm96", 0, 5, 5)]


async def test_a_record_is_bounded(transit: Driver, gate: RecordingGate) -> None:
    count = MAX_USES + 20
    ciphertexts = []
    await transit.write("keys/k")
    for _ in range(count):
        ciphertexts.append((await transit.write("encrypt/k", plaintext=HELLO))["ciphertext"])
        await transit.write("keys/k/rotate")
    await transit.write("decrypt/k", batch_input=[{"ciphertext": text} for text in ciphertexts])
    recorded = uses(transit)
    assert len(recorded) == MAX_USES + 1
    assert sum(uses_of for _, _, uses_of, _ in recorded) == count
    assert recorded[-1] == ("aes256-gcm96", 0, 20, 0)


@pytest.mark.parametrize(
    ("operation", "path", "parameters", "recorded"),
    [
        (Operation.UPDATE, "keys/k", {}, ("create", "k")),
        (Operation.UPDATE, "keys/k", {"type": "none"}, ("create", "k")),
        (Operation.UPDATE, "keys/none/config", {}, ("configure", "none")),
        (Operation.UPDATE, "keys/none/rotate", {}, ("rotate", "none")),
        (Operation.DELETE, "keys/k", {}, ("delete", "k")),
        (Operation.UPDATE, "keys/k/import", {"type": "none"}, ("import", "k")),
        (Operation.UPDATE, "keys/none/import_version", {}, ("import", "none")),
        (Operation.UPDATE, "restore/k", {"backup": "?"}, ("restore", "k")),
        (Operation.READ, "backup/none", {}, ("backup", "none")),
        (Operation.READ, "export/hmac-key/none", {}, ("export", "none")),
        (Operation.UPDATE, "keys/none/set-certificate", {}, ("configure", "none")),
    ],
)
async def test_requests_that_execute_nothing_are_recorded_without_uses(
    transit: Driver,
    operation: Operation,
    path: str,
    parameters: dict[str, Any],
    recorded: tuple[str, str],
) -> None:
    await transit.write("keys/k")
    with suppress(Fault):
        await transit.invoke(operation, path, **parameters)
    assert transit.call is not None and transit.call.crypto is not None
    assert (transit.call.crypto.operation, transit.call.crypto.key, uses(transit)) == (*recorded, [])
