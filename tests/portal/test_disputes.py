"""How long a resident can say that it is not fixed, and where the page leads after that."""

import datetime as dt
import html
import re

import pytest

from onehall.casework import actions as casework
from onehall.casework.errors import MoveRefused
from onehall.casework.models import Case
from onehall.casework.rules import Given
from onehall.catalog.models import Service
from onehall.catalog.queries import catalogue
from onehall.people.actor import resident, system
from onehall.places.models import City
from onehall.service_requests import actions
from onehall.service_requests.models import ServiceRequest
from tests.packs import changed
from tests.portal.conftest import case_of, send, staff

DAY = dt.timedelta(days=1)


@pytest.fixture
def limited(city, tmp_path):
    """Testford, where "not fixed" can be said for 30 days."""
    return changed(
        tmp_path,
        "flows/repair.yaml",
        "    purpose: dispute\n",
        "    purpose: dispute\n    within: {days: 30}\n",
    )


@pytest.fixture
def settled(limited, phone, now):
    """A report whose case was closed now, and taken as fixed a week later."""
    report = send(phone, email="rosa@example.com")
    close(limited, report, now)
    casework.make_move(
        city=limited,
        case_id=report.case_id,
        move="settle",
        by=system(limited.id),
        now=now + 7 * DAY,
    )
    return report


def close(city, report, now):
    given = Given(words="Nothing to see.", outcome="nothing_found")
    by = staff(city, "agent")
    casework.make_move(city=city, case_id=report.case_id, move="close", by=by, now=now, given=given)


def judge(city, report, now, reason="It sank again."):
    return actions.judge(
        city=city,
        request=ServiceRequest.objects.get(pk=report.pk),
        fixed=False,
        reason=reason,
        by=resident(city.id, request_id=report.pk),
        now=now,
    )


def text(phone, report):
    return phone.get(f"/r/{report.token}").content.decode()


def again(page):
    """The address of the link to a new report."""
    found = re.search(r'href="([^"]+)">Report it again<', page)
    return html.unescape(found.group(1)) if found else ""


class TestTheAct:
    def test_is_possible_until_the_last_moment(self, limited, settled, now):
        judge(limited, settled, now + 30 * DAY - dt.timedelta(seconds=1))
        assert case_of(settled).is_open

    def test_is_refused_in_words_after_that(self, limited, settled, now):
        before = Case.objects.values().get()
        for reason in ("It sank again.", ""):
            with pytest.raises(MoveRefused, match="Report it again"):
                judge(limited, settled, now + 30 * DAY, reason)
        assert Case.objects.values().get() == before
        assert ServiceRequest.objects.get().disputes == 0

    def test_is_refused_by_the_engine_itself(self, limited, settled, now):
        by = staff(limited, "agent")
        with pytest.raises(MoveRefused, match="Report it again"):
            casework.make_move(
                city=limited,
                case_id=settled.case_id,
                move="dispute",
                by=resident(limited.id),
                now=now + 31 * DAY,
            )
        casework.make_move(
            city=limited,
            case_id=settled.case_id,
            move="reopen",
            by=by,
            now=now + 31 * DAY,
            given=Given(reason="We saw it ourselves."),
        )
        assert case_of(settled).is_open

    def test_begins_anew_with_every_end(self, limited, settled, now):
        judge(limited, settled, now + 20 * DAY)
        close(limited, settled, now + 25 * DAY)
        judge(limited, settled, now + 54 * DAY)
        assert case_of(settled).is_open

    def test_has_no_end_where_the_flow_names_none(self, city, phone, now):
        report = send(phone)
        close(city, report, now)
        judge(city, report, now + 900 * DAY)
        assert case_of(report).is_open


class TestThePage:
    def test_says_until_when(self, phone, settled, frozen_clock):
        frozen_clock.shift(8 * DAY)
        page = text(phone, settled)
        assert "Open it again" in page
        assert "You can do this until" in page
        assert "Apr 3, 11 am" in page
        assert "Report it again" not in page

    def test_says_after_that_what_to_do_instead(self, phone, settled, frozen_clock):
        frozen_clock.shift(30 * DAY)
        page = text(phone, settled)
        assert "Open it again" not in page
        assert "could be opened again until" in page
        assert again(page).startswith("/report/pothole?pick=")

    def test_takes_the_place_along(self, phone, settled, frozen_clock):
        frozen_clock.shift(40 * DAY)
        form = phone.get(again(text(phone, settled)))
        page = form.content.decode()
        assert form.status_code == 200
        assert 'value="124 Elm Street"' in page
        assert form.context["page"].place.words == "124 Elm Street"
        fields = {"pick": form.context["picked"], "where": "124 Elm Street"}
        fresh = send(phone, key=str(form.context["key"]), **fields)
        old = case_of(settled)
        assert (fresh.case.lon, fresh.case.areas) == (old.lon, old.areas)
        assert fresh.number != settled.number

    def test_takes_words_along_where_there_is_no_point(self, limited, phone, now, frozen_clock):
        report = send(phone, where="behind the red barn & the well")
        close(limited, report, now)
        frozen_clock.shift(31 * DAY)
        address = again(text(phone, report))
        assert address.startswith("/report/pothole?where=")
        page = phone.get(address).content.decode()
        assert 'value="behind the red barn &amp; the well"' in page

    def test_leads_to_the_choice_when_the_service_is_no_longer_offered(
        self, limited, phone, settled, frozen_clock
    ):
        Service.objects.filter(key="pothole").update(active=False)
        City.objects.filter(pk=limited.pk).update(revision=limited.revision + 1)
        frozen_clock.shift(31 * DAY)
        assert not catalogue(City.objects.get(pk=limited.pk)).by_id(settled.case.service_id).active
        assert again(text(phone, settled)) == "/report"

    def test_answers_too_late_presses_with_the_same_words(self, phone, settled, frozen_clock):
        frozen_clock.shift(30 * DAY)
        answer = phone.post(f"/r/{settled.token}/verdict", {"answer": "no", "reason": "Still."})
        assert answer.status_code == 422
        assert again(answer.content.decode())

    def test_changes_by_itself_on_an_open_phone(self, phone, settled, frozen_clock):
        frozen_clock.shift(29 * DAY)
        first = phone.get(f"/r/{settled.token}?part=live")
        known = {"If-None-Match": first["ETag"]}
        assert phone.get(f"/r/{settled.token}?part=live", headers=known).status_code == 304
        frozen_clock.shift(2 * DAY)
        fresh = phone.get(f"/r/{settled.token}?part=live", headers=known)
        assert fresh.status_code == 200
        assert "Report it again" in fresh.content.decode()

    def test_of_a_case_that_was_never_in_question_says_nothing_of_it(
        self, limited, phone, now, frozen_clock
    ):
        report = send(phone)
        given = Given(words="Not ours.", outcome="not_ours", handed_to="County")
        casework.make_move(
            city=limited,
            case_id=report.case_id,
            move="close",
            by=staff(limited, "agent"),
            now=now,
            given=given,
        )
        frozen_clock.shift(60 * DAY)
        assert "Report it again" not in text(phone, report)


class TestTheForm:
    def test_takes_no_place_that_somebody_made_up(self, phone):
        page = phone.get("/report/pothole?pick=forged")
        assert page.status_code == 200
        assert page.context["page"].place is None

    def test_shows_what_is_open_near_the_place(self, limited, phone, settled, frozen_clock):
        frozen_clock.shift(31 * DAY)
        other = send(phone)
        form = phone.get(again(text(phone, settled)))
        assert other.case.number in form.content.decode()
