"""What runs the examples of the documentation: in order, and telling what fails."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.servers import Server
from tests.wire.documents.snippets import SnippetFailed, extract, run_snippets

SAMPLE = """
# A sample

```text
this is not run, or it would fail
```

```sh
export BAO_ADDR=http://127.0.0.1:8200 BAO_TOKEN=root
bao secrets enable -path=sample transit
```

Then in Python:

```python
import hvac
client = hvac.Client(url="http://127.0.0.1:8200", token="root")
client.secrets.transit.create_key("orders", mount_point="sample")
print(client.secrets.transit.read_key("orders", mount_point="sample")["data"]["type"])
client.adapter.close()
```

```sh
bao list sample/keys | tail -n 1
```
"""


def test_snippets_run_in_order(development: Server, tmp_path: Path) -> None:
    snippets = extract(SAMPLE)
    assert [(snippet.language, snippet.line) for snippet in snippets] == [("sh", 9), ("python", 16), ("sh", 24)]
    printed = run_snippets(snippets, development, tmp_path)
    assert printed[1:] == ["aes256-gcm96\n", "orders\n"]


@pytest.mark.parametrize(
    "text",
    ["```sh\nfalse\ntrue\n```\n", "```python\nraise SystemExit(3)\n```\n", "```sh\necho $UNKNOWN_NAME\n```\n"],
)
def test_a_failing_snippet_is_told(development: Server, tmp_path: Path, text: str) -> None:
    with pytest.raises(SnippetFailed, match="snippet in line 2"):
        run_snippets(extract(text), development, tmp_path)


def test_a_block_without_end_is_told() -> None:
    with pytest.raises(SnippetFailed, match="line 3"):
        extract("# Title\n```sh\ntrue\n")


def test_terminal_and_interpreter_keep_what_is_defined(development: Server, tmp_path: Path) -> None:
    text = """
```sh
export SHOWN=5
kept=6
twice() { echo $(($1 * 2)); }
```

```python
import os
number = int(os.environ["SHOWN"])
```

```sh
twice $kept
```

```python
print(number + 1)
```
"""
    assert run_snippets(extract(text), development, tmp_path) == ["", "", "12\n", "6\n"]
