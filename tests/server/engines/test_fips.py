"""The FIPS modes in the server: what ``sys/fips`` tells, shares for OpenPGP keys, the configuration, TLS."""

from __future__ import annotations

import asyncio
import base64
import logging
import shutil
import ssl
from pathlib import Path
from typing import Any

import pytest
from pysequoia import Tsk

from engines.algorithms.registry import ALGORITHMS
from engines.algorithms.row import Fips
from engines.crypto_policy.fips import FipsMode
from server.config import Listener, load_config
from server.config import schema as words
from server.core.settings import Settings
from server.listeners import ListenFailed, open_listeners, serve
from server.pipeline.open_routes import ListenerPermissions
from server.processes.worker_loop import Member
from server.runtime.openssl import OpenSsl, of_cryptography, of_python, warn_of_provider
from server.service import open_service
from tests.support.certificates import write_certificate
from tests.support.example_service import build_example
from tests.support.systems import NewServer, Server

REFUSED = 'OpenPGP is not FIPS-approved, and fips_mode is "enabled"'
EVERYTHING = ListenerPermissions(rekey=True, generate_root=True)


@pytest.mark.parametrize("mode", FipsMode)
async def test_the_mode_and_what_follows_from_it_are_told(new_server: NewServer, mode: FipsMode) -> None:
    server = await (await new_server(Settings(fips_mode=mode))).unsealed()
    status, answer = await server.ask("GET", "sys/fips")
    assert status == 200
    data = answer["data"]
    assert (data["fips_mode"], data["certified"]) == (mode.value, False)
    assert "not a validated cryptographic module" in data["notice"]
    algorithms = data["algorithms"]
    unapproved = sorted(name for name, row in ALGORITHMS.items() if row.strength.fips is not Fips.APPROVED)
    assert sorted(algorithms["not_approved"] + algorithms["legacy"]) == unapproved
    assert algorithms["refused"] == (unapproved if mode is FipsMode.ENABLED else [])
    assert sorted(algorithms["approved"] + unapproved) == sorted(ALGORITHMS)
    assert data["hashes"]["legacy"] == ["sha1"]
    assert data["password_hashing"]["approved"] == ["pbkdf2-sha256"]
    assert data["openssl"]["python"] == {"version": ssl.OPENSSL_VERSION, "fips_provider_active": False}
    assert "OpenSSL" in data["openssl"]["cryptography"]["version"]


