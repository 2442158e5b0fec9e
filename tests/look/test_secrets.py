"""The secrets of forms: Django's own in every way but how they are drawn."""

from collections import Counter

from django.middleware import csrf
from django.test import RequestFactory

from onehall.look import secrets


def test_django_makes_its_tokens_of_them_and_takes_them() -> None:
    assert csrf._get_new_csrf_string is secrets.secret  # type: ignore[attr-defined]
    request = RequestFactory().get("/")
    token = csrf.get_token(request)
    csrf._check_token_format(token)  # type: ignore[attr-defined]
    assert csrf._does_token_match(token, request.META["CSRF_COOKIE"])  # type: ignore[attr-defined]
    assert csrf.get_token(request) != token, "masked anew each time"


def test_every_letter_is_as_likely_as_any_other() -> None:
    drawn = Counter("".join(secrets.secret() for _ in range(4_000)))
    assert set(drawn) == set(secrets.LETTERS)
    expected = 4_000 * secrets.LENGTH / len(secrets.LETTERS)
    assert all(0.85 * expected < n < 1.15 * expected for n in drawn.values())


def test_none_comes_twice() -> None:
    assert len({secrets.secret() for _ in range(2_000)}) == 2_000
    assert {len(secrets.secret()) for _ in range(100)} == {secrets.LENGTH}
