"""The people of a city at their screens: listed, added, changed, ended, taken back, invited, handed over."""

import re
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from onehall.casework import actions, leaving
from onehall.casework.models import Case
from onehall.kernel.clock import now
from onehall.messaging.models import Message
from onehall.people import invites
from onehall.people.actions import PeopleRefused, end_membership
from onehall.people.models import Membership, StaffChange, User
from onehall.people.queries import members, staff_actor
from onehall.places.models import City
from tests.console.people import BACKEND, Person, hire, report

ADA = "ada@testford.example"


@pytest.fixture
def ada(city: City) -> Person:
    """The administrator."""
    return Person(city, ADA)


def of(email: str) -> User:
    return User.objects.get(email=email)


def given(**more: Any) -> dict[str, Any]:
    return {"email": "new@testford.example", "name": "Nora New", "roles": ["crew"], "department": "works",
            "queues": ["roads"]} | more  # fmt: skip


class TestTheList:
    def test_shows_everybody_with_what_they_are(self, ada: Person) -> None:
        page = ada.get("/set-up/people").content.decode()
        for words in ("Carl Crew", "carl@testford.example", "Public Works", "Supervisor", "Never"):
            assert words in page

    def test_narrows_and_goes_on(self, city: City, ada: Person) -> None:
        for n in range(60):
            hire(city, f"p{n:02}@testford.example", "crew", "works")
        page = ada.get("/set-up/people").content.decode()
        onward = re.search(r'rel="next" href="([^"]+)"', page)
        assert onward
        after = ada.client.get("/desk/set-up/people" + onward[1].replace("&amp;", "&"))
        first = set(re.findall(r"set-up/people/(\d+)", page))
        second = set(re.findall(r"set-up/people/(\d+)", after.content.decode()))
        assert first.isdisjoint(second)
        assert len(first | second) == Membership.objects.filter(city=city, active=True).count()
        found = ada.get("/set-up/people", q="CARL").content.decode()
        assert "Carl Crew" in found
        assert "Ana Agent" not in found
        role = ada.get("/set-up/people", role="auditor").content.decode()
        assert "otto@testford.example" in role
        assert "carl@testford.example" not in role

    def test_asks_the_same_number_of_questions_for_more_people(
        self, city: City, ada: Person, django_assert_max_num_queries: DjangoAssertNumQueries
    ) -> None:
        ada.get("/set-up/people")
        for n in range(30):
            hire(city, f"p{n:02}@testford.example", "crew", "works")
        with django_assert_max_num_queries(12):
            assert ada.get("/set-up/people").status_code == 200


class TestAdding:
    def test_makes_staff_invites_them_and_keeps_who_did(self, city: City, ada: Person) -> None:
        answer = ada.post("/set-up/people/add", **given(areas=["district:north"]))
        user = of("new@testford.example")
        assert answer.headers["Location"] == f"/desk/set-up/people/{user.pk}"
        actor = staff_actor(user, city)
        assert actor is not None
        assert (actor.roles, actor.areas) == ({"crew"}, {("district", "north")})
        entry = StaffChange.objects.get(user=user, kind="added")
        assert (entry.by_name, entry.by_id) == ("Ada Admin", ada.user.pk)
        assert entry.after["roles"] == ["crew"]
        mail = Message.objects.get(to_address="new@testford.example")
        assert mail.key.startswith("account:")
        assert "/invited/" in mail.body_text
        assert StaffChange.objects.filter(user=user, kind="invited").exists()

    def test_takes_a_resident_with_that_address(self, city: City, ada: Person) -> None:
        rosa = User.objects.create_user(email="rosa@example.com", name="Rosa Diaz")
        ada.post("/set-up/people/add", **given(email="ROSA@example.com"))
        assert staff_actor(rosa, city) is not None
        assert User.objects.filter(email__iexact="rosa@example.com").count() == 1

    @pytest.mark.parametrize("wrong", [
        {"email": "no address"}, {"roles": []}, {"roles": ["boss"]}, {"department": "moon"},
        {"queues": ["moon"]}, {"areas": ["district:moon"]}, {"name": ""}, {"email": "carl@testford.example"},
    ])  # fmt: skip
    def test_refuses_in_words_and_keeps_what_was_typed(
        self, ada: Person, wrong: dict[str, Any]
    ) -> None:
        before = (User.objects.count(), StaffChange.objects.count(), Message.objects.count())
        answer = ada.post("/set-up/people/add", **given(**wrong))
        assert answer.status_code == 422
        page = answer.content.decode()
        assert 'class="errors' in page
        assert wrong.get("name", "Nora New") in page
        assert before == (
            User.objects.count(),
            StaffChange.objects.count(),
            Message.objects.count(),
        )


