"""What several users of a server need: quotas. Namespaces are in ``namespaces.py``."""

from __future__ import annotations

from tests.conformance.steps import Json, Scenario, Step

_QUOTA_ERRORS: tuple[tuple[str, dict[str, Json], int], ...] = (
    ("no rate", {}, 400),
    ("rate 0", {"rate": 0}, 400),
    ("rate negative", {"rate": -1}, 400),
    ("rate garbage", {"rate": "abc"}, 400),
    ("no such mount", {"rate": 10, "path": "nope"}, 400),
    ("role of a secrets engine", {"rate": 10, "path": "{m}", "role": "x"}, 400),
)

_quotas = Scenario(
    "quotas",
    engine="transit",
    steps=(
        Step("key", "POST {m}/keys/k", 200),
        Step("list none", "LIST sys/quotas/rate-limit", 404),
        Step("read none", "GET sys/quotas/rate-limit/q", 404),
        *(Step(name, "POST sys/quotas/rate-limit/q", status, body) for name, body, status in _QUOTA_ERRORS),
        Step(
            "create",
            "POST sys/quotas/rate-limit/q",
            204,
            {"rate": 1, "interval": "10m", "path": "{m}", "block_interval": "10m"},
        ),
        Step("read", "GET sys/quotas/rate-limit/q", 200),
        Step("list", "LIST sys/quotas/rate-limit", 200),
        Step("the same for another name", "POST sys/quotas/rate-limit/r", 400, {"rate": 1, "path": "{m}"}),
        Step("first", "GET {m}/keys/k", 200),
        Step("second", "GET {m}/keys/k", 429),
        Step("elsewhere", "GET sys/mounts/{m}", 200),
        Step("delete", "DELETE sys/quotas/rate-limit/q", 204),
        Step("third", "GET {m}/keys/k", 200),
        Step("config", "GET sys/quotas/config", 200),
    ),
)

SCENARIOS = (_quotas,)
