"""Every page of the desk answers with what a person needs there."""

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from onehall.casework import actions
from onehall.casework.actions import CasePlace
from onehall.casework.models import Case, Photo
from onehall.kernel.clock import now
from onehall.people.actor import resident
from onehall.places.models import City
from onehall.service_requests import actions as requests
from onehall.service_requests.actions import Contact
from tests.console.people import Person, picture, report, upload


def text(response) -> str:
    assert response.status_code == 200, response.status_code
    return response.content.decode()


class TestInbox:
    def test_shows_the_case_with_its_clock_and_offers_to_take_it(
        self, ana: Person, case: Case
    ) -> None:
        page = text(ana.get())
        assert case.number in page
        assert "5 Main Street" in page
        assert "3 days left" in page or "days left" in page
        assert 'value="take"' in page

    def test_take_makes_it_mine_and_stays_in_the_list(self, ana: Person, case: Case) -> None:
        answer = ana.act(case, "change", what="take", back="/desk?show=open")
        assert answer.status_code == 302
        assert answer.url == "/desk?show=open"
        case.refresh_from_db()
        assert case.assignee_id == ana.user.pk

    def test_never_goes_back_to_another_site(self, ana: Person, case: Case) -> None:
        answer = ana.act(case, "change", what="take", back="//evil.example/desk")
        assert answer.url == f"/desk/cases/{case.number}"

    @pytest.mark.parametrize(
        "show", ["late", "today", "unassigned", "waiting", "disputed", "replies", "mine", "all"]
    )
    def test_every_saved_question_answers(self, ana: Person, case: Case, show: str) -> None:
        page = text(ana.get(show=show))
        assert (case.number in page) == (show in ("unassigned", "all"))

    def test_walks_older_and_newer_without_losing_a_case(self, ana: Person, city: City) -> None:
        numbers = {report(city, at=now() - dt.timedelta(minutes=n)).number for n in range(120)}
        seen: list[str] = []
        address = "/desk"
        pages = 0
        while address:
            answer = ana.client.get(address)
            seen += [r["case"].number for r in answer.context["rows"]]
            last, address = answer, answer.context["older"]
            pages += 1
        assert pages == 3
        assert len(seen) == 120
        assert set(seen) == numbers
        back = ana.client.get(last.context["newer"])
        assert [r["case"].number for r in back.context["rows"]] == seen[50:100]
        first = ana.client.get(back.context["newer"])
        assert [r["case"].number for r in first.context["rows"]] == seen[:50]
        assert first.context["newer"] == ""

    def test_a_wrong_edge_is_the_first_page(self, ana: Person, case: Case) -> None:
        for edge in ("x", "2026-01-01~1", "2026-01-01T00:00:00+00:00~9999999999999999999", "~"):
            assert case.number in text(ana.get(after=edge))

    def test_part_is_answered_only_when_something_changed(self, ana: Person, case: Case) -> None:
        first = ana.get(part="live")
        assert "<html" not in text(first)
        again = ana.client.get("/desk?part=live", headers={"if-none-match": first.headers["ETag"]})
        assert again.status_code == 304
        actions.note(city=ana.city, case_id=case.id, words="Seen", by=ana.actor, now=now())
        changed = ana.client.get(
            "/desk?part=live", headers={"if-none-match": first.headers["ETag"]}
        )
        assert changed.status_code == 200

    def test_one_queue(self, ana: Person, case: Case) -> None:
        assert case.number in text(ana.get("/queues/roads"))
        assert case.number not in text(ana.get("/queues/questions"))
        assert ana.get("/queues/nowhere").status_code == 404

    def test_all_queues_have_their_figures(self, ana: Person, case: Case) -> None:
        answer = ana.get("/queues")
        assert "Public Works" in text(answer)
        roads = [
            q for _, queues in answer.context["departments"] for q in queues if q.key == "roads"
        ]
        assert (roads[0].count, roads[0].free) == (1, 1)