async def test_a_token_needs_a_policy_for_it(server: Server) -> None:
    token, _ = await server.token_for('path "sys/fips" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/fips", token=token))[0] == 200
    token, _ = await server.token_for('path "sys/other" { capabilities = ["read"] }')
    assert (await server.ask("GET", "sys/fips", token=token))[0] == 403
    assert (await server.ask("GET", "sys/fips", token=""))[0] == 403


async def test_engines_have_the_mode_of_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "config.hcl"
    storage = f'storage "sqlite" {{\n  path = "{tmp_path}/c.db"\n}}\n'
    file.write_text(f'fips_mode = "enabled"\n{storage}listener "tcp" {{\n  tls_disable = true\n}}\n')
    config = load_config([str(file)], {})
    assert config.fips_mode == "enabled"
    service = await open_service(config, Member())
    await service.close()
    assert tuple(mode.value for mode in FipsMode) == words.FIPS_MODES


async def test_a_mounted_engine_is_held_to_it(new_server: NewServer) -> None:
    server = await (await new_server(Settings(fips_mode=FipsMode.ENABLED))).unsealed()
    await server.ask("POST", "sys/mounts/t", {"type": "transit"})
    status, answer = await server.ask("POST", "t/keys/k", {"type": "chacha20-poly1305"})
    assert (status, answer["errors"]) == (
        400,
        ['chacha20-poly1305 is not FIPS-approved, and fips_mode is "enabled"'],
    )
    assert (await server.ask("POST", "t/keys/k"))[0] == 200


class TestOpenPgp:
    """What OpenPGP encrypts with isn't approved, whoever's key it is; no key needs to be read to know that."""

    @pytest.mark.parametrize(
        "parameters",
        [
            {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": ["key"]},
            {"secret_shares": 1, "secret_threshold": 1, "root_token_pgp_key": "key"},
        ],
    )
    async def test_shares_are_not_encrypted_by_it(self, new_server: NewServer, parameters: dict[str, Any]) -> None:
        server = await new_server(Settings(fips_mode=FipsMode.ENABLED))
        status, answer = await server.ask("PUT", "sys/init", parameters, token="")
        assert (status, answer["errors"]) == (400, [REFUSED])
        assert not await server.core.initialized()
        plain = {"secret_shares": 1, "secret_threshold": 1}
        assert (await server.ask("PUT", "sys/init", plain, token=""))[0] == 200

    @pytest.mark.parametrize(
        ("path", "parameters"),
        [
            ("sys/rekey/init", {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": ["key"]}),
            ("sys/generate-root/attempt", {"pgp_key": "key"}),
            ("sys/rotate/root/init", {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": ["key"]}),
        ],
    )
    async def test_nor_are_new_ones_and_root_tokens(
        self, new_server: NewServer, path: str, parameters: dict[str, Any]
    ) -> None:
        server = await (await new_server(Settings(fips_mode=FipsMode.ENABLED))).unsealed()
        status, answer = await server.ask("PUT", path, parameters, permissions=EVERYTHING)
        assert (status, answer["errors"]) == (400, [REFUSED])
        preferred = await (await new_server(Settings(fips_mode=FipsMode.PREFERRED))).unsealed()
        status, answer = await preferred.ask("PUT", path, parameters, permissions=EVERYTHING)
        # It goes on to read the key, and finds that it is none.
        assert status in (400, 500)  # OpenBao has both.
        assert REFUSED not in answer["errors"]

    async def test_where_that_is_allowed_callers_are_warned(self, new_server: NewServer) -> None:
        server = await (await new_server(Settings(fips_mode=FipsMode.PREFERRED))).unsealed()
        holder = base64.b64encode(bytes(Tsk.generate("Holder <holder@example.com>").extract_certificate())).decode()
        wish = {"secret_shares": 1, "secret_threshold": 1, "pgp_keys": [holder]}
        status, answer = await server.ask("PUT", "sys/rotate/root/init", wish)
        assert (status, answer["warnings"]) == (200, ['OpenPGP is not FIPS-approved (fips_mode is "preferred")'])


class TestProvider:
    def test_what_openssl_does_is_told_where_it_matters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert not of_cryptography().fips_provider_active
        assert not of_python().fips_provider_active
        assert warn_of_provider(FipsMode.DISABLED) == warn_of_provider(FipsMode.PREFERRED) == ""
        assert "uses no FIPS provider" in warn_of_provider(FipsMode.ENABLED)
        monkeypatch.setattr("server.runtime.openssl.of_cryptography", lambda: OpenSsl("OpenSSL", True))
        assert "uses no FIPS provider" in warn_of_provider(FipsMode.ENABLED)
        monkeypatch.setattr("server.runtime.openssl.of_python", lambda: OpenSsl("OpenSSL", True))
        assert warn_of_provider(FipsMode.ENABLED) == ""

    def test_a_python_that_can_not_tell_has_none(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("_hashlib.get_fips_mode", None)
        monkeypatch.delattr("_hashlib.get_fips_mode")
        assert not of_python().fips_provider_active


def _listener(folder: Path, **words: Any) -> Listener:
    certificate, key = write_certificate(folder, "server")
    return Listener("tcp", "127.0.0.1:0", tls_cert_file=str(certificate), tls_key_file=str(key), **words)


class TestTls:
    @pytest.mark.skipif(shutil.which("openssl") is None, reason="the command openssl is missing")
    @pytest.mark.parametrize("server", ["", "uvicorn", "hypercorn"])
    @pytest.mark.parametrize(
        ("mode", "arguments", "served"),
        [
            (FipsMode.DISABLED, ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), True),
            (FipsMode.PREFERRED, ("-tls1_3", "-groups", "X25519"), True),
            (FipsMode.ENABLED, ("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), False),
            (FipsMode.ENABLED, ("-tls1_2", "-cipher", "ECDHE+CHACHA20"), False),
            (FipsMode.ENABLED, ("-tls1_3", "-groups", "X25519"), False),
            (FipsMode.ENABLED, ("-tls1_3", "-ciphersuites", "TLS_AES_128_GCM_SHA256"), True),
            (FipsMode.ENABLED, ("-tls1_3",), True),
            (FipsMode.ENABLED, ("-tls1_2",), True),
        ],
    )
    async def test_connections_have_approved_ciphers_and_curves(
        self, tmp_path: Path, server: str, mode: FipsMode, arguments: tuple[str, ...], served: bool
    ) -> None:
        """The client is OpenSSL's command, which can ask for one suite of TLS 1.3 alone."""
        opened = list(open_listeners([_listener(tmp_path, server=server)], mode))
        stop = asyncio.Event()
        task = asyncio.create_task(serve(opened, build_example, stop))
        try:
            command = ("s_client", "-quiet", "-ign_eof", "-connect", opened[0].url.removeprefix("https://"), *arguments)
            client = await asyncio.create_subprocess_exec(
                "openssl", *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            async with asyncio.timeout(20):
                answer, _ = await client.communicate(b"GET /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        finally:
            stop.set()
            await task
        assert answer.startswith(b"HTTP/1.1 ") is served
        assert bool(answer) is served

    def test_what_is_not_approved_is_not_configured(self, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
        suite = "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"
        listener = _listener(tmp_path, tls_cipher_suites=f"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,{suite}")
        with pytest.raises(ListenFailed, match=f'{suite} is not FIPS-approved, and fips_mode is "enabled"'):
            open_listeners([listener], FipsMode.ENABLED)
        with caplog.at_level(logging.WARNING):
            for one in open_listeners([listener], FipsMode.PREFERRED):
                one.close()
        assert f"{suite} is not FIPS-approved" in caplog.text
