"""Saved views: kept, shared within limits, pinned with live counts, begun with; never a way to see more."""

import re

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from onehall.casework import saved
from onehall.casework.models import SavedView, ViewPin
from onehall.casework.saved import ViewRefused
from onehall.console import pins
from onehall.kernel.clock import now
from onehall.people.models import Membership
from onehall.places.models import City
from tests.console.people import Person, report


def keep(person: Person, name: str = "Holes", shared: str = "mine", **query: str) -> SavedView:
    return saved.save_view(
        city=person.city,
        name=name,
        shared=shared,
        query=query or {"service": "pothole"},
        by=person.actor,
        now=now(),
    )


def change(person: Person, view: SavedView, what: str, **more: str):
    return person.post(f"/views/{view.pk}/change", what=what, **more)


class TestSaving:
    def test_keeps_the_list_and_pins_it(self, ana: Person, city: City) -> None:
        report(city)
        report(city, "noise")
        answer = ana.client.post(
            "/desk/views/new?service=pothole&sort=newest&cols=age",
            {"name": " My  holes ", "pin": "1"},
        )
        assert answer.status_code == 302
        view = SavedView.objects.get()
        assert (view.name, view.query) == (
            "My holes",
            {"sort": "newest", "cols": "age", "service": "pothole"},
        )
        page = ana.client.get(answer.url)
        assert "<h1>My holes</h1>" in page.content.decode()
        assert [r["case"].service_id for r in page.context["rows"]].__len__() == 1
        assert re.search(r'aria-current="page">.*?My holes<b>1</b>', page.content.decode())

    @pytest.mark.parametrize("name", ["", "  ", "x" * 61])
    def test_refuses_a_bad_name_and_loses_nothing(self, ana: Person, name: str) -> None:
        answer = ana.client.post("/desk/views/new?service=pothole", {"name": name})
        assert answer.status_code == 422
        assert "Pothole" in answer.content.decode()
        assert not SavedView.objects.exists()

    def test_refuses_a_second_of_the_same_name(self, ana: Person) -> None:
        keep(ana)
        answer = ana.client.post("/desk/views/new?service=noise", {"name": "Holes"})
        assert answer.status_code == 422
        assert "already" in answer.content.decode()

    def test_the_changed_list_can_be_saved_under_the_same_name(self, ana: Person) -> None:
        view = keep(ana)
        page = ana.get(view=str(view.pk), service="noise").content.decode()
        assert "Save the change to this view" in page
        answer = ana.client.post(
            f"/desk/views/{view.pk}/change?service=noise&view={view.pk}", {"what": "query"}
        )
        assert answer.status_code == 302
        view.refresh_from_db()
        assert view.query == {"service": "noise"}


class TestSharing:
    @pytest.mark.parametrize(
        ("who", "shared", "ok"),
        [
            ("carl", "mine", True),
            ("carl", "team", True),
            ("carl", "city", False),
            ("sue", "city", True),
            ("ana", "team", False),
            ("ana", "city", False),
        ],
    )
    def test_is_for_those_who_may(
        self, who: str, shared: str, ok: bool, request: pytest.FixtureRequest
    ) -> None:
        person: Person = request.getfixturevalue(who)
        assert saved.may_share(person.actor, shared) is ok
        if ok:
            keep(person, shared=shared)
        else:
            with pytest.raises(ViewRefused):
                keep(person, shared=shared)

    def test_a_link_works_for_those_who_may_see_it(
        self, carl: Person, sue: Person, ana: Person
    ) -> None:
        mine, team = keep(carl, "Mine"), keep(carl, "Team", "team")
        everybody = keep(sue, "All", "city")
        seen = {
            who: [p.get(f"/views/{v.pk}").status_code for v in (mine, team, everybody)]
            for who, p in (("carl", carl), ("sue", sue), ("ana", ana))
        }
        assert seen == {
            "carl": [302, 302, 302],
            "sue": [404, 302, 302],
            "ana": [404, 404, 302],
        }

    def test_a_view_of_another_city_is_not_there(self, ana: Person, other_city: City) -> None:
        ida = Person(other_city, "ana@elsewhere.example")
        view = keep(ida)
        assert ana.get(f"/views/{view.pk}").status_code == 404
        assert change(ana, view, "pin").status_code == 404

    def test_what_it_shows_is_narrowed_to_the_reader(
        self, carl: Person, sue: Person, city: City
    ) -> None:
        Membership.objects.filter(user=sue.user).update(roles=["supervisor", "agent"])
        mine, theirs = report(city), report(city, "question")
        view = keep(sue, "All", "city", who="nobody")
        page = carl.client.get(pins.address(view.pk, view.query))
        numbers = [r["case"].number for r in page.context["rows"]]
        assert mine.number in numbers
        assert theirs.number not in numbers

    def test_only_its_owner_changes_it(self, carl: Person, sue: Person) -> None:
        view = keep(sue, "All", "city")
        for what in ("rename", "remove", "query"):
            answer = change(carl, view, what, name="Mine now", shared="mine")
            assert answer.status_code == 422, what
        view.refresh_from_db()
        assert view.name == "All"

    def test_a_copy_is_ones_own(self, carl: Person, sue: Person) -> None:
        view = keep(sue, "All", "city")
        assert change(carl, view, "copy").status_code == 302
        copy = SavedView.objects.get(owner=carl.user)
        assert (copy.shared, copy.query, copy.name) == ("mine", view.query, "All, copy 1")


