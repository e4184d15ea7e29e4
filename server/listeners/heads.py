"""What both servers need to know of the heads of HTTP/1.1 answers, to send head and body in one write."""

from __future__ import annotations


def is_head(data: bytes) -> bool:
    """Whether ``data``, one write of a server, is the head of a final answer, and so something will follow it.

    An interim answer (100, 101) is not: the client waits for it. A body may look like a head; it may be held back as
    long as the end of the answer sends it.
    """
    return data.startswith(b"HTTP/1.1 ") and data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1")
