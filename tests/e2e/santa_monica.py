"""Santa Monica as its operator sets it up: the pack, its eleven years of history, its people."""

from dataclasses import dataclass, field
from typing import Final

from tests import shared_data
from tests.e2e.loop import Person, Story

HISTORY: Final = "311/santa-monica-gorequest-2005-2015.csv.gz"
NEEDS: Final = (HISTORY, "boundaries/santa-monica", "streets-and-places", "photos")
PASSWORD: Final = "pier-lights-2026"

DANA: Final = Person(name="Dana Moreno", email="dana@santamonica.example", password=PASSWORD)
CREW: Final = Person(name="Signal crew", email="signals@santamonica.example", password=PASSWORD)


def missing() -> str:
    """The first piece of shared data that is not here; "" when all of it is."""
    absent = (str(p) for name in NEEDS if not (p := shared_data.folder() / name).exists())
    return next(absent, "")


def story() -> Story:
    """A street light at an address of the city's own list, with photos that phones took."""
    photos = shared_data.folder() / "photos"
    return Story(
        asks="the lamp outside my house is dark",
        service="Streetlights",
        types="1527 4th st",
        place="1527 4th Street",
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
    """What the commands said, and how long each took."""

    said: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
