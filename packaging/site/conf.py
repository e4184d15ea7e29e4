"""The documentation site: the pages of the repository, as they are, with furo, and nothing from another host."""

import re
from pathlib import Path
from typing import Any

project = "CryptoServe"
root_doc = "README"
include_patterns = ["*.md", "docs/*.md", "sdk/README.md"]
extensions = ["myst_parser"]
# As GitHub names headings, which the pages link to.
myst_heading_anchors = 6
html_theme = "furo"
html_title = "CryptoServe"
html_copy_source = False
# Pygments knows the newer HCL alone, and the generated pages begin their tables below a heading that isn't there.
suppress_warnings = ["misc.highlighting_failure", "myst.header"]

CONTENTS = {
    "Use": [
        "docs/sdk",
        "docs/transit",
        "docs/signing",
        "docs/pqc",
        "docs/signatures",
        "docs/bulk",
        "docs/scanner",
        "docs/migration",
    ],
    "Run": [
        "docs/deploying",
        "docs/operating",
        "docs/configuration",
        "docs/console",
        "docs/auth",
        "docs/logins",
        "docs/tokens",
        "docs/namespaces",
        "docs/crypto-policy",
        "docs/inventory",
        "docs/ledger",
        "docs/fips",
    ],
    "Look up": [
        "docs/api",
        "docs/transit-reference",
        "docs/signing-reference",
        "docs/algorithms",
        "docs/profiles",
        "docs/sdk-format",
        "docs/benchmarks",
        "docs/performance",
    ],
    "Judge": [
        "docs/trust",
        "THREATS",
        "SECURITY",
        "docs/security-reviews",
        "docs/architecture",
        "CONTRIBUTING",
        "CHANGELOG",
        "sdk/README",
    ],
}
"""The order of pages beside each page; a page that is missing here fails the build."""

_LINK = re.compile(r"\[([^\]]+)\]\(([^()#:\s]+)\)")


def _read(app: Any, name: str, source: list[str]) -> None:
    """Put the contents behind the first page, and unlink folders, which the repository shows and a site doesn't."""
    folder = Path(app.srcdir, name).parent
    source[0] = _LINK.sub(lambda link: link[1] if (folder / link[2]).is_dir() else link[0], source[0])
    if name == root_doc:
        for caption, pages in CONTENTS.items():
            source[0] += "\n```{toctree}\n:hidden:\n:caption: " + caption + "\n\n" + "\n".join(pages) + "\n```\n"


def setup(app: Any) -> None:
    """Register with Sphinx."""
    app.connect("source-read", _read)
