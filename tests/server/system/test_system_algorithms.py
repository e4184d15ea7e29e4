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
from server.service import open_service
from tests.server.systems import Server


@pytest.fixture(autouse=True)
def unpinned() -> Iterator[None]:
    """Lifts the pins that a test makes."""
    yield
    pin_providers("")


async def test_every_row_is_listed_with_its_facts(server: Server) -> None:
    status, answer = await server.ask("GET", "sys/algorithms")
    assert status == 200
    rows = answer["data"]["algorithms"]
    assert set(rows) == set(ALGORITHMS)
    assert rows["ml-kem-1024"] | {"provider": "", "available_providers": []} == {
        "key_type": "ml-kem-1024",
        "key_type_parameters": {},
        "standard": "FIPS 203",
        "primitive": "kem",
        "parameter_set": "1024",
        "object_identifier": "2.16.840.1.101.3.4.4.3",
        "key_bytes": 3168,
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


async def test_a_token_needs_a_policy_for_it(server: Server) -> None:
    token, _ = await server.token_for('path "sys/algorithms" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/algorithms", token=token))[0] == 200
    token, _ = await server.token_for('path "sys/other" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/algorithms", token=token))[0] == 403
    assert (await server.ask("GET", "sys/algorithms", token=""))[0] == 403


def _configuration(folder: Path, pins: str) -> str:
    file = folder / "config.hcl"
    file.write_text(
        f'algorithm_providers = "{pins}"\nstorage "inmem" {{}}\n'
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
