"""What a start in production refuses, and what it lets through with a warning."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import pytest

from cryptoserve_cli.flags import parse_flags
from server.cli.server import FLAGS
from server.config import Config, ConfigError, Development, development_config, load_config
from server.config.safety import check_flags

RANDOM_KEY = bytes.fromhex("9d1f0c6be2447a5183ce30f9a86b57d4710e2cbf9588d36a4f13e7c205ba6cde")


def load(tmp_path: Path, text: str, mode: int = 0o600, environment: dict[str, str] | None = None) -> Config:
    file = tmp_path / "c.hcl"
    file.write_text(f'storage "sqlite" {{ path = "x" }}\n{text}')
    file.chmod(mode)
    return load_config([str(file)], environment or {})


def sealed(tmp_path: Path, key: str, mode: int = 0o600, environment: dict[str, str] | None = None) -> Config:
    seal = f'seal "static" {{ current_key_id = "a" current_key = "{key}" }}'
    return load(tmp_path, f'listener "unix" {{ address = "s" }}\n{seal}', mode, environment)


@pytest.mark.parametrize("address", ["0.0.0.0:8200", ":8200", "[::]:8200", "10.1.2.3:8200", "vault.example:8200"])
def test_plain_http_to_other_machines_must_be_said_outright(tmp_path: Path, address: str) -> None:
    with pytest.raises(ConfigError, match=r"c\.hcl:2:1: the listener at .* has no TLS; expected tls_cert_file"):
        load(tmp_path, f'listener "tcp" {{ address = "{address}" }}')
    config = load(tmp_path, f'listener "tcp" {{ address = "{address}" tls_disable = true }}')
    assert [warning for warning in config.warnings if "serves plain HTTP to other machines" in warning]


@pytest.mark.parametrize("address", ["127.0.0.1:8200", "127.8.8.8:0", "[::1]:8200", "localhost:8200"])
def test_plain_http_on_loopback_is_fine(tmp_path: Path, address: str) -> None:
    config = load(tmp_path, f'listener "tcp" {{ address = "{address}" }}')
    assert not config.listeners[0].tls
    assert config.warnings == ()


def test_the_console_needs_tls_beyond_this_machine(tmp_path: Path) -> None:
    listener = 'listener "tcp" { address = "10.1.2.3:8200" tls_disable = true }'
    with pytest.raises(ConfigError, match=r"the console isn't served over plain HTTP beyond this machine"):
        load(tmp_path, f"ui = true\n{listener}")
    config = load(tmp_path, f'ui = true\nui_address = "127.0.0.1:8300"\n{listener}')
    assert [(each.address, each.ui) for each in config.listeners] == [
        ("10.1.2.3:8200", False),
        ("127.0.0.1:8300", True),
    ]


def test_a_development_server_shows_no_console_to_other_machines(tmp_path: Path) -> None:
    assert development_config("127.0.0.1:8200", Development("root"), {}).listeners[0].ui
    assert not development_config("0.0.0.0:8200", Development("root"), {}).listeners[0].ui


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ('tls_cert_file = "a"', "belong together"),
        ('tls_key_file = "a"', "belong together"),
        ('tls_min_version = "tls13" tls_max_version = "tls12"', "older than"),
        ("tls_require_and_verify_client_cert = true tls_disable_client_certs = true", "exclude each other"),
    ],
)
def test_contradictions_are_refused(tmp_path: Path, settings: str, expected: str) -> None:
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path, f'listener "tcp" {{ {settings} }}')


@pytest.mark.parametrize(
    "key",
    [
        bytes(32),
        b"\xff" * 32,
        bytes(range(32)),
        bytes(range(1, 33)),
        bytes(range(31, -1, -1)),
        b"abcdabcd" * 4,
        bytes.fromhex("603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"),
    ],
)
def test_example_keys_are_refused_in_each_form(tmp_path: Path, key: bytes) -> None:
    raw = tmp_path / "key"
    raw.write_bytes(key)
    raw.chmod(0o600)
    for text in (
        key.hex(),
        b64encode(key).decode(),
        urlsafe_b64encode(key).decode()[:43],
        f"file://{raw}",
        "env://KEY",
    ):
        with pytest.raises(ConfigError, match="current_key is an example or not random") as caught:
            sealed(tmp_path, text, environment={"KEY": key.hex()})
        assert key.hex() not in str(caught.value)


def test_random_keys_are_taken(tmp_path: Path) -> None:
    raw = tmp_path / "key"
    raw.write_text(RANDOM_KEY.hex() + "\n")
    raw.chmod(0o640)
    for text in (RANDOM_KEY.hex(), b64encode(RANDOM_KEY).decode(), f"file://{raw}", "env://KEY"):
        assert sealed(tmp_path, text, environment={"KEY": RANDOM_KEY.hex()}).seal.options["current_key"] == text


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_keys_that_everybody_can_read_are_refused(tmp_path: Path, mode: int) -> None:
    raw = tmp_path / "key"
    raw.write_bytes(RANDOM_KEY)
    raw.chmod(mode)
    with pytest.raises(
        ConfigError, match=r"the file of current_key is open to all accounts: .*key; expected mode 0600"
    ):
        sealed(tmp_path, f"file://{raw}")
    with pytest.raises(ConfigError, match=r"the configuration file with current_key is open to all accounts: .*c\.hcl"):
        sealed(tmp_path, RANDOM_KEY.hex(), mode)


def test_a_key_from_the_environment_says_nothing_about_the_file(tmp_path: Path) -> None:
    config = sealed(tmp_path, "unused", 0o644, {"BAO_STATIC_SEAL_CURRENT_KEY": RANDOM_KEY.hex()})
    assert config.seal.options["current_key"] == RANDOM_KEY.hex()


def test_a_missing_key_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="can't read the file of current_key: /nowhere/key: No such file"):
        sealed(tmp_path, "file:///nowhere/key")


def test_storage_in_memory_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "c.hcl"
    file.write_text('storage "inmem" {}\nlistener "unix" { address = "s" }')
    with pytest.raises(ConfigError, match=r'c\.hcl:1:1: storage "inmem" loses all keys .* expected storage "sqlite"'):
        load_config([str(file)], {})


@pytest.mark.parametrize("mode", [0o604, 0o644, 0o602])
def test_tls_keys_that_others_can_read_are_refused(tmp_path: Path, mode: int) -> None:
    key = tmp_path / "tls.key"
    key.touch()
    key.chmod(mode)
    words = f'listener "tcp" {{ address = "0.0.0.0:8200" tls_cert_file = "a.pem" tls_key_file = "{key}" }}'
    with pytest.raises(
        ConfigError, match=r"c\.hcl:2:1: the file of tls_key_file is open to all accounts: .*; expected mode 0600"
    ):
        load(tmp_path, words)
    key.chmod(0o640)
    assert load(tmp_path, words).listeners[0].tls


@pytest.mark.parametrize("value", ["true", '"1"', '"T"'])
def test_raw_audit_must_be_allowed(tmp_path: Path, value: str) -> None:
    device = f'listener "unix" {{ address = "s" }}\naudit "file" "a" {{ options {{ log_raw = {value} }} }}\n'
    expected = r'c\.hcl:3:1: audit "file" "a": log_raw writes tokens and plaintexts .* expected .* allow_log_raw = true'
    with pytest.raises(ConfigError, match=expected):
        load(tmp_path, device)
    (warning,) = load(tmp_path, device + "allow_log_raw = true").warnings
    assert warning.endswith('audit "file" "a": log_raw writes tokens and plaintexts to the log as they are')
    assert load(tmp_path, device.replace(value, "false")).warnings == ()


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        (["-dev-root-token-id=s3cret"], {}, "-dev-root-token-id"),
        (["-dev-root-token-id="], {}, "-dev-root-token-id"),
        (["-dev=false", "-dev-root-token-id=s3cret"], {}, "-dev-root-token-id"),
        (["-dev-listen-address=127.0.0.1:0"], {}, "-dev-listen-address"),
        (["-dev-no-store-token"], {}, "-dev-no-store-token"),
        ([], {"BAO_DEV_ROOT_TOKEN_ID": "s3cret"}, "BAO_DEV_ROOT_TOKEN_ID"),
        ([], {"VAULT_DEV_ROOT_TOKEN_ID": "s3cret"}, "VAULT_DEV_ROOT_TOKEN_ID"),
    ],
)
def test_development_words_are_refused_without_dev(
    arguments: list[str], environment: dict[str, str], named: str
) -> None:
    with pytest.raises(
        ConfigError, match=rf"{named}.* is for development servers; expected it to be removed"
    ) as caught:
        check_flags(parse_flags(["-config=c.hcl", *arguments], FLAGS, environment), FLAGS, environment)
    assert "s3cret" not in str(caught.value)
    given = [argument for argument in arguments if argument != "-dev=false"]
    check_flags(parse_flags(["-dev", *given], FLAGS, environment), FLAGS, environment)
    check_flags(parse_flags(["-config=c.hcl"], FLAGS, {}), FLAGS, {})
