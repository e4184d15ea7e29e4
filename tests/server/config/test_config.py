"""Configuration files of every shape, and what becomes of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields, replace
from ipaddress import ip_network
from pathlib import Path

import pytest

from server.config import Config, ConfigError, Development, Listener, development_config, differences, load_config
from server.config import schema as words
from server.config.settings import Tracing
from server.processes.worker_loop import reread
from server.runtime.logs import set_level

BASE = """
storage "sqlite" { path = "crypto.db" }
listener "tcp" { address = "127.0.0.1:0" }
"""


def load(tmp_path: Path, text: str, environment: Mapping[str, str] | None = None, name: str = "c.hcl") -> Config:
    """The configuration that ``text`` makes."""
    file = tmp_path / name
    file.write_text(text)
    file.chmod(0o600)
    return load_config([str(file)], environment or {})


def refusal(tmp_path: Path, text: str, environment: Mapping[str, str] | None = None, name: str = "c.hcl") -> str:
    """What is said when ``text`` is refused, with the folder cut off."""
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text, environment, name)
    return str(caught.value).replace(f"{tmp_path}/", "")


def test_fields_are_those_of_the_words() -> None:
    # The default of workers is the machine's.
    top = {word.field: word.default for word in words.TOP if word.name != "workers"}
    assert {field.name: field.default for field in fields(Config) if field.name in top} == top
    inner = (word for table in words.LISTENER_BLOCKS.values() for word in table)
    listener = {word.field: word.default for word in (*words.LISTENER_UNIX, *words.LISTENER_TCP, *inner)}
    ours = {
        field.name: field.default for field in fields(Listener) if field.name not in ("type", "address", "place", "ui")
    }
    del listener["address"]
    assert ours == listener
    tracing = {word.field: word.default for word in words.TRACING["otlp"] if not word.required}
    given = {field.name: field.default for field in fields(Tracing) if field.name not in ("endpoint", "place")}
    assert given == tracing


def test_no_word_is_also_ignored() -> None:
    assert not words.IGNORED_TOP & ({word.name for word in words.TOP} | set(words.BLOCKS))
    for table in words.LISTENERS.values():
        assert not words.IGNORED_LISTENER & {word.name for word in table}


def test_defaults(tmp_path: Path) -> None:
    config = load(tmp_path, BASE)
    assert config.default_lease_ttl_seconds == config.max_lease_ttl_seconds == 2764800
    assert config.storage.options == {"path": "crypto.db"}
    assert config.seal.type == "shamir"
    assert config.warnings == ()
    assert config.listeners[0].max_request_size_bytes == 10 * 1024 * 1024
    assert not config.listeners[0].tls
    assert not config.listeners[0].http2


def test_everything_as_hcl_and_as_json(tmp_path: Path) -> None:
    hcl = """
    api_addr = "https://c.example:8200"
    default_lease_ttl = "90m"
    max_lease_ttl = 7200
    log_level = "Warning"
    log_format = "json"
    workers = "1"
    max_connections = 100
    allow_log_raw = true
    backend "sqlite" { path = "a.db" }
    listener "tcp" {
      address = "[::1]:0"
      tls_cert_file = "a.pem"
      tls_key_file = "b.pem"
      max_request_size = "1MiB"
      x_forwarded_for_authorized_addrs = "10.0.0.0/8, ::1"
    }
    listener "tcp" {
      address = "127.0.0.1:0"
      tls_disable = 1
      server = "hypercorn"
      max_request_duration = "5s"
    }
    listener "unix" {
      address = "s.sock"
      socket_mode = "0660"
    }
    audit "file" "one" {
      description = "first"
      options {
        file_path = "a.log"
        log_raw = true
      }
    }
    audit "file" "two" { options = { file_path = "b.log" } }
    """
    tree = {
        "api_addr": "https://c.example:8200",
        "default_lease_ttl": "90m",
        "max_lease_ttl": 7200,
        "log_level": "Warning",
        "log_format": "json",
        "workers": "1",
        "max_connections": "100",
        "allow_log_raw": True,
        "backend": {"sqlite": {"path": "a.db"}},
        "listener": [
            {
                "tcp": {
                    "address": "[::1]:0",
                    "tls_cert_file": "a.pem",
                    "tls_key_file": "b.pem",
                    "max_request_size": "1MiB",
                    "x_forwarded_for_authorized_addrs": ["10.0.0.0/8", "::1"],
                }
            },
            {
                "tcp": {
                    "address": "127.0.0.1:0",
                    "tls_disable": 1,
                    "server": "hypercorn",
                    "max_request_duration": "5s",
                }
            },
            {"unix": {"address": "s.sock", "socket_mode": "0660"}},
        ],
        "audit": {
            "file": {
                "one": {"description": "first", "options": {"file_path": "a.log", "log_raw": "true"}},
                "two": {"options": {"file_path": "b.log"}},
            }
        },
    }
    results = [load(tmp_path, hcl), load(tmp_path, json.dumps(tree), name="c.json")]
    for config in results:
        assert config.default_lease_ttl_seconds == 5400
        assert config.log_level == "warn"
        assert (config.storage.type, config.storage.options) == ("sqlite", {"path": "a.db"})
        first, second, third = config.listeners
        assert first.tls
        assert first.http2
        assert first.max_request_size_bytes == 1024 * 1024
        assert first.x_forwarded_for_authorized_addrs == (ip_network("10.0.0.0/8"), ip_network("::1"))
        assert first.max_request_duration_seconds == 90
        assert second.max_request_duration_seconds == 5
        assert second.http2
        assert (third.type, third.address, third.socket_mode) == ("unix", "s.sock", 0o660)
        assert [(device.type, device.path, device.options["file_path"]) for device in config.audit] == [
            ("file", "one", "a.log"),
            ("file", "two", "b.log"),
        ]
        assert config.audit[0].options["log_raw"] == "true"
        assert (config.workers, config.max_connections) == (1, 100)


def test_vaults_old_json_with_single_objects(tmp_path: Path) -> None:
    listener = '{"tcp": {"address": "127.0.0.1:0", "tls_disable": "true"}}'
    text = f'{{"backend": {{"sqlite": {{"path": "a.db"}}}}, "listener": {listener}}}'
    assert [listener.tls_disable for listener in load(tmp_path, text, name="c.json").listeners] == [True]


def test_files_of_a_folder_are_merged_in_order(tmp_path: Path) -> None:
    (tmp_path / "20.json").write_text('{"log_level": "debug", "listener": {"unix": {"address": "b"}}}')
    (tmp_path / "10.hcl").write_text(BASE + 'log_level = "error"\ncluster_name = "ten"')
    (tmp_path / "30.txt").write_text("not { read")
    extra = tmp_path / "more"
    extra.mkdir()
    (extra / "x.hcl").write_text('storage "sqlite" { path = "x.db" }')
    config = load_config([str(tmp_path), str(extra / "x.hcl")], {})
    assert config.log_level == "debug"
    assert config.cluster_name == "ten"
    assert [listener.type for listener in config.listeners] == ["tcp", "unix"]
    assert config.storage.options == {"path": "x.db"}


def test_an_empty_folder_and_missing_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no \.hcl or \.json file in"):
        load_config([str(tmp_path)], {})
    with pytest.raises(ConfigError, match="No such file"):
        load_config([str(tmp_path / "none.hcl")], {})
    with pytest.raises(ConfigError, match="expected at least one configuration file"):
        load_config([], {})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            'default_lease_ttl = "abc"',
            'c.hcl:1:1: default_lease_ttl: expected a duration, such as 30, "90s" or "1h',
        ),
        ("\n  max_lease_ttl = 0", "c.hcl:2:3: max_lease_ttl: expected a duration"),
        ('log_level = "loud"', "log_level: expected one of trace, debug, info, warn, error, got 'loud'"),
        ("ui = 3", "ui: expected true or false, got '3'"),
        ("workers = 1.5", "workers: expected a whole number, at least 1, got '1.5'"),
        ("cluster_name = true", "cluster_name: expected a string, got a bool"),
        ("cluster_name {}", "cluster_name: expected a string, got a block"),
        ('listener "tcp" { address = "127.0.0.1" }', "c.hcl:1:18: address: expected \"host:port\", got '127.0.0.1'"),
        ('listener "tcp" { address = "127.0.0.1:70000" }', 'address: expected "host:port"'),
        ('listener "tcp" { address = "::1:80" }', 'address: expected "host:port"'),
        ('listener "tcp" { address = "{{ GetPrivateIP }}:80" }', 'address: expected "host:port"'),
        ('listener "tcp" { tls_min_version = "tls11" }', "tls_min_version: expected one of tls12, tls13"),
        ('listener "tcp" { max_request_size = "10 apples" }', "max_request_size: expected a number of bytes"),
        ('listener "tcp" { x_forwarded_for_authorized_addrs = "a" }', "expected IP addresses or networks"),
        ('listener "unix" { address = "s" socket_mode = 600 }', "socket_mode: expected permissions in octal"),
        ('listener "unix" {}', 'listener "unix" needs address'),
        ('listener "udp" {}', "listener: expected one of tcp, unix, got 'udp'"),
        ("listener = 3", 'c.hcl:1:1: listener: expected a block, written as listener "..." { ... }'),
        ('audit "file" { x = 1 }', 'c.hcl:1:16: audit: expected a block, written as audit "..." "..." { ... }'),
        (
            'storage "sqlite" { path = "x" }\nlistener "tcp" {}\nworkers = 1000',
            "c.hcl:3:1: workers: expected at most 512",
        ),
        ('storage "sqlite" {}', 'storage "sqlite" needs path'),
        ('storage "etcd" {}', "storage: expected one of inmem, sqlite"),
        ('storage "inmem" {}\nstorage "inmem" {}', 'c.hcl:2:1: only one "storage" block is permitted'),
        ('seal "static" { current_key_id = "a" }', 'seal "static" needs current_key'),
        ('audit "file" "a" { options = { x = [1] } }', "c.hcl:1:32: x: expected a string, a number or a boolean"),
        ('audit "file" "a" {}\naudit "file" "a/" {}', "c.hcl:2:1: audit: the path 'a' is already taken at"),
        ('a = "', "c.hcl:1:"),
        ("ui = tru", "c.hcl:1:"),
    ],
)
def test_wrong_values_are_refused_with_their_place(tmp_path: Path, text: str, expected: str) -> None:
    said = refusal(tmp_path, text)
    assert expected in said
    assert said.startswith("c.hcl:")
    assert "\n" not in said


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    assert refusal(tmp_path, 'storage "inmem" {}').startswith("no listener is configured; expected")
    assert refusal(tmp_path, 'listener "tcp" {}').startswith("no storage is configured; expected")
    assert refusal(tmp_path, "").startswith("no storage is configured")


def test_default_lease_ttl_may_not_exceed_the_maximum(tmp_path: Path) -> None:
    said = refusal(tmp_path, BASE + 'default_lease_ttl = "2h"\nmax_lease_ttl = "1h"')
    assert said == "c.hcl:4:1: default_lease_ttl is longer than max_lease_ttl"
    assert load(tmp_path, BASE + 'max_lease_ttl = "1h"').default_lease_ttl_seconds == 3600


def test_words_without_effect_are_warned_of(tmp_path: Path) -> None:
    config = load(
        tmp_path,
        """telemetry { statsd_address = "x" }
        plugin_directory = "p"
        defualt_lease_ttl = "1h"
        zzz = 1
        storage "sqlite" { path = "x" }
        listener "tcp" {
          address = "127.0.0.1:0"
          proxy_protocol_behavior = "use_always"
          tls_dissable = true
        }""",
    )
    said = [warning.replace(f"{tmp_path}/", "") for warning in config.warnings]
    assert said == [
        "c.hcl:1:1: 'telemetry' has no effect in this server",
        "c.hcl:2:9: 'plugin_directory' has no effect in this server",
        "c.hcl:3:9: unknown word 'defualt_lease_ttl' in the configuration; did you mean 'default_lease_ttl'?",
        "c.hcl:4:9: unknown word 'zzz' in the configuration",
        "c.hcl:8:11: 'proxy_protocol_behavior' has no effect in this server",
        "c.hcl:9:11: unknown word 'tls_dissable' in listener \"tcp\"; did you mean 'tls_disable'?",
    ]


def test_environment_is_stronger_than_files(tmp_path: Path) -> None:
    environment = {"VAULT_LOG_LEVEL": "trace", "VAULT_API_ADDR": "http://v", "BAO_API_ADDR": "http://b"}
    config = load(tmp_path, BASE + 'log_level = "error"', environment)
    assert config.log_level == "trace"
    assert config.api_addr == "http://b"
    said = refusal(tmp_path, BASE, {"BAO_LOG_LEVEL": "loud"})
    assert said == "environment variable BAO_LOG_LEVEL: expected one of trace, debug, info, warn, error"


def test_max_request_duration_is_inherited_where_not_chosen(tmp_path: Path) -> None:
    text = BASE + 'default_max_request_duration = "7s"\nlistener "unix" { address = "s" max_request_duration = 3 }'
    assert [one.max_request_duration_seconds for one in load(tmp_path, text).listeners] == [7, 3]


def test_a_disabled_seal_counts_as_absent(tmp_path: Path) -> None:
    config = load(tmp_path, BASE + 'seal "static" { disabled = true current_key = "k" }')
    assert config.seal.type == "shamir"
    assert any("the disabled seal is left out" in warning for warning in config.warnings)
    assert "only one seal" in refusal(tmp_path, BASE + 'seal "shamir" {}\nseal "shamir" {}')


def test_tracing(tmp_path: Path) -> None:
    block = 'tracing "otlp" { endpoint = "http://collector:4318/v1/traces" sample_percent = "5" }'
    found = load(tmp_path, BASE + block).tracing
    assert found == Tracing("http://collector:4318/v1/traces", "cryptoserve", 5)
    variables = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://other/", "OTEL_SERVICE_NAME": "ours"}
    assert load(tmp_path, BASE + 'tracing "otlp" {}', variables).tracing == Tracing("https://other/", "ours")
    assert load(tmp_path, BASE, variables).tracing is None


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ('tracing "zipkin" {}', "tracing: expected otlp, got 'zipkin'"),
        ('tracing "otlp" {}', 'tracing "otlp" needs endpoint'),
        ('tracing "otlp" { endpoint = "collector:4318" }', "endpoint: expected http:// or https://"),
        ('tracing "otlp" { endpoint = "http://[" }', "endpoint: expected http:// or https://"),
        ('tracing "otlp" { endpoint = "http://a:s3cret@b/" }', "endpoint: expected http:// or https://"),
        ('tracing "otlp" { endpoint = "http://b/" sample_percent = 101 }', "sample_percent: expected at most 100"),
        ('tracing "otlp" { endpoint = "http://b/" sample_percent = -1 }', "sample_percent: expected a whole number"),
    ],
)
def test_wrong_tracing(tmp_path: Path, block: str, expected: str) -> None:
    told = refusal(tmp_path, BASE + block)
    assert expected in told
    assert "s3cret" not in told


def test_secrets_are_not_in_reprs(tmp_path: Path) -> None:
    config = load(tmp_path, BASE + f'seal "static" {{ current_key_id = "a" current_key = "{"5ecre7" * 8}" }}')
    assert config.seal.options["current_key"].startswith("5ecre7")
    assert "5ecre7" not in repr(config)
    assert "5ecre7" not in repr(Development("5ecre7"))


def test_development_is_in_memory_and_plain(tmp_path: Path) -> None:
    file = tmp_path / "more.hcl"
    file.write_text('storage "sqlite" { path = "x" }\ncluster_name = "c"\nlistener "unix" { address = "s" }')
    config = development_config("0.0.0.0:8200", Development("root"), {}, [str(file)])
    assert config.storage.type == "inmem"
    assert [listener.address for listener in config.listeners] == ["0.0.0.0:8200", "s"]
    assert config.cluster_name == "c"
    assert config.development == Development("root")
    assert config.warnings == ("0.0.0.0:8200 serves plain HTTP to other machines; tokens can be read on the way",)
    assert development_config("127.0.0.1:8200", Development("root"), {}).warnings == ()
    with pytest.raises(ConfigError, match="the address to listen on in -dev mode: expected"):
        development_config("nowhere", Development(""), {})


def test_a_reload_takes_over_the_level_of_logs_alone(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Or a worker that is replaced after it would work with another store, or in another FIPS mode, than the rest."""
    before = load(tmp_path, BASE)
    changed = load(
        tmp_path,
        'log_level = "debug"\nfips_mode = "enabled"\nmax_lease_ttl = "1h"\n'
        'storage "sqlite" { path = "other" }\nlistener "tcp" { address = "127.0.0.1:1" }',
    )
    after, whole = reread(before, lambda: changed, ())
    assert whole
    set_level("info")
    assert after == replace(before, log_level="debug")
    told = caplog.messages[-1]
    for word in ("fips_mode", "listener", "max_lease_ttl", "storage"):
        assert word in told
    assert "log_level" not in told


def test_what_only_moves_within_a_file_is_no_difference(tmp_path: Path) -> None:
    before = load(tmp_path, BASE)
    caught = load(tmp_path, f"# A comment\n\n{BASE}")
    assert before == caught
    assert differences(before, caught) == []
