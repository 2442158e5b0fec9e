"""Which part of a typed text names a service, and which stands in the place."""

from typing import Any

import pytest

from onehall.service_requests.finding import Wanted, _by_service

pytestmark = pytest.mark.django_db


def wanted(city: Any, *words: tuple[str, tuple[int, ...]]) -> Wanted:
    return Wanted(city, "", tuple((w,) for w, _ in words), tuple(s for _, s in words))


def test_only_what_was_typed_may_be_a_beginning(cast: Any) -> None:
    assert Wanted.of(cast.city, "blvd").queries[0].startswith("('blvd':* | 'boulevard' | ")


def test_words_that_name_one_service_together_are_taken_together(cast: Any) -> None:
    found = wanted(cast.city, ("street", (1, 2)), ("light", (2, 3)), ("mill", ()))
    assert _by_service(found) == {"services": [2], "rest": "('mill':*)"}


def test_a_word_of_the_place_may_be_that_of_another_service_too(cast: Any) -> None:
    found = wanted(cast.city, ("graffiti", (1, 2)), ("wilshire", ()), ("blvd", (3,)))
    assert _by_service(found) == {"services": [1, 2], "rest": "('wilshire':*) & ('blvd':*)"}
    assert _by_service(wanted(cast.city, ("main", ()))) == {}