class TestChanging:
    def test_keeps_the_difference(self, city: City, ada: Person) -> None:
        carl = of("carl@testford.example")
        data = given(name="Carl C. Crew", roles=["crew", "supervisor"], queues=[])
        assert ada.post(f"/set-up/people/{carl.pk}/change", **data).status_code == 302
        carl.refresh_from_db()
        assert carl.name == "Carl C. Crew"
        named, changed = StaffChange.objects.filter(user=carl, by=ada.user).order_by("pk")
        assert (named.before, named.after) == ({"name": "Carl Crew"}, {"name": "Carl C. Crew"})
        assert changed.before["roles"] == ["crew"]
        assert changed.after["roles"] == ["crew", "supervisor"]
        assert "department" not in changed.after
        page = ada.get(f"/set-up/people/{carl.pk}").content.decode()
        assert "Crew, Supervisor" in page

    def test_saving_the_same_writes_nothing_down(self, ada: Person) -> None:
        carl = of("carl@testford.example")
        data = given(name="Carl Crew", queues=Membership.objects.get(user=carl).queue_keys)
        ada.post(f"/set-up/people/{carl.pk}/change", **data)
        assert not StaffChange.objects.filter(user=carl).exclude(by=None).exists()

    def test_leaves_the_name_of_somebody_who_works_elsewhere_too(
        self, other_city: City, ada: Person
    ) -> None:
        carl = of("carl@testford.example")
        Membership.objects.create(user=carl, city=other_city, roles=["crew"])
        ada.post(f"/set-up/people/{carl.pk}/change", **given(name="Mallory"))
        carl.refresh_from_db()
        assert carl.name == "Carl Crew"


class TestTheLastAdministrator:
    def test_stays(self, city: City, ada: Person) -> None:
        pk = ada.user.pk
        answer = ada.post(f"/set-up/people/{pk}/change", **given(name="Ada Admin"))
        assert answer.status_code == 422
        assert "last administrator" in answer.content.decode()
        assert ada.post(f"/set-up/people/{pk}/end").status_code == 422
        assert Membership.objects.get(user=ada.user, city=city).roles == ["admin"]

    def test_may_go_once_there_is_another(self, city: City, ada: Person) -> None:
        hire(city, "second@testford.example", "admin", None)
        assert ada.post(f"/set-up/people/{ada.user.pk}/end").status_code == 302
        assert not Membership.objects.get(user=ada.user, city=city).active
        second = Person(city, "second@testford.example")
        with pytest.raises(PeopleRefused):
            end_membership(user_id=second.user.pk, city_id=city.pk, by=second.actor, now=now())

    def test_one_whose_sign_in_is_off_does_not_count(self, city: City, ada: Person) -> None:
        hire(city, "second@testford.example", "admin", None)
        User.objects.filter(email="second@testford.example").update(is_active=False)
        assert ada.post(f"/set-up/people/{ada.user.pk}/end").status_code == 422


