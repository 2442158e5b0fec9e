"""Every page of the portal: no accessibility violation, no sideways scroll, targets large enough; both schemes, three widths."""

import uuid

import pytest

from onehall.casework import actions as casework
from onehall.casework import photos
from onehall.casework.rules import Given
from onehall.kernel.clock import now as read_clock
from onehall.people.models import Membership
from onehall.places.models import City
from onehall.service_requests import waiting
from onehall.service_requests.models import Alert, ServiceRequest
from tests.pages import good_at_every_size
from tests.portal.conftest import photo

pytestmark = pytest.mark.browser
PAGES = [
    "/",
    "/report",
    "/report?q=zzz",
    "/report/pothole",
    "/report/noise",
    "/city",
    "/city?state=all&days=30",
    "/city?at=xyzzy+99999",
    "/city/areas?at=124+Elm+Street",
    "/city/areas/district/south",
    "/about/privacy",
    "/about/accessibility",
    "/demo",
    "/demo/mail",
    "/accounts/login/",
    "/accounts/login/code/",
    "/accounts/password/reset/",
    "/nothing/here",
]
SMALL_TARGETS = """() => [...document.querySelectorAll("a, button, summary, input:not([type=hidden]), select, textarea")]
    .filter((e) => e.checkVisibility() && !e.closest(".sr, .skip, p, .hint, [hidden], .notice, label, .errors"))
    .map((e) => [e.outerHTML.slice(0, 80), e.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([html]) => html)"""


@pytest.fixture
def look_over(visit):
    """Run axe and the measures over a page in both schemes and three widths."""
    return lambda page: good_at_every_size(page, SMALL_TARGETS)


@pytest.mark.parametrize("path", PAGES)
def test_pages(visit, look_over, path):
    page = visit(is_mobile=False)
    page.goto(path)
    look_over(page)
    visit.complaints = [c for c in visit.complaints if "404" not in c]


def test_news_by_mail_from_the_list_to_the_end(visit, look_over):
    page = visit(is_mobile=False)
    page.goto("/city?service=pothole&at=124+Elm+Street")
    look_over(page)
    page.get_by_role("link", name="Tell me by mail about new ones").click()
    page.get_by_role("heading", name="News by mail").wait_for()
    look_over(page)
    page.get_by_label("Your e-mail").fill("rosa@example.com")
    page.get_by_text("Once a day, in the morning").click()
    page.get_by_role("button", name="Send me the link").click()
    page.get_by_role("heading", name="Look into your mail").wait_for()
    look_over(page)
    page.goto(f"/alerts/{Alert.objects.get().token}")
    look_over(page)
    page.get_by_role("button", name="Yes, begin").click()
    page.get_by_role("heading", name="We tell you about new reports").wait_for()
    assert Alert.objects.get().confirmed_at is not None
    page.get_by_role("button", name="Stop this mail").click()
    page.get_by_role("heading", name="It is stopped").wait_for()
    look_over(page)
    assert not Alert.objects.exists()


def test_a_report_that_waits_for_the_database(visit, look_over, settings, tmp_path):
    settings.WAITING_DIR = tmp_path / "waiting"
    key = uuid.uuid4()
    report = waiting.Report(
        key=key, service="pothole", host="localhost", secure=False, language="en",
        received_at=read_clock(), fields=(("words", "a hole"),),
    )  # fmt: skip
    waiting.keep(report, [])
    page = visit()
    page.goto(f"/waiting/{key}")
    page.get_by_role("heading", name="We have your report.").wait_for()
    look_over(page)


def test_the_form_with_everything_open(visit, look_over, tmp_path):
    picture = tmp_path / "p.jpg"
    picture.write_bytes(photo())
    page = visit(is_mobile=False)
    page.goto("/report/pothole")
    page.locator("[data-send]").click()
    page.set_input_files("[data-library]", str(picture))
    page.fill("#id_where", "124 elm")
    page.locator("#finds [role=option]").first.wait_for()
    page.keyboard.press("ArrowDown")
    look_over(page)
    page.locator("#finds [role=option]").first.click()
    page.get_by_text("The road is caving in").click()
    page.locator("[data-show-map]").click()
    page.locator(".chart").wait_for()
    look_over(page)
    page.locator(".peek").click()
    look_over(page)
    visit.complaints = [c for c in visit.complaints if "422" not in c]


@pytest.mark.parametrize("stage", ["new", "asked", "done", "closed"])
def test_the_status_page(visit, look_over, stage):
    page = visit(is_mobile=False)
    page.goto("/report/pothole")
    page.fill("#id_where", "124 Elm Street")
    page.get_by_text("Smaller than a plate").click()
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*?sent=1")
    bring_to(stage)
    page.reload()
    look_over(page)


def bring_to(stage):
    """Take the one report to a stage."""
    city, report, now = City.objects.get(), ServiceRequest.objects.get(), read_clock()
    by = next(
        m for m in Membership.objects.select_related("user").order_by("id") if "agent" in m.roles
    ).actor()
    case_id = report.case_id
    if stage == "asked":
        given = Given(words="Which lane is it?")
        casework.make_move(city=city, case_id=case_id, move="ask", by=by, now=now, given=given)
    if stage in {"done", "closed"}:
        after = photos.add_to_case(
            city=city, case_id=case_id, upload=photo(), kind="after", words="", by=by, now=now
        )
        given = Given(words="Filled.", outcome="fixed", photo_ids=(after.id,))
        casework.make_move(city=city, case_id=case_id, move="close", by=by, now=now, given=given)
    if stage == "closed":
        from onehall.people.actor import resident
        from onehall.service_requests import actions

        actions.judge(
            city=city,
            request=report,
            fixed=True,
            reason="",
            by=resident(city.id, request_id=report.id),
            now=now,
        )
