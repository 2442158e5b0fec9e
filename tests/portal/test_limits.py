"""Limits count residents, not the proxy in front of them; and nobody gets past them with a header."""

import pytest
from django.core.cache import caches
from django.test import Client, RequestFactory

from onehall.portal.limits import too_many


@pytest.fixture(autouse=True)
def _forget():
    caches["local"].clear()


def over(forwarded: str = "", remote: str = "127.0.0.1") -> bool:
    """Whether the third time is too often."""
    headers = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    request = RequestFactory().post("/", REMOTE_ADDR=remote, **headers)
    return too_many(request, "write", limit=2, seconds=60)


def test_behind_a_proxy_each_resident_has_a_limit_of_their_own(settings):
    settings.TRUSTED_PROXIES = 1
    assert [over("198.51.100.7") for _ in range(3)] == [False, False, True]
    assert not over("198.51.100.8")


def test_a_made_up_header_opens_no_new_limit(settings):
    settings.TRUSTED_PROXIES = 1
    assert [over(f"10.0.0.{n}, 198.51.100.7") for n in range(3)] == [False, False, True]


def test_without_trust_the_header_is_worth_nothing(settings):
    settings.TRUSTED_PROXIES = 0
    assert [over(f"10.0.0.{n}", remote="203.0.113.5") for n in range(3)] == [False, False, True]


def test_behind_two_proxies(settings):
    settings.TRUSTED_PROXIES = 2
    tries = [over(f"8.8.8.{n}, 198.51.100.7, 10.0.0.2") for n in range(3)]
    assert tries == [False, False, True]
    assert not over("198.51.100.8, 10.0.0.2")


def test_a_phone_that_changes_its_ipv6_address_is_one_connection(settings):
    settings.TRUSTED_PROXIES = 1
    assert [over(f"2001:db8:1:2::{n}") for n in range(3)] == [False, False, True]


def test_a_broken_header_counts_for_the_proxy_itself(settings):
    settings.TRUSTED_PROXIES = 1
    assert [over(text) for text in ("junk", "1.2.3.4.5", "")] == [False, False, True]


def test_pages_say_so_to_one_resident_and_not_to_the_next(phone, report, settings, monkeypatch):
    settings.TRUSTED_PROXIES = 1

    def write(address: str) -> int:
        headers = {"x-forwarded-for": address}
        return phone.post(f"/r/{report.token}/write", {"words": "Hi"}, headers=headers).status_code

    codes = [write("198.51.100.7") for _ in range(61)]
    assert (set(codes[:-1]), codes[-1]) == ({302}, 429)
    assert write("198.51.100.8") == 302


def test_signing_in_counts_residents_too(city, settings):
    """With the proxy's address for everybody, one busy guest would lock out the city."""
    settings.TRUSTED_PROXIES = 1
    caches["default"].clear()

    def is_let(number: int, address: str) -> bool:
        guest = Client(SERVER_NAME="testford.example", headers={"x-forwarded-for": address})
        fields = {"email": f"guest{number}@example.com"}
        answer = guest.post("/accounts/login/code/", fields)
        return answer.status_code == 302 or "too often" not in answer.content.decode()

    tries = [is_let(n, f"2001:db8:1:2::{n}") for n in range(21)]
    assert (all(tries[:-1]), tries[-1]) == (True, False)
    assert is_let(99, "198.51.100.8")
