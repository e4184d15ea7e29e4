"""The witness over HTTP: ``POST /add-checkpoint`` and ``GET /HASH/checkpoint``."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from server.audit.ledger.log.submissions import MAX_SUBMISSION_BYTES
from server.audit.ledger.witness.witness import Refused, WitnessService

_TEXT = "text/plain; charset=utf-8"


def witness_app(service: WitnessService) -> Starlette:
    """The application that serves ``service``."""

    async def add_checkpoint(request: Request) -> Response:
        body = b""
        try:
            async for part in request.stream():
                body += part
                if len(body) > MAX_SUBMISSION_BYTES:
                    return Response("the submission is too long\n", 413, media_type=_TEXT)
        except ClientDisconnect:
            return Response(status_code=400)
        try:
            lines = await run_in_threadpool(service.add_checkpoint, body)
        except Refused as refused:
            return Response(refused.body, refused.status, {"Content-Type": refused.content_type})
        return Response(lines, media_type=_TEXT)

    async def checkpoint(request: Request) -> Response:
        found = await run_in_threadpool(service.checkpoint, request.path_params["origin"])
        if found is None:
            return Response("no checkpoint of such a log was signed\n", 404, media_type=_TEXT)
        return Response(found, media_type=_TEXT)

    return Starlette(
        routes=[
            Route("/add-checkpoint", add_checkpoint, methods=["POST"]),
            Route("/{origin}/checkpoint", checkpoint, methods=["GET"]),
        ]
    )
