"""Which part of a typed text names a service, and which stands in the place."""

from typing import Any

import pytest
from django.db import connection

from onehall.service_requests.actions import Contact
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


class TestNames:
    def found(self, city: Any, name: str, most: int = 2) -> set[int]:
        """The cases of the people with a name, as the desk's search asks for them."""
        asked = "SELECT onehall_found(%s, NULL, NULL, NULL, NULL, %s, NULL, NULL, NULL, NULL, NULL, NULL, %s)"
        with connection.cursor() as cursor:
            cursor.execute(asked, [city.pk, f"'{name}':*", most])
            return {pk for (pk,) in cursor.fetchall()}

    def test_the_newest_of_those_who_have_one(self, cast: Any) -> None:
        people = [Contact(name=f"Paula Reyes {n}", email=f"p{n}@example.org") for n in range(3)]
        cases = [cast.report(contact=one).case_id for one in people]
        assert self.found(cast.city, "paula") == set(cases[1:])
        assert self.found(cast.city, "rey", most=9) == set(cases)

    def test_every_case_of_one_who_told_often(self, cast: Any) -> None:
        paula = Contact(name="Paula Reyes", email="paula@example.org")
        cases = {cast.report(contact=paula).case_id for _ in range(3)}
        assert self.found(cast.city, "paula", most=9) == cases

    def test_a_name_that_nobody_has(self, cast: Any) -> None:
        cast.report()
        assert self.found(cast.city, "lighthouse") == set()

    def test_it_is_looked_up_in_the_index_of_names_first(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT prosrc FROM pg_proc WHERE proname = 'onehall_found'")
            (body,) = cursor.fetchone()
        first = body.index("WITH known AS MATERIALIZED (SELECT p.id FROM people_person")
        assert first < body.index("named || ' ORDER BY p.id DESC")
