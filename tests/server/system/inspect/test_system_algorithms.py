"""``sys/algorithms``, and pinning providers by the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engines.algorithms.kem.mlkem import MLKEM_768
from engines.algorithms.kem.providers import LIBOQS, installed
from engines.algorithms.pins import pin_providers
from engines.algorithms.registry import ALGORITHMS
from server.config import ConfigError, load_config
from server.processes.worker_loop import Member
from server.runtime import plugins
from server.service import open_service
from tests.support.systems import Server

_LOAD, _NAMES = plugins.load, plugins.names


@pytest.fixture
def installed_engines(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The engines that are installed, in place of those that serve tests of ``sys``."""
    monkeypatch.setattr(plugins, "load", _LOAD)
    monkeypatch.setattr(plugins, "names", _NAMES)


@pytest.fixture(autouse=True)
def unpinned() -> Iterator[None]:
    """Lifts the pins that a test makes."""
    yield
    pin_providers("")


@pytest.mark.usefixtures("installed_engines")
async def test_every_row_is_listed_with_its_facts(server: Server) -> None:
    status, answer = await server.ask("GET", "sys/algorithms")
    assert status == 200
    rows = answer["data"]["algorithms"]
    assert set(rows) == set(ALGORITHMS)
    assert rows["ml-kem-1024"] | {"provider": "", "available_providers": []} == {
        "name": "ml-kem-1024",
        "key_type": "ml-kem-1024",
        "key_type_parameters": {},
        "standard": "FIPS 203",
        "family": "ML-KEM",
        "primitive": "kem",
        "operations": ["encrypt", "decrypt", "encapsulate", "decapsulate"],
        "engines": ["pqc"],
        "parameter_set": "1024",
        "parameter_set_name": "ML-KEM-1024",
        "size_bits": 0,
        "object_identifier": "2.16.840.1.101.3.4.4.3",
        "key_bytes": 3168,
        "key_bytes_chosen": None,
        "public_key_bytes": 1568,
        "nonce_bytes": 0,
        "tag_bytes": 0,
        "signature_bytes": 0,
        "ciphertext_bytes": 1568,
        "shared_secret_bytes": 32,
        "classical_security_bits": 256,
        "nist_quantum_category": 5,
        "fips": "approved",
        "hpke_suite": "0x0042/0x0002/0x0002",
        "provider": "",
        "available_providers": [],
        "nist_ir_8547_deprecated_after": None,
        "nist_ir_8547_disallowed_after": None,
        "cnsa_2_0": True,
        "cnsa_2_0_disallowed_after": None,
    }
    assert rows["rsa-2048"]["cnsa_2_0_disallowed_after"] == 2033
    assert rows["rsa-2048"]["nist_ir_8547_deprecated_after"] == 2030
    installed = answer["data"]["providers"]
    for row in rows.values():
        assert row["provider"] in row["available_providers"]
        assert set(row["available_providers"]) <= set(installed)
    assert "OpenSSL" in installed["openssl"]


@pytest.mark.usefixtures("installed_engines")
async def test_one_row_is_read_by_its_name(server: Server) -> None:
    rows = (await server.ask("GET", "sys/algorithms"))[1]["data"]["algorithms"]
    for name in rows:
        status, answer = await server.ask("GET", f"sys/algorithms/{name}")
        assert (status, answer["data"]) == (200, rows[name])
    hybrid = rows["hybrid-ml-dsa-65-ed25519"]
    assert (hybrid["family"], hybrid["key_type"]) == ("ML-DSA+EdDSA", "hybrid")
    assert hybrid["engines"] == ["signing", "transit"]
    rsa = rows["rsa-2048"]
    assert (rsa["operations"], rsa["engines"]) == (["encrypt", "decrypt", "sign", "verify"], ["signing", "transit"])
    assert (rows["hmac"]["operations"], rows["hmac"]["key_bytes_chosen"]) == (["hmac", "verify"], [32, 512])


@pytest.mark.parametrize("name", ["aes512-gcm96", "AES256-GCM96", "hybrid", "aes256-gcm96.", "a/b"])
async def test_a_name_that_is_no_row_is_not_found(server: Server, name: str) -> None:
    assert (await server.ask("GET", f"sys/algorithms/{name}"))[0] == 404


async def test_an_unknown_name_is_answered_without_a_text(server: Server) -> None:
    assert await server.ask("GET", "sys/algorithms/rsa-1024") == (404, {"errors": []})


