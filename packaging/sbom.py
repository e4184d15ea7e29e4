"""Writes a software bill of materials: CycloneDX 1.6 JSON of what the lock installs on this platform.

``python packaging/sbom.py LOCK PYPROJECT FOLDER`` writes ``FOLDER/NAME-VERSION.cdx.json``.
Requirements whose markers don't hold here are left out. Times and serial numbers are left out too: the same lock
makes the same bytes.
"""

import json
import re
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def _component(name: str, version: str) -> dict[str, Any]:
    name = canonicalize_name(name)
    url = f"pkg:pypi/{name}@{version}"
    return {"bom-ref": url, "type": "library", "name": name, "version": version, "purl": url}


def components(lock: str) -> list[dict[str, Any]]:
    """The packages that ``lock`` installs on this platform, sorted by name, each with the hashes of its files.

    Raises ``ValueError`` for a requirement that isn't pinned to one version with hashes.
    """
    found = []
    for line in lock.replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        requirement = Requirement(line.split(" --hash", 1)[0].strip())
        hashes = _HASH.findall(line)
        (pin,) = requirement.specifier
        if pin.operator != "==" or not hashes:
            raise ValueError(f"expected one version and hashes: {requirement}")
        if requirement.marker is None or requirement.marker.evaluate():
            component = _component(requirement.name, pin.version)
            files = [
                {
                    "type": "distribution",
                    "url": f"https://pypi.org/project/{component['name']}/{pin.version}/",
                    "hashes": [{"alg": "SHA-256", "content": content} for content in hashes],
                }
            ]
            found.append({**component, "externalReferences": files})
    return sorted(found, key=lambda component: str(component["name"]))


def document(lock: str, distribution: str, version: str) -> dict[str, Any]:
    """The bill of materials of ``distribution``."""
    parts = components(lock)
    root = {**_component(distribution, version), "type": "application"}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": root},
        "components": parts,
        "dependencies": [
            {"ref": root["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"]} for part in parts),
        ],
    }


if __name__ == "__main__":
    lock_file, project_file, folder = map(Path, sys.argv[1:])
    project = tomllib.loads(project_file.read_text(encoding="utf-8"))["project"]
    made = document(lock_file.read_text(encoding="utf-8"), project["name"], project["version"])
    output = folder / f"{project['name']}-{project['version']}.cdx.json"
    output.write_text(json.dumps(made, indent=2) + "\n", encoding="utf-8")
