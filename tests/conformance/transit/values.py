"""Values that scenarios of encryption share."""

from __future__ import annotations

import base64

HELLO = base64.b64encode(b"hello").decode()
CONTEXT = base64.b64encode(b"context").decode()
