"""The new pages in a real browser: an outside body answers without a script, one question on a limit, the desk's own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from onehall.casework import actions, handing
from onehall.casework.models import HandOver
from onehall.cli import city as city_cli
from onehall.kernel.clock import now as read_clock
from onehall.people.bodies import body_of_key
from onehall.places.models import City
from onehall.portal import picked
from tests.console.people import Person, report
from tests.e2e.test_axe import look_over  # noqa: F401  # a fixture
from tests.e2e.test_desk import CHROMIUM
from tests.packs import WrongPack
from tests.pages import violations

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(CHROMIUM is None, reason="needs chromium"),
]
KEPT = os.environ.get("ONEHALL_TEST_PICTURES", "")
"""A folder for pictures of the pages, for whoever wants to look at them."""
RICH = """promise:
  days: 3
  first_response: {hours: 2}
  on_site: {days: 1}"""
SIDE = "which_side: {layer: district, metres: 15}\nsimilar:"


@pytest.fixture
def rich(site: str, tmp_path: Path) -> City:
    """Testford with targets, a question about sides, and outside bodies."""
    pack = WrongPack(tmp_path / "rich")
    promise = "promise: {days: 3, priorities: {high: {hours: 8}}}"
    pack.replace("services/pothole.yaml", promise, RICH)
    pack.replace("services/pothole.yaml", "similar:", SIDE)
    assert pack.problems() == []
    return city_cli.apply(pack.folder, with_staff=True, by="tests")


def shot(page: Page, name: str) -> None:
    """Keep a picture of a page where a folder is named."""
    if KEPT:
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            for width in (390, 1280):
                page.set_viewport_size({"width": width, "height": 900})
                page.screenshot(path=f"{KEPT}/{name}-{scheme}-{width}.png", full_page=True)


def give(city: City) -> HandOver:
    case = report(city, words="The whole pole leans over the sidewalk.").case
    body = body_of_key(city, "power")
    assert body is not None
    return handing.hand_over(
        city=city,
        case_id=case.pk,
        body=body,
        words="Please make it safe today.",
        by=Person(city, "ana@testford.example").actor,
        now=read_clock(),
    )


def test_a_body_answers_without_a_script(
    visit: Any,
    look_over: Callable[[Page], None],  # noqa: F811
    rich: City,
) -> None:
    given = give(rich)
    plain = visit(is_mobile=False, java_script_enabled=False)
    plain.goto(f"/outside/{given.token}")
    plain.get_by_role("button", name="It is done").click()
    expect(plain.get_by_text("Say in a line")).to_be_visible()
    plain.get_by_label("In a line").fill("A new pole stands.")
    plain.get_by_role("button", name="It is done").click()
    expect(plain.get_by_text("You have answered")).to_be_visible()
    page = visit(is_mobile=False)
    page.goto(f"/outside/{given.token}")
    look_over(page)
    page.goto(f"/outside/{give(rich).token}")
    look_over(page)
    shot(page, "outside")
    page.goto("/outside/AAAAAAAAAAAAAAAAAAAAAA")
    look_over(page)
    visit.complaints = [c for c in visit.complaints if "404" not in c and "422" not in c]


def test_one_question_on_a_limit(
    visit: Any,
    look_over: Callable[[Page], None],  # noqa: F811
    rich: City,
) -> None:
    pick = picked.sign(picked.Picked(-120.9918, 40.00803, "Border Road"))
    for scripts in (False, True):
        page = visit(is_mobile=False, java_script_enabled=scripts)
        page.goto(f"/report/pothole?pick={pick}")
        page.get_by_text("Smaller than a plate").click()
        send = (
            page.locator("[data-send]").first
            if scripts
            else page.locator("button[value=send]").last
        )
        send.click()
        expect(page.get_by_text("Which side is it on?")).to_be_visible()
        if scripts:
            look_over(page)
            shot(page, "side")
        page.get_by_text("South Side").click()
        send = (
            page.locator("[data-send]").first
            if scripts
            else page.locator("button[value=send]").last
        )
        send.click()
        page.wait_for_url("**/r/*")
    visit.complaints = [c for c in visit.complaints if "422" not in c]


def test_the_pages_of_the_desk(
    visit: Any,
    look_over: Callable[[Page], None],  # noqa: F811
    rich: City,
) -> None:
    given = give(rich)
    ana, ada = Person(rich, "ana@testford.example"), Person(rich, "ada@testford.example")
    case = given.case
    actions.set_priority(city=rich, case_id=case.pk, priority=1, by=ana.actor, now=read_clock())
    case.refresh_from_db()
    actions.make_move(
        city=rich,
        case_id=case.pk,
        move="ask",
        by=ana.actor,
        now=read_clock(),
        given=actions.Given(words="Which side?"),
    )
    other = report(rich, words="A hole again").case
    ana.act(other, "change", what="service", service="question", reason="A question")
    for person, path, name in (
        (ana, f"/desk/cases/{case.number}", "case"),
        (ana, "/desk/set-up/corrections", "corrections"),
        (
            ada,
            "/desk/set-up/routing?service=pothole&do=try&where=40.011,-120.99&q_size=small",
            "routing",
        ),
    ):
        page = visit(is_mobile=False)
        cookie = person.client.cookies["sessionid"].value
        page.context.add_cookies([{"name": "sessionid", "value": cookie, "url": visit.site}])
        page.goto(path)
        for summary in page.locator("#hand-over > summary, #about > summary").all():
            summary.click()
        assert violations(page) == []
        page.set_viewport_size({"width": 320, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        shot(page, name)
