"""Status of the running server: high availability, counters, and requests under way."""

from __future__ import annotations

import socket
from time import perf_counter_ns

from engines.base import Call, Nothing, Reply
from engines.durations import SECOND, format_time
from engines.faults import NotFound, UnsupportedPath
from server.audit.entry import client_id
from server.runtime.version import API_VERSION
from server.system.state import System
from server.tenants.identity.listing import count
from server.tenants.identity.records import ENTITIES
from server.tenants.tokens.store import token_of

_REMOVED = "The functionality has been removed on this path"


async def step_down(system: System, call: Call, body: Nothing) -> None:
    """Do nothing: a single server has no leadership to give up."""


async def read_ha_status(system: System, call: Call, body: Nothing) -> Reply:
    """Show the servers of this installation: this one."""
    node = {
        "hostname": socket.gethostname(),
        "api_address": system.core.runtime.settings.api_address,
        "cluster_address": "",
        "active_node": True,
        "last_echo": None,
        "version": API_VERSION,
    }
    return Reply({"nodes": [node]})


async def read_replication(system: System, call: Call, body: Nothing) -> Reply:
    """Refuse: there is no replication."""
    raise UnsupportedPath(wrapped=False)


async def count_requests(system: System, call: Call, body: Nothing) -> Reply:
    """Refuse, as OpenBao does: requests are counted by ``sys/metrics``."""
    raise NotFound(_REMOVED)


async def count_tokens(system: System, call: Call, body: Nothing) -> Reply:
    """Count the service tokens."""
    return Reply({"counters": {"service_tokens": {"total": len(await system.tenant.tokens.accessors(call.now))}}})


async def count_entities(system: System, call: Call, body: Nothing) -> Reply:
    """Count the entities."""
    total = await count(system.tenant.identities.view, ENTITIES)
    return Reply({"counters": {"entities": {"total": total}}})


async def read_in_flight(system: System, call: Call, body: Nothing) -> Reply:
    """Show the requests under way in this process."""
    shown = {}
    now = perf_counter_ns()
    for request_id, (request, began) in system.core.runtime.in_flight.items():
        shown[request_id] = {
            "start_time": format_time(call.now - (now - began) / SECOND),
            "client_remote_address": f"{request.remote_address}:{request.remote_port}",
            "request_path": f"/v1/{request.path}",
            "request_method": request.method,
        }
    if call.caller is not None and call.request_id in shown:
        token = token_of(call.caller)
        record = token.record
        shown[call.request_id]["client_id"] = client_id(record.policies, token.namespace_id, record.entity_id)
    return Reply(shown)
