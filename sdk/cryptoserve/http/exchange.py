"""One request of a call with its retries: within a deadline, with backoff and jitter, where a repeat is safe."""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptoserve.errors import CryptoServeError, InvalidResponse, RateLimited, Unavailable
from cryptoserve.http.steps import (
    Garbled,
    Lost,
    NotSent,
    Pause,
    Received,
    Send,
    Steps,
    TooLarge,
    Untrusted,
)

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0
"""The pauses double from the first to this; each is between half and all of that long, by chance."""

SMALLEST_ANSWER_LIMIT = 1 << 20
LONGEST_INDEX = 4096
"""Characters of ``X-Vault-Index`` that are kept."""

LONGEST_RETRY_AFTER_SECONDS = 86400.0

# 412: the node doesn't have the state of X-Vault-Index yet. 472, 473: a standby that can't forward.
_REPEATED = frozenset({412, 429, 472, 473, 502, 503, 504})
_REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
_TOLD_REQUEST_ID = re.compile(r"internal error \(request id ([A-Za-z0-9-]{1,64})\)")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, read: ``body`` is its JSON object, empty where there is none."""

    status: int
    request_id: str
    body: Mapping[str, object] = field(repr=False)

    @property
    def succeeded(self) -> bool:
        """Whether it is what was asked for, and no refusal."""
        return 200 <= self.status < 300

    @property
    def data(self) -> Mapping[str, object]:
        """The envelope's ``data``; empty where there is none."""
        data = self.body.get("data")
        return data if isinstance(data, dict) else {}

    @property
    def errors(self) -> tuple[str, ...]:
        """The texts of a refusal."""
        return texts(self.body.get("errors"))


def texts(value: object) -> tuple[str, ...]:
    """The texts of a list, without what is none."""
    return tuple(each for each in value if isinstance(each, str)) if isinstance(value, list) else ()


class Exchange:
    """Sends requests for one client. ``timeout`` is in seconds; ``max_retries`` None repeats as often as it allows."""

    def __init__(self, base: str, namespace: str, timeout: float, max_retries: int | None) -> None:
        self._base = base
        self._namespace = namespace
        self._timeout = timeout
        self._max_retries = max_retries
        self._index = ""

    def deadline(self) -> float:
        """When a call that begins now has to be over."""
        return time.monotonic() + self._timeout

    def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, object] | None,
        *,
        token: str,
        deadline: float,
        repeats: bool = True,
    ) -> Steps[Answer]:
        """Send until there is an answer that settles it. ``path`` lies below ``/v1/``.

        ``repeats``: doing it twice does what doing it once does. A request that can't have reached the server is
        repeated in any case. Raises ``RateLimited``, ``Unavailable`` or ``InvalidResponse``.
        """
        content = b"" if body is None else json.dumps(body, separators=(",", ":")).encode("ascii")
        retries = 0
        refused: CryptoServeError | None = None
        while True:
            fault: CryptoServeError
            wait = None
            try:
                received = yield Send(
                    method,
                    f"{self._base}/v1/{path}",
                    self._headers(token, has_body=body is not None),
                    content,
                    deadline,
                    max(SMALLEST_ANSWER_LIMIT, 2 * len(content)),
                )
            except NotSent as lost:
                harmless, fault = True, Unavailable(str(lost))
            except Lost as lost:
                harmless, fault = repeats, Unavailable(str(lost))
            except Untrusted as untrusted:
                raise Unavailable(str(untrusted)) from untrusted
            except (TooLarge, Garbled) as garbled:
                raise InvalidResponse(str(garbled)) from None
            else:
                assert received is not None, "a request is answered by what was received"
                self._keep_index(received)
                if received.status not in _REPEATED:
                    return read(received)
                wait = retry_after_seconds(received)
                harmless, fault = repeats, _refused_for_now(received, wait)
                refused = fault
            pause = self._pause(retries) if wait is None else wait + self._pause(0)
            spent = self._max_retries is not None and retries >= self._max_retries
            if not harmless or spent or time.monotonic() + pause >= deadline:
                # A repeat that was cut off by the deadline says less than the server's last answer.
                raise (fault if refused is None or time.monotonic() < deadline else refused) from None
            retries += 1
            yield Pause(pause)

    def _pause(self, retries: int) -> float:
        ceiling = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2.0 ** min(retries, 16))
        return ceiling * random.uniform(0.5, 1.0)  # noqa: S311 - it only has to differ between clients

    def _headers(self, token: str, *, has_body: bool) -> tuple[tuple[str, str], ...]:
        headers = [("Accept", "application/json"), ("Accept-Encoding", "identity"), ("X-Vault-Request", "true")]
        if has_body:
            headers.append(("Content-Type", "application/json"))
        if token:
            headers.append(("X-Vault-Token", token))
        if self._namespace:
            headers.append(("X-Vault-Namespace", self._namespace))
        if self._index:
            headers.append(("X-Vault-Index", self._index))
        return tuple(headers)

    def _keep_index(self, received: Received) -> None:
        """The next request is answered by a node that has at least this state."""
        index = received.headers.get("x-vault-index", "")
        if 0 < len(index) <= LONGEST_INDEX:
            self._index = index


def read(received: Received) -> Answer:
    """The answer in what came: a success is a JSON object, a refusal may be anything. Raises ``InvalidResponse``."""
    told = received.headers.get("x-vault-request-id", "")
    request_id = told if _REQUEST_ID.fullmatch(told) else ""
    if 300 <= received.status < 400:
        # A token is for the address that it was given with.
        raise InvalidResponse(f"status {received.status}: redirects are not followed", request_id=request_id)
    body: Mapping[str, object] = {}
    try:
        value = json.loads(received.content) if received.content.strip() else {}
        if isinstance(value, dict):
            body = value
        elif received.status < 300:
            raise ValueError
    except (ValueError, RecursionError):
        if received.status < 300:
            message = f"status {received.status} without a JSON object"
            raise InvalidResponse(message, request_id=request_id) from None
    return Answer(received.status, request_id or _request_id(body), body)


def _request_id(body: Mapping[str, object]) -> str:
    told = body.get("request_id")
    if isinstance(told, str) and _REQUEST_ID.fullmatch(told):
        return told
    found = next((match for text in texts(body.get("errors")) if (match := _TOLD_REQUEST_ID.fullmatch(text))), None)
    return found[1] if found else ""


def retry_after_seconds(received: Received) -> float | None:
    """The header ``Retry-After`` in seconds; None without one, and for a date, which no Vault sends."""
    text = received.headers.get("retry-after", "").strip()
    return min(float(text), LONGEST_RETRY_AFTER_SECONDS) if re.fullmatch(r"[0-9]{1,9}", text) else None


def _refused_for_now(received: Received, wait: float | None) -> CryptoServeError:
    told = received.headers.get("x-vault-request-id", "")
    request_id = told if _REQUEST_ID.fullmatch(told) else ""
    if received.status == 429:
        until = "" if wait is None else f": the server wants to be asked again in {wait:g} s"
        return RateLimited(f"too many requests{until}", request_id=request_id, retry_after_seconds=wait)
    reasons = {503: "sealed, or can't serve at present", 502: "not behind its proxy", 504: "too slow for its proxy"}
    reason = reasons.get(received.status, "not in a state to serve")
    return Unavailable(f"the server is {reason} (status {received.status})", request_id=request_id)
