"""One request, all the way through: the resident's phone, the agent's desk, the crew's phone, and back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from onehall.cli import demo_pictures

type Shoot = Callable[[Any, str], None]

PHONE = {"width": 412, "height": 915}
DESK = {"width": 1360, "height": 900}


def no_shots(page: Any, name: str) -> None:
    """Take no pictures."""


def photo(folder: Path, kind: str, *, after: bool) -> Path:
    """A photo file as a phone would have it."""
    path = folder / f"{kind}-{'after' if after else 'before'}.jpg"
    path.write_bytes(demo_pictures.jpeg(kind, after, 7))
    return path


def sign_in(page: Any, address: str, name: str) -> None:
    """One press on the demo's list of people."""
    page.goto(f"{address}/demo")
    page.get_by_role("button", name=f"Sign in {name}", exact=True).click()
    page.wait_for_load_state()


def report(page: Any, address: str, picture: Path, shoot: Shoot) -> str:
    """The resident reports a dark street light with a photo; returns the number."""
    page.goto(address)
    shoot(page, "home")
    page.get_by_role("searchbox").fill("the lamp outside is dark")
    page.get_by_role("button", name="Search").click()
    shoot(page, "choose")
    page.get_by_role("link", name="Street light out").first.click()
    page.locator("input[type=file][name=photos]").set_input_files(picture)
    page.locator("[data-tray] img.pic").first.wait_for()
    page.locator("#id_where").fill("14 mill la")
    page.get_by_role("option", name="14 Mill Lane").first.click()
    page.locator("[data-here-words]").filter(has_text="14 Mill Lane").wait_for()
    page.get_by_label("It is dark").check()
    page.locator("textarea[name=words]").fill("Dark since Friday, the corner feels unsafe.")
    page.locator("input[name=email]").fill("rosa@resident.example")
    shoot(page, "report")
    page.locator("[data-send]").click()
    page.wait_for_url("**/r/*")
    shoot(page, "sent")
    return (
        str(page.locator("bdi.num [dir=ltr], bdi.num").first.inner_text())
        .replace("No.", "")
        .strip()
    )


def route(page: Any, address: str, number: str, shoot: Shoot) -> None:
    """The agent reads it, sends it to the crew that mends signals and lights, and says so."""
    sign_in(page, address, "Dana Moreno")
    shoot(page, "inbox")
    page.goto(f"{address}/desk/search?q={number}")
    page.wait_for_url(f"**/desk/cases/{number}")
    page.locator("#say").fill("Thank you for the photo. The crew is out tonight.")
    page.get_by_role("button", name="Send reply").click()
    page.wait_for_load_state()
    page.locator("#route > summary").click()
    page.locator("#route select").select_option(label="Traffic signals")
    page.locator("#route textarea").fill("The cable feeds the signal too.")
    page.locator("#route button[value=queue]").click()
    page.wait_for_load_state()
    shoot(page, "case")


def mend(page: Any, address: str, number: str, picture: Path, shoot: Shoot) -> None:
    """The crew finds it in its work, starts, and closes with a photo and a line."""
    sign_in(page, address, "Light crew")
    page.goto(f"{address}/desk/work")
    shoot(page, "work")
    page.goto(f"{address}/desk/work/{number}")
    page.get_by_role("button", name="Start work").click()
    page.wait_for_load_state()
    page.goto(f"{address}/desk/work/{number}")
    page.locator("#w input[type=file]").first.set_input_files(picture)
    page.locator("#w textarea").first.fill("New lamp and fuse. It is lit again.")
    shoot(page, "stop")
    page.locator("button[form=w]").click()
    page.wait_for_load_state()


def walk(browser: Any, address: str, folder: Path, shoot: Shoot = no_shots, **options: Any) -> str:
    """The whole way; the resident's window changes by itself, and the resident has the last word."""
    residents = browser.new_context(viewport=PHONE, has_touch=True, **options)
    agents = browser.new_context(viewport=DESK, **options)
    crews = browser.new_context(viewport=PHONE, has_touch=True, **options)
    try:
        window = residents.new_page()
        number = report(window, address, photo(folder, "light", after=False), shoot)
        route(agents.new_page(), address, number, shoot)
        window.get_by_text("The crew is out tonight.").wait_for(timeout=20_000)
        mend(crews.new_page(), address, number, photo(folder, "light", after=True), shoot)
        window.get_by_text("Is it fixed?").wait_for(timeout=20_000)
        window.get_by_text("New lamp and fuse. It is lit again.").first.wait_for()
        shoot(window, "status")
        window.get_by_role("button", name="Yes, it is fixed").click()
        window.get_by_text("Thank you. Good that it is fixed.").wait_for()
        shoot(window, "thanks")
        return number
    finally:
        for context in (residents, agents, crews):
            context.close()
