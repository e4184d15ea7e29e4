"""Where a client looks for its server and its token, and what is refused."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from cryptoserve import AsyncCryptoServe, CryptoServe, conflict
from cryptoserve.settings import LONGEST_TOKEN, checked_token, parsed_address, resolved
from tests.sdk.conftest import Connect
from tests.sdk.scripted import Scripted, answer
from tests.support.servers import CHECKOUT, Server

OK = answer(200, {"data": {"ciphertext": "vault:v1:AAAA"}})


def test_environment_in_order(tmp_path: Path) -> None:
    environment = {"HOME": str(tmp_path)}
    expected = []
    for prefix in ("VAULT", "BAO", "CRYPTOSERVE"):
        environment |= {
            f"{prefix}_ADDR": f"http://{prefix.lower()}:1",
            f"{prefix}_TOKEN": f"{prefix}-token",
            f"{prefix}_NAMESPACE": f"{prefix}/ns/",
        }
        found = resolved(None, None, None, None, signs_in=False, environment=environment)
        expected.append((found.address.host, found.token, found.namespace))
    assert expected == [(name.lower(), f"{name}-token", f"{name}/ns") for name in ("VAULT", "BAO", "CRYPTOSERVE")]
    environment["CRYPTOSERVE_ADDR"] = ""
    assert resolved(None, None, None, None, signs_in=False, environment=environment).address.host == "bao"
    given = resolved("http://given:2", "given", "ns", None, signs_in=False, environment=environment)
    assert (given.address.host, given.token, given.namespace) == ("given", "given", "ns")
    assert resolved(None, None, "", None, signs_in=False, environment=environment).namespace == ""


def test_without_anything_it_is_the_development_server_with_the_stored_token(tmp_path: Path) -> None:
    nothing = resolved(None, None, None, None, signs_in=False, environment={"HOME": str(tmp_path)})
    assert (nothing.address.host, nothing.address.port, nothing.token) == ("127.0.0.1", 8200, "")
    (tmp_path / ".vault-token").write_text("stored\n")
    assert resolved(None, None, None, None, signs_in=False, environment={"HOME": str(tmp_path)}).token == "stored"
    assert resolved(None, None, None, None, signs_in=True, environment={"HOME": str(tmp_path)}).token == ""


def test_a_development_server_leaves_the_token_that_is_found(
    connect: Connect, own_server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(own_server.directory))
    monkeypatch.setenv("CRYPTOSERVE_ADDR", own_server.address)
    client = connect()
    assert client.decrypt(client.encrypt(b"x", context="card-data"), context="card-data") == b"x"


def test_the_environment_of_the_process_counts(
    connect: Connect, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    scripted.plays = [OK]
    monkeypatch.setenv("BAO_ADDR", scripted.address)
    monkeypatch.setenv("VAULT_TOKEN", "from-there")
    connect().encrypt(b"x", "c")
    assert scripted.sent[0].headers["x-vault-token"] == "from-there"


@pytest.mark.parametrize(
    ("text", "authority", "path"),
    [
        ("http://localhost", "localhost:80", ""),
        ("https://crypto.example.com/", "crypto.example.com:443", ""),
        ("https://[::1]:8200", "[::1]:8200", ""),
        ("HTTP://Host:8200/base/", "host:8200", "/base"),
        ("http://host/v1/", "host:80", ""),
    ],
)
def test_addresses(text: str, authority: str, path: str) -> None:
    address = parsed_address(text)
    assert (address.authority, address.path) == (authority, path)


@pytest.mark.parametrize(
    "text",
    [
        "host:8200",
        "ftp://host",
        "http://",
        "http://host:0",
        "http://host:x",
        "http://host:99999",
        "http://a b",
        "http://host?x",
        "http://host#x",
        "http://host\r\nx: y",
        "http://é",
        "http://[::1",
        "http://ho\\st",
        "/path",
    ],
)
def test_bad_addresses(text: str) -> None:
    with pytest.raises(ValueError, match="address"):
        parsed_address(text)


def test_passwords_in_addresses_are_refused_and_not_shown() -> None:
    with pytest.raises(ValueError, match="user's name") as caught:
        parsed_address("http://root:hunter2@host")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("token", ["two words", "a\r\nX-Vault-Namespace: b", "é", "x" * (LONGEST_TOKEN + 1), "\0"])
def test_bad_tokens_are_refused_and_not_shown(token: str) -> None:
    with pytest.raises(ValueError, match="visible ASCII") as caught:
        CryptoServe("a", "b", token=token)
    assert token not in str(caught.value)
    assert checked_token(" good\n") == "good"


def test_bad_namespaces() -> None:
    with pytest.raises(ValueError, match="namespace"):
        CryptoServe("a", "b", namespace="a\r\nx: y")


def test_reprs_show_no_token() -> None:
    client = CryptoServe("a", "b", token="s.secret")
    found = resolved(None, "s.secret", None, None, signs_in=False, environment={})
    assert "secret" not in f"{client!r} {client._calls!r} {found!r}"
    client.close()


def test_arguments_are_the_same_for_both() -> None:
    assert inspect.signature(CryptoServe) == inspect.signature(AsyncCryptoServe)
    calls = [name for name in vars(CryptoServe) if not name.startswith("_")]
    for name in calls:
        ours, theirs = inspect.signature(getattr(CryptoServe, name)), inspect.signature(getattr(AsyncCryptoServe, name))
        assert ours.parameters == theirs.parameters, name


def test_another_project_of_that_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    conflict.refuse_other_project()
    monkeypatch.setattr(conflict, "OTHER_PROJECT", "cryptoserve-sdk")
    with pytest.raises(ImportError, match=r"'cryptoserve-sdk' .* is another project's"):
        conflict.refuse_other_project()


def test_an_application_with_packages_of_the_servers_names_can_use_it(tmp_path: Path) -> None:
    """The SDK imports nothing of the server, whose packages have common names."""
    for name in ("server", "storage", "engines", "compat", "auth_methods"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise RuntimeError('imported')\n")
    code = "import cryptoserve, sys; print(sorted({'server', 'storage', 'engines', 'compat'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout == "[]\n"


def test_the_wheel_has_all_modules_and_works_alone(tmp_path: Path) -> None:
    """In an environment of its own, of which the packages of the tests are a part, so that no index is asked."""
    source, wheels = tmp_path / "source", tmp_path / "wheels"
    shutil.copytree(CHECKOUT / "sdk", source, ignore=shutil.ignore_patterns("*.egg-info", "build", "__pycache__"))
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", str(wheels)]
    subprocess.run([*pip, "wheel", *options, str(source)], check=True, capture_output=True, timeout=120)
    (wheel,) = wheels.iterdir()
    with zipfile.ZipFile(wheel) as packed:
        names = {name for name in packed.namelist() if name.startswith("cryptoserve/")}
        packed.extractall(tmp_path / "installed")
    package = CHECKOUT / "sdk/cryptoserve"
    modules = {f"cryptoserve/{path.relative_to(package)}" for path in package.rglob("*.py")}
    assert names == modules | {"cryptoserve/py.typed"}
    installed = str(tmp_path / "installed")
    code = f"import sys; sys.path.insert(0, {installed!r}); import cryptoserve; print(cryptoserve.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.startswith(str(tmp_path))
