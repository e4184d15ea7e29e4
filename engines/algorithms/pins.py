"""Pins: the configured providers of rows, parsed and applied."""

from __future__ import annotations

from engines.algorithms.kem.providers import PREFERENCE, installed, pin
from engines.algorithms.registry import ALGORITHMS


def pin_providers(text: str) -> None:
    """Pin rows to providers by ``text``, ``row=provider, row=provider``; "" removes all pins.

    Raises ``ValueError`` for malformed text, and for a provider that isn't installed or lacks the algorithm; then no
    pin is changed.
    """
    pins: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        row, equals, provider = (word.strip() for word in part.partition("="))
        if not equals or provider not in PREFERENCE:
            raise ValueError(f"{part!r} is not ALGORITHM=PROVIDER, with a provider out of {', '.join(PREFERENCE)}")
        if provider not in installed():
            raise ValueError(f"the provider {provider!r} is not installed")
        able = _able(row)
        if provider not in able:
            raise ValueError(
                f"{row!r} can't be served by {provider!r}" + (f", but by {', '.join(able)}" if able else "")
            )
        pins[row] = provider
    pin(pins)


def _able(row: str) -> tuple[str, ...]:
    """The providers of ``row`` without pins; empty for an unknown row or one without a choice."""
    algorithm = ALGORITHMS.get(row)
    return () if algorithm is None or algorithm.could_serve is None else algorithm.could_serve()