class TestRail:
    def test_counts_come_from_one_question_and_stop_at_500(
        self, ana: Person, city: City, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for n in range(4):
            saved.pin(view_id=keep(ana, f"V{n}").pk, by=ana.actor)
            report(city)
        monkeypatch.setattr(pins, "MOST_COUNTED", 3)
        ana.get()
        caches["local"].clear()
        with CaptureQueriesContext(connection) as found:
            page = ana.get().content.decode()
        assert page.count("<b>3+</b>") == 4
        counting = [q["sql"] for q in found.captured_queries if ") list" in q["sql"]]
        assert len(counting) == 1
        assert len([q for q in found.captured_queries if "SAVEPOINT" not in q["sql"]]) <= 9

    def test_a_pin_whose_words_nothing_has_counts_none(self, ana: Person, city: City) -> None:
        report(city)
        saved.pin(view_id=keep(ana, "Nowhere", text="xylophone zeppelin").pk, by=ana.actor)
        saved.pin(view_id=keep(ana, "Holes").pk, by=ana.actor)
        caches["local"].clear()
        rail = [(pin.name, pin.count) for pin in ana.get().context["pinned"]]
        assert rail == [("Nowhere", "0"), ("Holes", "1")]

    def test_holds_eight(self, ana: Person) -> None:
        for n in range(8):
            saved.pin(view_id=keep(ana, f"V{n}").pk, by=ana.actor)
        answer = change(ana, keep(ana, "V9"), "pin")
        assert answer.status_code == 422
        assert "8 views" in answer.content.decode()
        assert ViewPin.objects.count() == 8

    def test_is_put_in_order_by_buttons(self, ana: Person, sue: Person) -> None:
        views = [keep(sue, name, "city") for name in ("One", "Two", "Three")]
        for view in views:
            saved.pin(view_id=view.pk, by=ana.actor)
            saved.pin(view_id=view.pk, by=sue.actor)

        def rail(person: Person) -> list[str]:
            return [r["view"].name for r in person.get("/views").context["rows"] if r["pinned"]]

        answer = change(ana, views[2], "up")
        assert answer.url == f"/desk/views#v-{views[2].pk}"
        assert rail(ana) == ["One", "Three", "Two"]
        change(ana, views[0], "down")
        assert rail(ana) == ["Three", "One", "Two"]
        # At its end it stays, and the order is one's own.
        change(ana, views[2], "up")
        change(ana, views[1], "down")
        assert rail(ana) == ["Three", "One", "Two"]
        assert rail(sue) == ["One", "Two", "Three"]
        text = ana.get("/views").content.decode()
        assert text.count("Move up in the rail") == text.count("Move down in the rail") == 2
        shown = [text.index(f"{name}<b>") for name in rail(ana)]
        assert shown == sorted(shown)

    def test_what_is_not_in_it_is_not_moved(self, ana: Person, other_city: City) -> None:
        answer = change(ana, keep(ana), "up")
        assert answer.status_code == 422
        assert "This view is not in your rail." in answer.content.decode()

    def test_nothing_moves_past_what_is_not_shared_any_more(
        self, carl: Person, sue: Person
    ) -> None:
        shared, mine, last = keep(sue, "All", "city"), keep(carl, "Mine"), keep(carl, "Last")
        for view in (mine, shared, last):
            saved.pin(view_id=view.pk, by=carl.actor)
        saved.change_view(view_id=shared.pk, shared="mine", by=sue.actor, now=now())
        change(carl, last, "up")
        rows = ViewPin.objects.filter(user=carl.user).order_by("position")
        assert list(rows.values_list("view__name", flat=True)) == ["Last", "Mine", "All"]

    def test_loses_what_is_no_longer_shared(self, carl: Person, sue: Person) -> None:
        view = keep(sue, "All", "city")
        change(carl, view, "pin")
        assert "All<b>" in carl.get().content.decode()
        saved.change_view(view_id=view.pk, shared="mine", by=sue.actor, now=now())
        assert "All<b>" not in carl.get().content.decode()

    def test_a_view_that_names_what_is_gone_has_no_count(self, ana: Person) -> None:
        view = keep(ana, "Old", service="gone")
        saved.pin(view_id=view.pk, by=ana.actor)
        page = ana.get()
        assert page.status_code == 200
        assert ana.client.get(pins.address(view.pk, view.query)).status_code == 404


def test_the_desk_begins_with_the_chosen_view(ana: Person, city: City) -> None:
    view = keep(ana)
    assert change(ana, view, "first").status_code == 302
    assert ana.get().url == pins.address(view.pk, view.query)
    page = ana.client.get(ana.get().url).content.decode()
    assert 'href="/desk?show=open"' in page
    assert ana.get(show="open").status_code == 200
    change(ana, view, "plain")
    assert ana.get().status_code == 200


def test_removing_takes_it_out_of_every_rail(carl: Person, sue: Person) -> None:
    view = keep(sue, "All", "city")
    change(carl, view, "first")
    assert change(sue, view, "remove").status_code == 302
    assert not ViewPin.objects.exists()
    assert carl.get().status_code == 200


def test_the_page_of_views_says_whose_they_are(carl: Person, sue: Person) -> None:
    keep(sue, "All", "city")
    keep(carl, "Mine")
    page = carl.get("/views").content.decode()
    assert "The whole city, made by Sue" in page
    assert "Only you" in page
    assert page.count("Rename, share or remove") == 1
