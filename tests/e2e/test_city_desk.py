"""Who works here, who may do what, what was sent, and the city's set-up: accessible and fitting at every width."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page, expect

from onehall.kernel.clock import now
from onehall.messaging.actions import NewMessage, send_message
from onehall.messaging.models import Message
from onehall.people.models import User
from tests.e2e import test_desk
from tests.e2e.test_desk import TARGETS, Desk
from tests.pages import good_at_every_size

pytestmark = test_desk.pytestmark

city = test_desk.city
sit = test_desk.sit


def pages(city: Any) -> list[str]:
    """Each page with something on it."""
    mail = {
        "to_address": "rosa@example.org",
        "language": "en",
        "subject": "News",
        "body_text": "Hello.",
    }
    send_message(message=NewMessage(city_id=city.pk, key="m1", **mail), now=now())
    Message.objects.update(state="bounced", error="The mail server refused this address (550).")
    person = User.objects.get(email="carl@testford.example").pk
    return [
        "roles", "people", "people/add", f"people/{person}", f"people/{person}/end", "messages",
        "messages/again", "messages/given-up", f"messages/{Message.objects.get().pk}", "departments",
        "departments/retire/roads", "calendar",
    ]  # fmt: skip


def test_every_page_is_accessible_and_fits(sit: Callable[..., Desk], city: Any) -> None:
    desk = sit("ada@testford.example")
    for path in pages(city):
        good_at_every_size(desk.open(f"/desk/set-up/{path}"), TARGETS.replace("LEAST", "24"))


def test_a_notice_is_looked_at_told_and_taken_back(sit: Callable[..., Desk], city: Any) -> None:
    desk = sit("sue@testford.example")
    page = desk.open("/desk/notice")
    page.locator("#t-en").fill("Storm tonight")
    page.get_by_text("Pause services").click()
    instead = page.locator("[name='instead.pothole.en']")
    expect(instead).to_be_hidden()
    page.get_by_label("Pothole").check()
    instead.fill("Stay away from water.")
    good_at_every_size(page, TARGETS.replace("LEAST", "24"))
    page.get_by_role("button", name="See how it looks").click()
    expect(page.get_by_role("heading", name="This is how they will see it")).to_be_visible()
    good_at_every_size(page, TARGETS.replace("LEAST", "24"))
    page.get_by_role("button", name="Tell all residents now").click()
    expect(page.get_by_text("Residents see it now.")).to_be_visible()
    for path in ("/report", "/report/pothole"):
        page = desk.open(path)
        expect(page.get_by_role("region", name="Notice from the city")).to_be_visible()
        good_at_every_size(page)
    page = desk.open("/desk/notice")
    page.get_by_role("button", name="Take it back now").click()
    expect(page.get_by_text("nothing is paused")).to_be_visible()


def test_somebody_is_added_and_comes_in_by_the_link(
    sit: Callable[..., Desk],
    city: Any,
) -> None:
    page: Page = sit("ada@testford.example").open("/desk/set-up/people")
    page.get_by_role("link", name="Add somebody").click()
    page.get_by_label("E-mail").fill("nora@testford.example")
    page.get_by_label("Name", exact=True).fill("Nora New")
    page.locator("input[name=roles][value=crew]").check()
    page.locator("#id_department").select_option("works")
    page.get_by_role("button", name="Add and invite").click()
    expect(page.get_by_text("works here now")).to_be_visible()
    body = Message.objects.get(to_address="nora@testford.example").body_text
    link = next(word for word in body.split() if "/invited/" in word)
    page.context.clear_cookies()
    page.goto("/invited/" + link.rpartition("/invited/")[2])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/desk/work")
