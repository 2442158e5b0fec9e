"""A resident on the page of a report, in a real browser: every form of it goes through."""

import pytest
from playwright.sync_api import expect

from onehall.casework.models import Case, Photo
from onehall.cli import demo_pictures
from onehall.people.models import Person
from onehall.service_requests.models import ServiceRequest
from tests.e2e.test_axe import bring_to

pytestmark = pytest.mark.browser


@pytest.fixture
def page(visit):
    """The page of a report that was just sent."""
    opened = visit()
    opened.goto("/report/pothole")
    opened.fill("#id_where", "124 Elm Street")
    opened.get_by_text("Smaller than a plate").click()
    opened.locator("[data-send]").click()
    opened.wait_for_url("**/r/*?sent=1")
    return opened


def test_a_message_and_a_photo(page, tmp_path):
    hole = tmp_path / "hole.jpg"
    hole.write_bytes(demo_pictures.jpeg("pothole", False, 7))
    page.fill("#words", "It is deeper today.")
    page.set_input_files(".filebtn input", str(hole))
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("Sent. You find it in the list above.")).to_be_visible()
    expect(page.get_by_text("It is deeper today.")).to_be_visible()
    assert Photo.objects.get().kind == "message"


def test_a_photo_alone_answers_the_citys_question(page, tmp_path):
    bring_to("asked")
    page.reload()
    expect(page.get_by_text("We need something from you").first).to_be_visible()
    hole = tmp_path / "hole.jpg"
    hole.write_bytes(demo_pictures.jpeg("pothole", False, 7))
    page.set_input_files(".filebtn input", str(hole))
    page.get_by_role("button", name="Send message").click()
    expect(page.get_by_text("You sent 1 photo")).to_be_visible()
    assert Case.objects.get().state == "received"


def test_not_fixed_then_fixed_and_a_rating(page):
    bring_to("done")
    page.reload()
    page.get_by_role("button", name="No, not fixed").click()
    expect(page.get_by_text("The case is open again.").first).to_be_visible()
    bring_to("done")
    page.reload()
    page.get_by_role("button", name="Yes, it is fixed").click()
    expect(page.get_by_text("Good that it is fixed.")).to_be_visible()
    page.locator(".tiles.five label").nth(4).click()
    page.get_by_role("button", name="Send rating").click()
    expect(page.get_by_text("The people who did the work read this.")).to_be_visible()
    assert ServiceRequest.objects.get().rating == 5


def test_an_address_for_news_and_its_end(page):
    page.fill("#email", "rosa@example.com")
    page.get_by_role("button", name="Send me news").click()
    expect(page.get_by_text("We will write to you when something happens.")).to_be_visible()
    assert Person.objects.get().email == "rosa@example.com"
    page.goto(f"/r/{ServiceRequest.objects.get().token}/news")
    page.get_by_role("button", name="Stop messages").click()
    expect(page.get_by_text("You get no more messages about this report.")).to_be_visible()