class TestEnding:
    @pytest.fixture
    def held(self, city: City, case: Case, ana: Person) -> Case:
        """A case that Carl has."""
        carl = of("carl@testford.example")
        actions.assign(
            city=city,
            case_id=case.pk,
            user_id=carl.pk,
            user_name=carl.name,
            by=ana.actor,
            now=now(),
        )
        return case

    def test_shows_what_is_open_first(self, ada: Person, held: Case) -> None:
        pk = of("carl@testford.example").pk
        page = ada.get(f"/set-up/people/{pk}/end").content.decode()
        assert held.number in page
        assert "1 open case" in page

    def test_gives_the_work_to_another_and_keeps_the_past(
        self, city: City, ada: Person, held: Case
    ) -> None:
        carl, sue = of("carl@testford.example"), of("sue@testford.example")
        assert ada.post(f"/set-up/people/{carl.pk}/end", to=str(sue.pk)).status_code == 302
        held.refresh_from_db()
        assert held.assignee_id == sue.pk
        assert staff_actor(carl, city) is None
        assert carl.pk not in {m.user_id for m in members(city)}
        page = ada.get(f"/cases/{held.number}").content.decode()
        assert f'<option value="{carl.pk}"' not in page
        assert "Carl Crew" in page
        kinds = list(
            StaffChange.objects.filter(user=carl).order_by("pk").values_list("kind", flat=True)
        )
        assert kinds[-2:] == ["handed", "ended"]
        assert "Carl Crew" in ada.get("/set-up/people", show="ended").content.decode()

    def test_gives_the_work_back_to_its_queue(self, ada: Person, held: Case) -> None:
        ada.post(f"/set-up/people/{of('carl@testford.example').pk}/end", to="")
        held.refresh_from_db()
        assert held.assignee_id is None

    def test_what_the_other_may_not_have_goes_to_its_queue(self, ada: Person, held: Case) -> None:
        rick = of("rick@testford.example")
        answer = ada.post(f"/set-up/people/{of('carl@testford.example').pk}/hand", to=str(rick.pk))
        assert answer.status_code == 302
        held.refresh_from_db()
        assert held.assignee_id is None
        assert Membership.objects.get(user=of("carl@testford.example")).active

    def test_goes_on_with_the_rest_before_it_ends(
        self, city: City, ada: Person, held: Case, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        carl = of("carl@testford.example")
        other = Case.objects.get(number=report(city).number)
        Case.objects.filter(pk=other.pk).update(assignee=carl)
        monkeypatch.setattr(leaving, "MOST", 1)
        ada.post(f"/set-up/people/{carl.pk}/end", to="")
        assert Membership.objects.get(user=carl).active
        assert Case.objects.filter(assignee=carl).count() == 1
        ada.post(f"/set-up/people/{carl.pk}/end", to="")
        assert not Membership.objects.get(user=carl).active

    def test_can_be_taken_back(self, city: City, ada: Person) -> None:
        carl = of("carl@testford.example")
        ada.post(f"/set-up/people/{carl.pk}/end")
        assert ada.post(f"/set-up/people/{carl.pk}/back").status_code == 302
        actor = staff_actor(carl, city)
        assert actor is not None
        assert actor.roles == {"crew"}
        assert StaffChange.objects.filter(user=carl, kind="returned", by=ada.user).exists()


class TestInvitations:
    def link(self, city: City, user: User) -> str:
        return f"/invited/{invites.token(user, city)}"

    def test_sign_in_once(self, city: City) -> None:
        carl = of("carl@testford.example")
        link, browser = self.link(city, carl), Person(city).client
        assert "Carl Crew" in browser.get(link).content.decode()
        assert "_auth_user_id" not in browser.session
        assert browser.post(link).headers["Location"] == "/desk/work"
        assert browser.session["_auth_user_id"] == str(carl.pk)
        again = Person(city).client
        assert again.get(link).status_code == 404
        assert again.post(link).status_code == 404
        assert "_auth_user_id" not in again.session

    def test_end_with_the_work_the_week_and_the_city(
        self, city: City, other_city: City, frozen_clock: Any
    ) -> None:
        carl = of("carl@testford.example")
        link = self.link(city, carl)
        assert Person(other_city).client.get(link).status_code == 404
        assert (
            Person(city).client.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status_code
            == 404
        )
        Membership.objects.filter(user=carl).update(active=False)
        assert Person(city).client.get(link).status_code == 404
        Membership.objects.filter(user=carl).update(active=True)
        frozen_clock.shift(8 * 86_400)
        assert Person(city).client.get(link).status_code == 404


class TestWhoMay:
    PATHS = ("add", "{pk}/change", "{pk}/end", "{pk}/hand", "{pk}/back", "{pk}/invite")

    @pytest.mark.parametrize("who", ["ana", "carl", "sue", "otto"])
    def test_only_administrators_change(self, city: City, who: str) -> None:
        person, pk = Person(city, f"{who}@testford.example"), of("rick@testford.example").pk
        before = StaffChange.objects.count()
        for path in self.PATHS:
            answer = person.post(f"/set-up/people/{path.format(pk=pk)}", **given())
            assert answer.status_code == 403, path
        assert StaffChange.objects.count() == before
        assert not Message.objects.exists()

    def test_who_sees_the_list(self, city: City) -> None:
        codes = {w: Person(city, f"{w}@testford.example").get("/set-up/people").status_code
                 for w in ("ana", "carl", "sue", "otto", "ada")}  # fmt: skip
        assert codes == {"ana": 403, "carl": 403, "sue": 200, "otto": 200, "ada": 200}
        page = Person(city, "otto@testford.example").get(
            f"/set-up/people/{of('carl@testford.example').pk}"
        )
        assert "<form class" not in page.content.decode().partition("<main")[2]

    def test_people_of_another_city_are_not_there(self, other_city: City, ada: Person) -> None:
        pk = of("carl@elsewhere.example").pk
        assert ada.get(f"/set-up/people/{pk}").status_code == 404
        for path in self.PATHS[1:]:
            answer = ada.post(f"/set-up/people/{path.format(pk=pk)}", **given())
            assert answer.status_code == 404, path


def test_the_table_of_roles_is_for_all_staff(city: City, carl: Person) -> None:
    page = carl.get("/set-up/roles").content.decode()
    assert "Write to residents" in page
    assert "Department head" in page
    assert BACKEND
