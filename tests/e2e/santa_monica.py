"""Santa Monica as its operator sets it up: the pack, eleven years of history, two people; then the walk."""

import subprocess
import sys
import time
from dataclasses import dataclass, field
from typing import Any, Final

from playwright.sync_api import expect

from tests import shared_data
from tests.e2e.installation import ROOT, Installation
from tests.e2e.loop import Person, Shoot, Story, no_shots, sign_in

HISTORY: Final = "311/santa-monica-gorequest-2005-2015.csv.gz"
NEEDS: Final = (
    HISTORY,
    "311/santa-monica-topics.csv",
    "boundaries/santa-monica",
    "streets-and-places/santa-monica-street-segments.geojson",
    "photos/htc-desire-gps.jpg",
    "photos/samsung-j3-orientation6.jpg",
)
PASSWORD: Final = "pier-lights-2026"
DANA: Final = Person(name="Dana Moreno", email="dana@santamonica.example", password=PASSWORD)
CREW: Final = Person(name="Signal crew", email="signals@santamonica.example", password=PASSWORD)


def missing() -> str:
    """The first piece of the shared data that is not here; "" when all of it is."""
    paths = (shared_data.folder() / name for name in NEEDS)
    return next((str(path) for path in paths if not path.exists()), "")


def story() -> Story:
    """A street light at an address of the city's own list, with photos as phones took them."""
    photos = shared_data.folder() / "photos"
    return Story(
        asks="the lamp outside my house is dark",
        service="Streetlights",
        types="1527 4th st",
        place="1527 4th Street (the pin shows the street, not the house)",
        pin="1527 4th Street",
        queue="Planning & Community Development",
        reason="The cable feeds the traffic signal too.",
        before=photos / "htc-desire-gps.jpg",
        after=photos / "samsung-j3-orientation6.jpg",
        verdict="no",
        agent=DANA,
        crew=CREW,
    )


@dataclass
class SetUp:
    """A served Santa Monica: what each command said, and the seconds it took."""

    site: Installation
    said: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, *command: Any) -> None:
        """One command of the operator, timed."""
        began = time.monotonic()
        self.said[name] = self.site.run(*command)
        self.seconds[name] = time.monotonic() - began


def set_up(site: Installation) -> SetUp:
    """Everything an operator does, by the real commands; people are added while the history comes in."""
    made = SetUp(site)
    data = shared_data.folder()
    builder = ROOT / "tools" / "santa_monica_pack.py"
    subprocess.run([sys.executable, builder, data, site.folder / "santa-monica"], check=True)
    made.run("apply", "city", "apply", "santa-monica")
    city = ("--city", "santa-monica")
    began = time.monotonic()
    history = site.start(
        "import", "requests", data / HISTORY, "--profile", "santa-monica-gorequest", *city
    )
    for person, role, *more in (
        (DANA, "agent"),
        (CREW, "crew", "--department", "planning-community-development"),
    ):
        who = (person.email, "--name", person.name, "--password", person.password)
        made.run(role, "user", "add", *who, *city, "--role", role, *more)
    made.said["import"], _ = history.communicate(timeout=240)
    made.seconds["import"] = time.monotonic() - began
    assert history.returncode == 0, made.said["import"]
    return made


def look_back(page: Any, address: str, shoot: Shoot = no_shots) -> None:
    """The agent finds the way in what the city was told in eleven years."""
    sign_in(page, address, DANA)
    page.goto(f"{address}/desk?show=all")
    expect(page.locator("tr[data-number]")).to_have_count(50)
    shoot(page, "ended")
    for _ in range(3):
        page.get_by_role("link", name="Older").click()
        page.wait_for_url("**after=**")
        expect(page.locator("tr[data-number]")).to_have_count(50)
    page.goto(f"{address}/desk/search?q=graffiti+wilshire+blvd")
    rows = page.locator("tr[data-number]")
    for number in range(5):
        expect(rows.nth(number)).to_contain_text("Graffiti on p")
        expect(rows.nth(number)).to_contain_text("Wilshire Boulevard")
    shoot(page, "found")
    # The number of the former system, as it stands on a resident's old letter.
    page.goto(f"{address}/desk/search?q=1054718")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("Ended Sep 25, 2012")
    rows.get_by_role("link").click()
    page.wait_for_url("**/desk/cases/2012-*")
    expect(page.locator(".told")).to_contain_text("in the former system (1054718)")
    shoot(page, "old")
    page.goto(f"{address}/desk/queues")
    expect(page.locator("table.queues th.what")).to_have_count(16)
    shoot(page, "queues")
