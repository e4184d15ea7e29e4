"""Addresses and networks that logins are bound to."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods import addresses
from auth_methods.addresses import (
    MAX_ADDRESSES,
    InvalidAddress,
    all_within,
    check_networks,
    contains,
    network_of,
    normal_addresses,
)


def test_networks_of_one_address_are_shown_as_the_address() -> None:
    given_texts = ["10.0.0.1/32", "10.1.1.1/8", "::1/128", "2001:DB8::1/32", "::ffff:10.0.0.1", " 10.0.0.2"]
    assert normal_addresses(given_texts) == (
        "10.0.0.1",
        "10.1.1.1/8",
        "::1",
        "2001:db8::1/32",
        "10.0.0.1",
        "10.0.0.2",
    )


@pytest.mark.parametrize(
    "text", ["", "nope", "10.1", "010.0.0.1", "10.0.0.1/33", "10.0.0.1:80", "/run/x", "fe80::1%lo"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress, match="Unable to convert"):
        normal_addresses([text])


@pytest.mark.parametrize("text", ["", "nope", "10.0.0.1", "10.0.0.0/33", "::/129"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(InvalidAddress, match="invalid CIDR address"):
        check_networks(["10.0.0.0/8", text])


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("10.9.9.9", True),
        ("::ffff:10.9.9.9", True),
        ("2001:db8::5", True),
        ("11.0.0.1", False),
        ("2001:db9::5", False),
        ("", False),
        ("unix", False),
    ],
)
def test_where_an_address_lies(address: str, inside: bool) -> None:
    assert contains(("10.1.1.1/8", "2001:db8::/32"), address) is inside


def test_networks_within_networks() -> None:
    assert all_within(("10.1.0.0/16", "2001:db8:1::/48"), ("10.0.0.0/8", "2001:db8::/32"))
    assert not all_within(("10.1.0.0/16", "0.0.0.0/0"), ("10.0.0.0/8",))
    assert not all_within(("10.1.0.0/16",), ("::/0",))
    assert not all_within(("::/0",), ("0.0.0.0/0",))


def test_a_client_with_ipv6_has_a_whole_network() -> None:
    assert network_of("2001:db8::1") == network_of("2001:db8::ffff:1") == "2001:db8::/64"
    assert network_of("::ffff:10.0.0.1") == network_of("10.0.0.1") == "10.0.0.1"
    assert network_of("@") == "@"


@given(st.ip_addresses(), st.integers(min_value=0, max_value=128))
def test_normal_forms_are_normal(address: IPv4Address | IPv6Address, prefix: int) -> None:
    normal = normal_addresses([f"{address}/{min(prefix, address.max_prefixlen)}"])
    assert normal_addresses(normal) == normal
    # An IPv4 address in the clothes of IPv6 lies in networks of IPv4.
    if not (isinstance(address, IPv6Address) and address.ipv4_mapped):
        assert contains(normal, str(address))


_NETWORKS = st.tuples(st.ip_addresses(), st.integers(min_value=0, max_value=128)).map(
    lambda pair: str(ip_network((pair[0], min(pair[1], pair[0].max_prefixlen)), strict=False))
)


@given(st.lists(_NETWORKS, max_size=5), st.lists(_NETWORKS, max_size=5))
def test_networks_lie_within_others_as_the_library_has_it(inner: list[str], outer: list[str]) -> None:
    parsed = [(addresses._network(one), [addresses._network(other) for other in outer]) for one in inner]
    expected = all(
        any(one.version == other.version and one.subnet_of(other) for other in others)  # type: ignore[arg-type]
        for one, others in parsed
    )
    assert all_within(tuple(inner), tuple(outer)) is expected


def test_what_is_too_many_is_refused_before_it_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    def read(text: str) -> Iterator[str]:
        raise AssertionError(f"read {text}")

    monkeypatch.setattr(addresses, "_network", read)
    for check in (normal_addresses, check_networks):
        with pytest.raises(InvalidAddress, match=f"more than {MAX_ADDRESSES}"):
            check(["::1"] * (MAX_ADDRESSES + 1))


def test_many_networks_are_compared_with_many_in_few_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """As many steps as there are networks, not as there are pairs."""
    read = []
    network = addresses._network

    def reading(text: str) -> addresses.Network:
        read.append(text)
        return network(text)

    monkeypatch.setattr(addresses, "_network", reading)
    outer = tuple(f"10.{number // 256}.{number % 256}.0/24" for number in range(MAX_ADDRESSES))
    inner = tuple(f"10.{number // 256}.{number % 256}.128/25" for number in range(MAX_ADDRESSES))
    assert all_within(inner, outer) and contains(outer, "10.3.231.7") and not contains(outer, "10.3.232.7")
    assert len(read) == 2 * MAX_ADDRESSES
    assert len(addresses._index(outer)._prefixes[4]) == 1
