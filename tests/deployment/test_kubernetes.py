"""The Kubernetes manifests: valid by Kubernetes' own schemas, and of one cast."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from server.config import load_config
from tests.house.sources import ROOT

FOLDER = ROOT / "packaging/kubernetes"
KUBERNETES = "1.34"
DOCUMENTS = [
    document
    for path in sorted(FOLDER.glob("*.yaml"))
    for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))
]


def _named(document: dict[str, Any]) -> str:
    return f"{document['kind']}-{document['metadata']['name']}"


def _one(kind: str) -> Any:
    (found,) = (document for document in DOCUMENTS if document["kind"] == kind)
    return found


@pytest.mark.parametrize("document", DOCUMENTS, ids=_named)
def test_each_manifest_is_valid(document: dict[str, Any]) -> None:
    kubernetes_validate.validate(document, KUBERNETES, strict=True)
    if document["kind"] != "Namespace":
        assert document["metadata"]["namespace"] == _one("Namespace")["metadata"]["name"]


def test_a_misspelt_word_is_seen() -> None:
    wrong = {**_one("StatefulSet"), "spec": {**_one("StatefulSet")["spec"], "replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, KUBERNETES, strict=True)


def test_the_pod_has_no_rights_to_spare() -> None:
    pod = _one("StatefulSet")["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert {pod["securityContext"][name] for name in ("runAsUser", "runAsGroup", "fsGroup")} == {10001}
    assert pod["automountServiceAccountToken"] is False
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "privileged": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "env" not in container, "secrets are files"
    assert {"cpu", "memory"} == set(container["resources"]["limits"])
    modes = [volume["secret"]["defaultMode"] for volume in pod["volumes"] if "secret" in volume]
    assert modes == [0o440]
    assert pod["terminationGracePeriodSeconds"] > 15


def test_a_sealed_pod_is_alive_and_not_ready() -> None:
    (container,) = _one("StatefulSet")["spec"]["template"]["spec"]["containers"]
    alive = "/v1/sys/health?sealedcode=200&uninitcode=200"
    assert container["livenessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == alive
    assert container["readinessProbe"]["httpGet"]["path"] == "/v1/sys/health"


def test_the_configuration_loads_and_its_folders_are_mounted(tmp_path: Path) -> None:
    file = tmp_path / "cryptoserve.hcl"
    file.write_text(_one("ConfigMap")["data"]["cryptoserve.hcl"], encoding="utf-8")
    config = load_config([str(file)], {})
    assert config.warnings == ()
    (listener,) = config.listeners
    (container,) = _one("StatefulSet")["spec"]["template"]["spec"]["containers"]
    mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
    paths = (config.storage.options["path"], listener.tls_cert_file, listener.tls_key_file)
    assert {str(Path(path).parent) for path in paths} <= mounted
    assert listener.address.endswith(f":{container['ports'][0]['containerPort']}")
