"""One request, all the way through: the resident's phone, the agent's desk, the crew's phone, and back.

The walk is the same in every city; a `Story` is what is typed, chosen and sent in one of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from onehall.cli import demo_pictures

type Shoot = Callable[[Any, str], None]

PHONE = {"width": 412, "height": 915}
DESK = {"width": 1360, "height": 900}
PATIENCE = 20_000
ANSWERS = {
    "yes": ("Yes, it is fixed", "Good that it is fixed."),
    "no": ("No, not fixed", "The case is open again."),
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """Somebody of the staff. Without a password they sign in with one press, as in a demo."""

    name: str
    email: str = ""
    password: str = ""


@dataclass(frozen=True, kw_only=True)
class Story:
    """One request of one city. `place` is how the chosen suggestion begins.

    With `pin`, the resident opens the map and moves it, and the place is then called that.
    """

    asks: str
    service: str
    types: str
    place: str
    pin: str = ""
    answer: str = ""
    says: str = "Dark since Friday, the corner feels unsafe."
    replies: str = "Thank you for the photo. The crew is out tonight."
    queue: str
    reason: str
    mended: str = "New lamp and fuse. It is lit again."
    before: Path
    after: Path
    verdict: Literal["yes", "no"] = "yes"
    agent: Person
    crew: Person


def port_alder(folder: Path) -> Story:
    """The story of the demo; its photos are drawn into `folder`."""
    return Story(
        asks="the lamp outside is dark",
        service="Street light out",
        types="14 mill la",
        place="14 Mill Lane",
        answer="It is dark",
        queue="Traffic signals",
        reason="The cable feeds the signal too.",
        before=_drawn(folder, "before"),
        after=_drawn(folder, "after"),
        agent=Person(name="Dana Moreno"),
        crew=Person(name="Light crew"),
    )


def _drawn(folder: Path, when: str) -> Path:
    """A photo file as a phone would have it."""
    path = folder / f"light-{when}.jpg"
    path.write_bytes(demo_pictures.jpeg("light", when == "after", 7))
    return path


def no_shots(page: Any, name: str) -> None:
    """Take no pictures."""


def sign_in(page: Any, address: str, person: Person) -> None:
    """One press on the demo's list of people, or the staff's form on the way to the desk."""
    if not person.password:
        page.goto(f"{address}/demo")
        page.get_by_role("button", name=f"Sign in {person.name}", exact=True).click()
        page.wait_for_load_state()
        return
    page.goto(f"{address}/desk")
    page.locator("input[name=login]").fill(person.email)
    page.locator("input[name=password]").fill(person.password)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/desk")


def report(page: Any, address: str, story: Story, shoot: Shoot) -> str:
    """The resident reports it with a photo and a place; returns the number."""
    page.goto(address)
    shoot(page, "home")
    page.get_by_role("searchbox").fill(story.asks)
    page.get_by_role("button", name="Search").click()
    shoot(page, "choose")
    page.get_by_role("link", name=story.service).first.click()
    page.locator("input[type=file][name=photos]").set_input_files(story.before)
    page.locator("[data-tray] img.pic").first.wait_for()
    page.locator("#id_where").fill(story.types)
    page.get_by_role("option", name=story.place).first.click()
    page.locator("[data-here-words]").filter(has_text=story.place).wait_for()
    if story.pin:
        _set_pin(page, story.pin, shoot)
    if story.answer:
        page.get_by_label(story.answer).check()
    page.locator("textarea[name=words]").fill(story.says)
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


def _set_pin(page: Any, words: str, shoot: Shoot) -> None:
    """Open the map and move it with the keyboard until the words say that the pin is set."""
    page.get_by_role("button", name="Show the map").click()
    sheet = page.locator(".chart")
    sheet.wait_for()
    shoot(page, "map")
    sheet.focus()
    page.keyboard.press("ArrowUp")
    page.wait_for_function(
        "(words) => document.querySelector('[data-here-words]').textContent === words", arg=words
    )


def route(page: Any, address: str, number: str, story: Story, shoot: Shoot) -> None:
    """The agent finds it, answers, sends it to the people who mend such things, and says why."""
    sign_in(page, address, story.agent)
    shoot(page, "inbox")
    page.goto(f"{address}/desk/search?q={number}")
    page.wait_for_url(f"**/desk/cases/{number}")
    page.locator("#say").fill(story.replies)
    page.get_by_role("button", name="Send reply").click()
    page.wait_for_load_state()
    page.locator("#route > summary").click()
    page.locator("#route select").select_option(label=story.queue)
    page.locator("#route textarea").fill(story.reason)
    page.locator("#route button[value=queue]").click()
    page.locator("[data-live-note]").filter(has_text="Live").wait_for()
    # One's own act is no news to oneself.
    page.wait_for_timeout(500)
    assert page.locator("[data-news]").is_hidden()
    shoot(page, "case")


def mend(page: Any, address: str, number: str, story: Story, shoot: Shoot) -> None:
    """The crew finds it in its work, starts, and closes with a photo and a line."""
    sign_in(page, address, story.crew)
    page.goto(f"{address}/desk/work")
    shoot(page, "work")
    page.goto(f"{address}/desk/work/{number}")
    page.get_by_role("button", name="Start work").click()
    page.wait_for_load_state()
    page.goto(f"{address}/desk/work/{number}")
    page.locator("#w input[type=file]").first.set_input_files(story.after)
    page.locator("#w textarea").first.fill(story.mended)
    shoot(page, "stop")
    page.locator("button[form=w]").click()
    page.wait_for_load_state()


def judge(window: Any, story: Story, shoot: Shoot) -> None:
    """The resident has the last word, and the city has heard it."""
    button, heard = ANSWERS[story.verdict]
    window.get_by_role("button", name=button).click()
    window.get_by_text(heard).first.wait_for()
    shoot(window, "thanks")


def walk(browser: Any, address: str, story: Story, shoot: Shoot = no_shots, **options: Any) -> str:
    """The whole way; the resident's window changes by itself, and the resident has the last word."""
    residents = browser.new_context(viewport=PHONE, has_touch=True, **options)
    agents = browser.new_context(viewport=DESK, **options)
    crews = browser.new_context(viewport=PHONE, has_touch=True, **options)
    try:
        window = residents.new_page()
        number = report(window, address, story, shoot)
        route(agents.new_page(), address, number, story, shoot)
        window.get_by_text(story.replies).wait_for(timeout=PATIENCE)
        mend(crews.new_page(), address, number, story, shoot)
        window.get_by_text("Is it fixed?").wait_for(timeout=PATIENCE)
        window.get_by_text(story.mended).first.wait_for()
        shoot(window, "status")
        judge(window, story, shoot)
        return number
    finally:
        for context in (residents, agents, crews):
            context.close()
