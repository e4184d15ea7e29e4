"""Network addresses that logins and tokens are bound to: validation, spelling and containment.

Vault has two spellings. ``token_bound_cidrs`` takes single addresses and networks, and shows a network of one address
as the address. The secret-id networks of AppRole must be networks in CIDR notation and are shown as given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Annotated, TypeAlias

from msgspec import Meta

from engines.fields import READING, CommaList

Network: TypeAlias = IPv4Network | IPv6Network

MAX_ADDRESSES = 1_000
"""The most addresses and networks that one list may have."""

_BITS = {4: 32, 6: 128}


class InvalidAddress(ValueError):
    """Neither an address nor a network; the text is Vault's."""


def normal_addresses(given: Sequence[str]) -> tuple[str, ...]:
    """``given`` as Vault shows ``token_bound_cidrs``. Raises ``InvalidAddress`` for other texts.

    Vault takes paths of unix sockets and addresses with a port too, which no client's address ever matches.
    """
    _check_count(given, "addresses")
    return tuple(_normal(text.strip()) for text in given)


def _check_count(given: Sequence[str], what: str) -> None:
    """Raises ``InvalidAddress``; called before parsing, which takes microseconds for each."""
    if len(given) > MAX_ADDRESSES:
        raise InvalidAddress(f"more than {MAX_ADDRESSES} {what}")


def _normal(text: str) -> str:
    try:
        network = _network(text)
    except ValueError:
        raise InvalidAddress(
            f'error parsing address "{text}": Unable to convert "{text}" to an IPv4 or IPv6 address, or a UNIX Socket'
        ) from None
    if network.num_addresses == 1:
        return str(network.network_address)
    return f"{ip_address(text.partition('/')[0])}/{network.prefixlen}"


def plain_network(text: str) -> str:
    """The network that ``text`` denotes, without host bits; policies judge this form."""
    try:
        return str(_network(text.strip()))
    except ValueError:
        return text


AddressList: TypeAlias = Annotated[CommaList, Meta(extra={READING: plain_network})]
"""A parameter of addresses and networks: a list, or one string with commas."""


def check_networks(given: Sequence[str]) -> None:
    """Raise ``InvalidAddress`` unless all of ``given`` are networks in CIDR notation."""
    _check_count(given, "networks")
    for text in given:
        try:
            if "/" not in text:
                raise ValueError
            _network(text)
        except ValueError:
            raise InvalidAddress(f"invalid CIDR address: {text}") from None


def contains(networks: tuple[str, ...], address: str) -> bool:
    """Whether ``address`` lies in any of ``networks``; False if it is no IP address."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    plain = parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
    return _index(networks).holds(plain.version, int(plain), plain.max_prefixlen)


def all_within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    """Whether each network of ``inner`` lies in one of ``outer``."""
    index = _index(outer)
    networks = map(_network, inner)
    return all(index.holds(one.version, int(one.network_address), one.prefixlen) for one in networks)


class _Index:
    """Networks by prefix length: a look-up costs one step for each length, however many networks there are."""

    def __init__(self, networks: Iterable[Network]) -> None:
        self._prefixes: dict[int, dict[int, set[int]]] = {4: {}, 6: {}}
        for network in networks:
            shift = network.max_prefixlen - network.prefixlen
            known = self._prefixes[network.version].setdefault(network.prefixlen, set())
            known.add(int(network.network_address) >> shift)

    def holds(self, version: int, address: int, length: int) -> bool:
        """Whether the network that begins at ``address`` and has a prefix of ``length`` bits lies in one of these."""
        bits = _BITS[version]
        return any(
            known_length <= length and address >> (bits - known_length) in known
            for known_length, known in self._prefixes[version].items()
        )


@lru_cache(maxsize=256)
def _index(texts: tuple[str, ...]) -> _Index:
    return _Index(map(_network, texts))


def _network(text: str) -> Network:
    """The network in ``text``. Raises ``ValueError``."""
    if "%" in text or not re.fullmatch(r"[0-9a-fA-F:.]+(/\d{1,3})?", text):
        raise ValueError(text)
    network = ip_network(text, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return IPv4Network((mapped, network.prefixlen - 96))
    return network


def network_of(address: str) -> str:
    """The network that limits count a client under: its IPv4 address, or the /64 of its IPv6 address."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))
