"""Tasks at the desk and on a phone: done with the mouse and the thumb, without an accessibility violation."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from onehall.casework.models import Case
from onehall.cli import city as city_cli
from onehall.kernel.clock import now
from onehall.places.models import City
from tests.cast import Cast
from tests.console.people import Person
from tests.e2e.test_desk import DESK, PHONE, Desk, city, sit
from tests.pages import too_wide, violations
from tests.reviewed import hole, open_tasks, pack

__all__ = ["city", "sit"]

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PICTURES = os.environ.get("ONEHALL_TEST_PICTURES", "")
"""A folder for pictures of the pages, for whoever wants to look."""


@pytest.fixture
def hole_case(city: City, tmp_path: Path) -> Case:
    """A hole that two teams review."""
    changed = city_cli.apply(pack(tmp_path / "reviewed").folder)
    ana = Person(changed, "ana@testford.example")
    cast = Cast(changed, *(ana.actor,) * 8)
    case = hole(cast, "small", now=now())
    cast.move(case, "accept", ana.actor, now=now())
    return case


def looks_right(page: Page, name: str) -> None:
    assert violations(page) == [], (page.url, name)
    assert too_wide(page) == 0, name
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def test_a_task_is_taken_and_finished_on_a_phone_and_the_other_at_the_desk(
    hole_case: Case, sit: Callable[..., Desk]
) -> None:
    phone: Any = sit("carl@testford.example", viewport=PHONE, has_touch=True, is_mobile=True)
    page = phone.open("/desk/work")
    looks_right(page, "work-phone")
    page.get_by_role("link", name="Look at the road").click()
    page.get_by_role("button", name="Take this task").click()
    expect(page.get_by_text("The task is yours now.")).to_be_visible()
    page.get_by_text("Say how it came out").click()
    looks_right(page, "tasks-phone")
    page.get_by_role("radio", name="Yes").check(force=True)
    page.get_by_label("Cost", exact=True).fill("much")
    page.get_by_role("button", name="Finish this task").click()
    expect(page.get_by_text("Write a number, such as 12.").first).to_be_visible()
    looks_right(page, "refused-phone")
    page.get_by_label("Cost", exact=True).fill("120")
    page.get_by_role("button", name="Finish this task").click()
    expect(page.get_by_text("The task is done.")).to_be_visible()
    assert open_tasks(hole_case) == ["clerk"]
    desk: Any = sit("ana@testford.example", viewport=DESK)
    page = desk.open(f"/desk/cases/{hole_case.number}")
    page.get_by_text("Skip it").click()
    looks_right(page, "tasks-desk")
    page.get_by_label("Why is it not needed?").fill("They know it.")
    page.get_by_role("button", name="Skip this task").click()
    expect(page.get_by_role("heading", name="Checklist")).to_be_visible()
    looks_right(page, "checklist-desk")
    assert open_tasks(hole_case) == ["call"]