@pytest.mark.parametrize(("method", "path"), [("LIST", "sys/algorithms"), ("GET", "sys/algorithms?list=true")])
async def test_the_names_are_listed_with_the_same_facts(server: Server, method: str, path: str) -> None:
    rows = (await server.ask("GET", "sys/algorithms"))[1]["data"]["algorithms"]
    status, answer = await server.ask(method, path)
    assert (status, answer["data"]) == (200, {"keys": sorted(ALGORITHMS), "key_info": rows})


@pytest.mark.usefixtures("installed_engines")
async def test_every_row_has_a_family_an_operation_and_an_engine(server: Server) -> None:
    rows = (await server.ask("GET", "sys/algorithms"))[1]["data"]["algorithms"]
    assert all(row["family"] and row["operations"] and row["engines"] for row in rows.values())


@pytest.mark.usefixtures("installed_engines")
async def test_engines_make_keys_of_the_rows_that_name_them(server: Server) -> None:
    rows = (await server.ask("GET", "sys/algorithms"))[1]["data"]["algorithms"]
    for engine in ("transit", "pqc", "signing"):
        await server.ask("POST", f"sys/mounts/{engine}", {"type": engine})
        for name, row in rows.items():
            body = {"type": row["key_type"], **row["key_type_parameters"]}
            if row["key_bytes_chosen"]:
                body["key_size"] = row["key_bytes_chosen"][0]
            if name.startswith(("slh-dsa", "rsa")) and name not in ("slh-dsa-sha2-128f", "rsa-2048"):
                continue  # Such keys take long to make.
            status, answer = await server.ask("POST", f"{engine}/keys/{name}", body)
            assert (status < 300) == (engine in row["engines"]), (engine, name, answer)


async def test_each_namespace_shows_them_to_its_own_tokens(server: Server) -> None:
    await server.ask("POST", "sys/namespaces/n")
    assert (await server.ask("GET", "n/sys/algorithms/aes256-gcm96"))[0] == 200
    reader, _ = await server.token_for('path "sys/algorithms/+" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/algorithms/aes256-gcm96", token=reader))[0] == 200
    assert (await server.ask("LIST", "sys/algorithms", token=reader))[0] == 403
    lister, _ = await server.token_for('path "sys/algorithms" { capabilities = ["list"] }')
    assert (await server.ask("LIST", "sys/algorithms", token=lister))[0] == 200
    assert (await server.ask("GET", "sys/algorithms/aes256-gcm96", token=lister))[0] == 403


async def test_a_token_needs_a_policy_for_it(server: Server) -> None:
    token, _ = await server.token_for('path "sys/algorithms" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/algorithms", token=token))[0] == 200
    token, _ = await server.token_for('path "sys/other" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/algorithms", token=token))[0] == 403
    assert (await server.ask("GET", "sys/algorithms", token=""))[0] == 403


def _configuration(folder: Path, pins: str) -> str:
    file = folder / "config.hcl"
    file.write_text(
        f'algorithm_providers = "{pins}"\nstorage "sqlite" {{\n  path = "{folder}/c.db"\n}}\n'
        'listener "tcp" {\n  address = "127.0.0.1:0"\n  tls_disable = true\n}\n'
    )
    return str(file)


async def test_a_configuration_pins_providers(tmp_path: Path) -> None:
    service = await open_service(load_config([_configuration(tmp_path, "ml-kem-768 = pqcrypto")], {}), Member())
    assert MLKEM_768.served_by == "pqcrypto"
    await service.close()


async def test_a_pin_to_what_is_not_installed_stops_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    there = {name: provider for name, provider in installed().items() if name != LIBOQS}
    monkeypatch.setattr("engines.algorithms.pins.installed", lambda: there)
    config = load_config([_configuration(tmp_path, "ml-kem-768=liboqs")], {})
    with pytest.raises(ConfigError, match="algorithm_providers: the provider 'liboqs' is not installed"):
        await open_service(config, Member())


async def test_a_pin_that_can_not_be_stops_the_start(tmp_path: Path) -> None:
    config = load_config([_configuration(tmp_path, "ml-kem-512=openssl")], {})
    with pytest.raises(ConfigError, match="algorithm_providers: 'ml-kem-512' can't be served by 'openssl'"):
        await open_service(config, Member())
