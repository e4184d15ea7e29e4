"""Addresses and networks that logins are bound to."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_methods.addresses import (
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
