"""Whose address a request has, behind how many trusted proxies, and what counts as one connection."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from onehall.kernel import addresses

PROXY = "127.0.0.1"


def seen(forwarded: str, *, proxies: int = 1, remote: str = PROXY) -> str:
    return str(addresses.client_address(remote, forwarded, proxies=proxies))


def test_without_a_trusted_proxy_the_header_is_never_read() -> None:
    assert seen("198.51.100.7", proxies=0, remote="203.0.113.5") == "203.0.113.5"


def test_behind_one_proxy_it_is_the_last_entry() -> None:
    assert seen("198.51.100.7") == "198.51.100.7"


def test_what_somebody_made_up_before_it_is_never_read() -> None:
    assert seen("10.0.0.1, 8.8.8.8, 198.51.100.7") == "198.51.100.7"
    assert seen("nonsense, , 198.51.100.7") == "198.51.100.7"


def test_behind_two_it_is_the_last_but_one() -> None:
    assert seen("8.8.8.8, 198.51.100.7, 10.0.0.2", proxies=2) == "198.51.100.7"


@pytest.mark.parametrize(
    "forwarded",
    ["", " ", ",", "unknown", "198.51.100.7,", "198.51.100.300", "_hidden", "<x>", "::1::"],
)
def test_what_is_no_address_falls_back_to_the_peer(forwarded: str) -> None:
    assert seen(forwarded) == PROXY


def test_a_header_that_is_too_short_falls_back_to_the_peer() -> None:
    assert seen("198.51.100.7", proxies=2) == PROXY


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("198.51.100.7:4711", "198.51.100.7"),
        ("[2001:db8::1]:443", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("2001:DB8::1", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
    ],
)
def test_addresses_are_read_as_proxies_write_them(written: str, address: str) -> None:
    assert seen(written) == address


def test_the_last_64_bits_of_an_ipv6_address_make_no_other_connection() -> None:
    one, two, other = (
        addresses.connection(addresses.read(text))
        for text in ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:3::1")
    )
    assert one == two == "2001:db8:1:2::/64"
    assert other != one


def test_ipv4_addresses_count_one_by_one_and_unknown_ones_together() -> None:
    assert addresses.connection(addresses.read("198.51.100.7")) == "198.51.100.7"
    assert addresses.connection(addresses.read("")) == "unknown"


@given(st.text(), st.text(), st.integers(min_value=0, max_value=3))
def test_no_header_breaks_it(remote: str, forwarded: str, proxies: int) -> None:
    addresses.connection(addresses.client_address(remote, forwarded, proxies=proxies))
