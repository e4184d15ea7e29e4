"""Network addresses that logins and tokens are bound to: which are valid, how they are shown, which lie in which.

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


class InvalidAddress(ValueError):
    """Neither an address nor a network; the text is Vault's."""


def normal_addresses(given: Iterable[str]) -> tuple[str, ...]:
    """``given`` as Vault shows ``token_bound_cidrs``. Raises ``InvalidAddress`` for what is no IP address or network.

    Vault takes paths of unix sockets and addresses with a port too, which no client's address ever matches.
    """
    addresses = tuple(_normal(text.strip()) for text in given)
    if len(addresses) > MAX_ADDRESSES:
        raise InvalidAddress(f"more than {MAX_ADDRESSES} addresses")
    return addresses


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
    """The reading of addresses and networks: the network, without the bits of a host."""
    try:
        return str(_network(text.strip()))
    except ValueError:
        return text


AddressList: TypeAlias = Annotated[CommaList, Meta(extra={READING: plain_network})]
"""Addresses and networks, given as a list or as one string with commas."""


def check_networks(given: Sequence[str]) -> None:
    """Raise ``InvalidAddress`` unless all of ``given`` are networks in CIDR notation."""
    if len(given) > MAX_ADDRESSES:
        raise InvalidAddress(f"more than {MAX_ADDRESSES} networks")
    for text in given:
        try:
            if "/" not in text:
                raise ValueError
            _network(text)
        except ValueError:
            raise InvalidAddress(f"invalid CIDR address: {text}") from None


def contains(networks: tuple[str, ...], address: str) -> bool:
    """Whether ``address`` lies in any of ``networks``; what is no IP address lies in none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    plain = parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
    return any(plain in network for network in _networks(networks))


def all_within(inner: tuple[str, ...], outer: tuple[str, ...]) -> bool:
    """Whether each network of ``inner`` lies in one of ``outer``."""
    return all(any(_lies_in(network, other) for other in _networks(outer)) for network in _networks(inner))


def _lies_in(network: Network, other: Network) -> bool:
    if isinstance(network, IPv4Network):
        return isinstance(other, IPv4Network) and network.subnet_of(other)
    return isinstance(other, IPv6Network) and network.subnet_of(other)


@lru_cache(maxsize=1024)
def _networks(texts: tuple[str, ...]) -> tuple[Network, ...]:
    return tuple(_network(text) for text in texts)


def _network(text: str) -> Network:
    """Raises ValueError."""
    if "%" in text or not re.fullmatch(r"[0-9a-fA-F:.]+(/\d{1,3})?", text):
        raise ValueError(text)
    network = ip_network(text, strict=False)
    mapped = network.network_address.ipv4_mapped if isinstance(network, IPv6Network) else None
    if mapped is not None and network.prefixlen >= 96:
        return IPv4Network((mapped, network.prefixlen - 96))
    return network


def network_of(address: str) -> str:
    """What stands for a client in limits: its IPv4 address, or the /64 that its IPv6 address lies in."""
    try:
        parsed: IPv4Address | IPv6Address = ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, 64), strict=False))
