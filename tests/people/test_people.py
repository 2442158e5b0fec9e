"""Staff: who may act, which queues they serve, and the actions that change it."""

import datetime as dt
from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from pytest_django import DjangoAssertNumQueries

from onehall.cli import city as city_cli
from onehall.people import actions
from onehall.people.actor import Actor, system
from onehall.people.models import Membership, User
from onehall.people.queries import forget, members, queue_named, queues, staff_actor
from onehall.places.models import City
from tests.packs import WrongPack, testford


@pytest.fixture
def city(db: None) -> City:
    """Testford with its staff."""
    forget()
    return testford()


def actor(city: City, email: str) -> Actor:
    found = staff_actor(User.objects.get(email=email), city)
    assert found is not None
    return found


def served(city: City, who: Actor) -> set[str]:
    return {q.key for q in queues(city) if q.id in who.queue_ids}


class TestStaffActor:
    def test_crew_serve_the_queues_of_their_department(self, city: City) -> None:
        carl = actor(city, "carl@testford.example")
        assert carl.roles == {"crew"}
        assert served(city, carl) == {"roads", "roads-north"}
        assert carl.name == "Carl Crew"

    def test_city_wide_roles_serve_all(self, city: City) -> None:
        assert len(actor(city, "ana@testford.example").queue_ids) == 4

    def test_named_queues_narrow_it(self, city: City) -> None:
        Membership.objects.filter(user__email="carl@testford.example").update(queue_keys=["roads"])
        assert served(city, actor(city, "carl@testford.example")) == {"roads"}

    def test_strangers_former_staff_and_other_cities_are_nobody(self, city: City) -> None:
        other = City.objects.create(slug="other", name="Other", languages=["en"])
        carl = User.objects.get(email="carl@testford.example")
        assert staff_actor(AnonymousUser(), city) is None
        assert staff_actor(carl, other) is None
        Membership.objects.filter(user=carl).update(active=False)
        assert staff_actor(carl, city) is None
        stranger = User.objects.create_user(email="sam@example.org")
        assert staff_actor(stranger, city) is None
        stranger.is_active = False
        assert staff_actor(stranger, city) is None


class TestQueries:
    def test_queues_are_named_and_held(
        self, city: City, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        first = queues(city)
        assert [q.key for q in first] == ["roads", "roads-north", "questions", "neighbors"]
        assert first[0].department_name["es"] == "Obras Públicas"
        with django_assert_num_queries(0):
            assert queues(city) is first
            assert queue_named(city, "questions") is not None
            assert queue_named(city, "nothing") is None

    def test_members_come_by_name_in_one_query(
        self, city: City, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        with django_assert_num_queries(1):
            found = members(city)
        assert [m.name for m in found][:3] == ["Ada Admin", "Ana Agent", "Carl Crew"]
        assert found[2].department_name["en"] == "Public Works"


class TestActions:
    def test_a_user_signs_in_with_any_case_of_the_address(
        self, city: City, now: dt.datetime
    ) -> None:
        by = system(city.pk)
        user = actions.create_user(
            email="New@Example.org", name="New", password="long enough 1", by=by, now=now
        )
        assert user.email == "new@example.org"
        assert user.check_password("long enough 1")
        assert user.created_at == now
        with pytest.raises(actions.PeopleRefused):
            actions.create_user(email="NEW@example.org", name="Again", by=by, now=now)

    def test_a_person_sets_their_own_password_and_an_admin_that_of_staff(
        self, city: City, now: dt.datetime
    ) -> None:
        carl, ada = (actor(city, f"{name}@testford.example") for name in ("carl", "ada"))
        assert carl.user_id
        actions.set_password(user_id=carl.user_id, password="my own word", by=carl, now=now)
        actions.set_password(user_id=carl.user_id, password="from admin 1", by=ada, now=now)
        assert User.objects.get(pk=carl.user_id).check_password("from admin 1")
        assert ada.user_id
        with pytest.raises(actions.PeopleRefused):
            actions.set_password(user_id=ada.user_id, password="mine now 123", by=carl, now=now)
        stranger = User.objects.create_user(email="sam@example.org")
        with pytest.raises(actions.PeopleRefused):
            actions.set_password(user_id=stranger.pk, password="not yours 1", by=ada, now=now)

    def test_only_the_system_gives_one_password_to_several_people(
        self, city: City, now: dt.datetime
    ) -> None:
        carl, ada = (actor(city, f"{name}@testford.example") for name in ("carl", "ada"))
        assert carl.user_id
        assert ada.user_id
        given = {"user_ids": [carl.user_id, ada.user_id], "password": "for all 123", "now": now}
        with pytest.raises(actions.PeopleRefused):
            actions.share_password(by=ada, **given)
        actions.share_password(by=system(city.pk), **given)
        for user in User.objects.filter(pk__in=given["user_ids"]).order_by("pk"):
            assert user.check_password("for all 123")

    def test_membership_is_made_and_changed(self, city: City, now: dt.datetime) -> None:
        user = User.objects.create_user(email="sam@example.org", name="Sam")
        ada = actor(city, "ada@testford.example")
        for roles in (["crew"], ["supervisor", "crew"]):
            actions.add_membership(
                user_id=user.pk,
                city_id=city.pk,
                roles=roles,
                department_key="works",
                queue_keys=["roads"],
                by=ada,
                now=now,
            )
        sam = staff_actor(user, city)
        assert sam is not None
        assert sam.roles == {"crew", "supervisor"}
        assert served(city, sam) == {"roads"}

    @pytest.mark.parametrize(
        ("roles", "department", "named"),
        [([], "", []), (["boss"], "", []), (["crew"], "moon", []), (["crew"], "", ["moon"])],
    )
    def test_what_does_not_exist_is_refused(
        self, city: City, now: dt.datetime, roles: list[str], department: str, named: list[str]
    ) -> None:
        user = User.objects.create_user(email="sam@example.org")
        with pytest.raises(actions.PeopleRefused):
            actions.add_membership(
                user_id=user.pk,
                city_id=city.pk,
                roles=roles,
                department_key=department,
                queue_keys=named,
                by=system(city.pk),
                now=now,
            )

    def test_only_an_admin_of_the_same_city_makes_staff(self, city: City, now: dt.datetime) -> None:
        user = User.objects.create_user(email="sam@example.org")
        other = City.objects.create(slug="other", name="Other", languages=["en"])
        ada, sue = (actor(city, f"{name}@testford.example") for name in ("ada", "sue"))
        for by, place in ((sue, city), (ada, other)):
            with pytest.raises(actions.PeopleRefused):
                actions.add_membership(
                    user_id=user.pk, city_id=place.pk, roles=["crew"], by=by, now=now
                )


@pytest.mark.django_db
class TestPack:
    def test_staff_keep_their_account_when_the_pack_changes(
        self, city: City, tmp_path: Path
    ) -> None:
        carl = User.objects.get(email="carl@testford.example")
        pack = WrongPack(tmp_path).replace("departments.yaml", "Carl Crew", "Carlos Crew")
        (change,) = city_cli.plan(pack.folder, with_staff=True)
        assert (change.kind, change.what, change.name, change.detail) == (
            "change",
            "person",
            "carl@testford.example",
            "name",
        )
        city_cli.apply(pack.folder, with_staff=True)
        carl.refresh_from_db()
        assert carl.name == "Carlos Crew"
        assert User.objects.count() == 6
