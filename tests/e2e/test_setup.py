"""A city manager without a programmer: adds a service with two conditional questions, mends what the check says, publishes it,
and a resident uses it."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from onehall.casework.models import Case
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from onehall.setup import queries
from tests.e2e.test_desk import DESK, PHONE, Desk, city, sit
from tests.e2e.test_tasks import looks_right

__all__ = ["city", "sit"]


@pytest.fixture(autouse=True)
def _fresh_city(settings: Any) -> None:
    settings.ONEHALL_CITY_CACHE_SECONDS = 0


pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def button(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).last.click()
    page.wait_for_load_state()


def question(page: Page, number: int, words: tuple[str, str], key: str, kind: str) -> None:
    """Add a question and say what it is."""
    button(page, "Add a question")
    name = f"questions.{number}"
    page.fill(f"[name='{name}.label.en']", words[0])
    page.fill(f"[name='{name}.label.es']", words[1])
    page.fill(f"[name='{name}.key']", key)
    page.select_option(f"[name='{name}.type']", kind)


def only_if(page: Page, number: int, words: str) -> None:
    """Show a question only if an earlier one was answered so."""
    part = page.locator(f"#q-{number}")
    part.get_by_text("Show it only if…").click()
    part.locator(f"[name='questions.{number}.when.terms.0.what']").select_option(label=words)


def test_a_service_with_two_conditional_questions(sit: Callable[..., Desk], city: City) -> None:
    desk: Any = sit("ada@testford.example", viewport=DESK)
    page: Page = desk.open("/desk/set-up")
    looks_right(page, "setup-desk")
    page.get_by_role("link", name="Services", exact=True).first.click()
    looks_right(page, "services-desk")
    page.get_by_label("A new service").fill("Broken bench")
    button(page, "Begin it")
    expect(page.get_by_text("mistakes are told at their fields")).to_be_visible()
    looks_right(page, "service-blank-desk")
    page.fill("[name='name.es']", "Banca rota")
    page.fill("[name='keywords.en']", "bench, seat")
    page.fill("[name='keywords.es']", "banca, asiento")
    question(page, 0, ("Is somebody hurt?", "¿Hay alguien herido?"), "hurt", "yes_no")
    question(page, 1, ("How?", "¿Cómo?"), "how", "text")
    only_if(page, 1, "Is somebody hurt? is yes")
    question(
        page, 2, ("How many boards are broken?", "¿Cuántas tablas están rotas?"), "boards", "number"
    )
    only_if(page, 2, "Is somebody hurt? is no")
    # What residents would see stands beside it, and follows the typing.
    look = page.frame_locator("iframe[data-preview]")
    expect(look.get_by_text("Is somebody hurt?")).to_be_visible()
    button(page, "Add a rule")
    page.select_option("[name='routing.0.queue']", "roads-north")
    page.locator("[name='routing.0.when.terms.0.what']").select_option(
        '{"eq":["area.district","north"]}'
    )
    page.fill("[name='promise.amount']", "3")
    button(page, "Save in the draft")
    expect(page.get_by_text("Saved in the draft.")).to_be_visible()
    assert page.locator(".err").count() == 0, page.locator(".err").all_inner_texts()
    looks_right(page, "service-desk")
    assert not ServiceRequest.objects.exists()
    page.get_by_role("link", name="To the draft").click()
    expect(page.get_by_text("No mistakes.")).to_be_visible()
    page.get_by_text("services/broken-bench.yaml").click()
    looks_right(page, "draft-desk")
    page.get_by_label("What is this change about?").fill("Benches, at last.")
    button(page, "Publish now")
    expect(page.get_by_text("Benches, at last.")).to_be_visible()
    looks_right(page, "published-desk")
    assert queries.open_draft(city) is None
    report(desk.open("/report/broken-bench"))


def report(page: Page) -> None:
    """A resident tells the city about a bench."""
    expect(page.get_by_role("heading", name="Broken bench")).to_be_visible()
    expect(page.get_by_label("How?")).to_be_hidden()
    page.get_by_role("radio", name="No").check(force=True)
    expect(page.get_by_label("How many boards are broken?")).to_be_visible()
    expect(page.get_by_label("How?")).to_be_hidden()
    page.get_by_label("How many boards are broken?").fill("2")
    page.locator("[name='where']").fill("by the old pump")
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/**")
    case = Case.objects.get(service__key="broken-bench")
    told = ServiceRequest.objects.get(case=case)
    assert told.answers == {"hurt": False, "boards": 2}
    assert case.queue.key in ("roads", "questions", "neighbors", "roads-north")


def test_the_pages_fit_a_phone(sit: Callable[..., Desk], city: City) -> None:
    phone: Any = sit("ada@testford.example", viewport=PHONE, has_touch=True, is_mobile=True)
    for number, path in enumerate(
        (
            "/desk/set-up", "/desk/set-up/services", "/desk/set-up/services/pothole", "/desk/set-up/flows",
            "/desk/set-up/flows/repair", "/desk/set-up/flows/repair/states/received",
            "/desk/set-up/flows/repair/moves/check", "/desk/set-up/flows/repair/cases/1",
            "/desk/set-up/answers", "/desk/set-up/answers/crew-soon", "/desk/set-up/files",
            "/desk/set-up/files/services/pothole.yaml", "/desk/set-up/history",
        )
    ):  # fmt: skip
        looks_right(phone.open(path), f"setup-phone-{number}")


def test_two_people_and_one_file(sit: Callable[..., Desk], city: City) -> None:
    first: Any = sit("ada@testford.example")
    second: Any = sit("ada@testford.example")
    path = "/desk/set-up/files/services/pothole.yaml"
    one, two = first.open(path), second.open(path)
    for page, words in ((one, "From one"), (two, "From two")):
        box = page.locator("textarea[name='text']")
        box.fill(box.input_value().replace("en: Pothole", f"en: {words}"))
    button(one, "Save in the draft")
    with two.expect_response(lambda answer: answer.status == 409):
        two.get_by_role("button", name="Save in the draft").click()
    expect(two.get_by_text("Somebody else changed this file")).to_be_visible()
    assert "From two" in two.locator("textarea[name='text']").input_value()
    expect(two.locator(".diff .gone")).to_contain_text("From one")
    second.said.clear()
    looks_right(two, "overtaken-desk")