class TestCasePage:
    def test_has_what_residents_told_us_and_the_moves(self, ana: Person, case: Case) -> None:
        page = text(ana.get(f"/cases/{case.number}"))
        for words in (
            "A deep hole",
            "Rosa Diaz",
            "rosa@example.com",
            "Smaller than a plate",
            "Close with an answer",
        ):
            assert words in page
        assert page.count('data-key="c"') == 1

    def test_ids_are_unique_and_headings_in_order(self, ana: Person, case: Case) -> None:
        for path in (
            f"/cases/{case.number}",
            f"/work/{case.number}",
            "",
            "/work",
            "/queues",
            "/search",
        ):
            page = text(ana.get(path))
            ids = re.findall(r'\sid="([^"]+)"', page)
            assert len(ids) == len(set(ids)), sorted(i for i in ids if ids.count(i) > 1)
            levels = [int(n) for n in re.findall(r"<h([1-6])", page)]
            body = list(levels)
            assert body.count(1) == 1
            for named in re.findall(r'aria-(?:labelledby|describedby)="([^"]+)"', page):
                assert set(named.split()) <= set(ids), named

    def test_the_timeline_can_be_narrowed(self, ana: Person, case: Case) -> None:
        ana.act(case, "say", words="Only for us", **{"as": "note"})
        ana.act(case, "say", words="For everybody", **{"as": "reply"})
        public = text(ana.get(f"/cases/{case.number}", see="public"))
        staff = text(ana.get(f"/cases/{case.number}", see="staff"))
        assert "For everybody" in public
        assert "Only for us" not in public
        assert "Only for us" in staff
        assert "For everybody" not in staff

    def test_a_reply_is_read_by_opening_it(self, ana: Person, case: Case) -> None:
        Case.objects.filter(pk=case.pk).update(unread_reply=True)
        ana.get(f"/cases/{case.number}")
        case.refresh_from_db()
        assert not case.unread_reply

    def test_the_live_part_knows_the_lock(self, ana: Person, case: Case) -> None:
        first = ana.get(f"/cases/{case.number}", part="live")
        etag = first.headers["ETag"]
        same = ana.client.get(
            f"/desk/cases/{case.number}?part=live", headers={"if-none-match": etag}
        )
        assert same.status_code == 304

    def test_a_case_with_followers_opens(self, ana: Person, city: City, case: Case) -> None:
        requests.follow(
            city=city,
            case_id=case.id,
            key=uuid.uuid4(),
            words="Me too",
            contact=Contact(email="joe@example.com"),
            language="en",
            by=resident(city.id),
            now=now(),
        )
        page = text(ana.get(f"/cases/{case.number}"))
        assert "Me too" in page
        assert "Write to the 2 people following" in page

    def test_the_map_is_drawn(self, ana: Person, case: Case) -> None:
        for scheme in ("light", "dark"):
            answer = ana.get(f"/cases/{case.number}/map-{scheme}.webp")
            assert answer.headers["Content-Type"] == "image/webp"
        assert ana.get(f"/cases/{case.number}/map-pink.webp").status_code == 404

    def test_a_case_without_a_place_opens(self, ana: Person, city: City) -> None:
        sent = report(city, "question", place=CasePlace(), email="")
        assert "Ask a question" in text(ana.get(f"/cases/{sent.number}"))
        assert "Ask a question" in text(ana.get(f"/work/{sent.number}"))


class TestWork:
    def test_lists_my_stops_nearest_first(self, carl: Person, case: Case) -> None:
        assert case.number in text(carl.get("/work"))
        answer = carl.get("/work", lon="-120.9", lat="40.0")
        assert answer.context["rows"][0]["metres"] > 1000
        assert text(carl.get("/work", lon="x", lat="nan"))

    def test_a_stop_can_be_taken_and_started(self, carl: Person, case: Case) -> None:
        stop = f"/desk/work/{case.number}"
        assert "Take this stop" in text(carl.client.get(stop))
        taken = carl.act(case, "change", what="take", back=stop, **{"from": "work"})
        assert taken.url == stop
        started = carl.act(case, "move", move="start", back=stop, **{"from": "work"})
        assert started.url == stop
        case.refresh_from_db()
        assert (case.state, case.assignee_id) == ("working", carl.user.pk)

    def test_a_staff_note_stands_before_everything(
        self, carl: Person, ana: Person, case: Case
    ) -> None:
        ana.act(case, "say", words="Gas main 2 feet away", **{"as": "note"})
        page = text(carl.get(f"/work/{case.number}"))
        assert page.index("Gas main 2 feet away") < page.index("How did it end?")


class TestCall:
    def test_a_call_becomes_a_case_and_leads_to_it(self, ana: Person, city: City) -> None:
        chosen = ana.client.get("/report", {"call": "1"})
        assert "call=1" in text(chosen)
        form = text(ana.client.get("/report/question", {"call": "1"}))
        assert 'name="call"' in form
        answer = ana.client.post(
            "/report/question",
            {
                "call": "1",
                "key": str(uuid.uuid4()),
                "words": "When is the office open?",
                "do": "send",
                "priority": "0",
            },
        )
        case = Case.objects.get(city=city)
        assert answer.url == f"/desk/cases/{case.number}"
        assert "by phone" in text(ana.client.get(answer.url))


class TestSearch:
    def test_a_number_goes_straight_there(self, ana: Person, case: Case) -> None:
        answer = ana.get("/search", q=f" #{case.number} ")
        assert answer.url == reverse("console:case", args=[case.number])

    @pytest.mark.parametrize(
        "q", ["main str", "deep hole", "rosa@EXAMPLE.com", "Rosa D", "555-0101"]
    )
    def test_finds_by_place_words_and_person(self, ana: Person, case: Case, q: str) -> None:
        assert case.number in text(ana.get("/search", q=q))

    def test_nothing_found_says_so(self, ana: Person, case: Case) -> None:
        assert "No case fits" in text(ana.get("/search", q="zebra"))
        assert "No case fits" in text(ana.get("/search", q="%"))


class TestPhotos:
    def test_staff_add_photos_for_staff_or_for_everybody(self, ana: Person, case: Case) -> None:
        ana.act(case, "photos", kind="before", photos=upload(picture("red")))
        ana.act(
            case, "photos", kind="after", photos=[upload(picture("blue")), upload(picture("green"))]
        )
        shown = Photo.objects.filter(case=case).order_by("pk").values_list("kind", "is_public")
        assert list(shown)[1:] == [("before", False), ("after", True), ("after", True)]

    def test_no_photo_is_said_in_words(self, ana: Person, case: Case) -> None:
        answer = ana.act(case, "photos", kind="after")
        assert answer.status_code == 422
        assert "Choose a photo first." in answer.content.decode()

    def test_show_and_hide(self, ana: Person, case: Case) -> None:
        photo = Photo.objects.get(case=case)
        ana.act(case, f"photos/{photo.pk}", public="yes")
        photo.refresh_from_db()
        assert photo.is_public
        ana.act(case, f"photos/{photo.pk}", public="no")
        photo.refresh_from_db()
        assert not photo.is_public
