"""The people of the tests, in Testford and in a second city.

Rosa reported it; Ben is crew in Public Works; Mo supervises Public Works; Kim is crew at the City Clerk's;
Dana is the 311 agent; Owen audits; Ada administers; Ida is an agent of another city; Sam is a stranger.
"""

import datetime as dt
import uuid
from dataclasses import dataclass
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

from PIL import Image

from onehall.casework import actions
from onehall.casework.actions import CasePlace
from onehall.casework.models import Case, Task, TimelineEntry, Timer
from onehall.casework.rules import Given
from onehall.casework.timeline import facts_for_hash
from onehall.catalog import queries as catalog
from onehall.cli import city as city_cli
from onehall.kernel import chain
from onehall.people import queries as people
from onehall.people.actions import add_membership
from onehall.people.actor import Actor, resident, system
from onehall.people.models import User
from onehall.places.models import City
from onehall.service_requests import actions as requests
from onehall.service_requests.actions import Contact, NewRequest
from onehall.service_requests.models import ServiceRequest
from tests.conftest import NOW
from tests.kept_rows import KeptRows
from tests.packs import WrongPack, testford

START = NOW.astimezone(dt.UTC)
SOUTH = CasePlace(words="300 Elm Street", lon=-120.99, lat=40.002, areas={"district": "south"})
NORTH = CasePlace(words="300 Pine Street", lon=-120.99, lat=40.011, areas={"district": "north"})
ROSA = Contact(name="Rosa Diaz", email="rosa@example.org", phone="555-0111")

STAFF: dict[str, tuple[str, list[str], str]] = {
    "ben": ("Ben Crew", ["crew"], "works"),
    "mo": ("Mo Supervisor", ["supervisor"], "works"),
    "kim": ("Kim Clerk", ["crew"], "clerk"),
    "dana": ("Dana Agent", ["agent"], ""),
    "owen": ("Owen Auditor", ["auditor"], ""),
    "ada": ("Ada Admin", ["admin"], ""),
}


@dataclass
class Cast:
    """Everybody, as actors, with short ways to make things happen in Testford."""

    city: City
    ben: Actor
    mo: Actor
    kim: Actor
    dana: Actor
    owen: Actor
    ada: Actor
    sam: Actor
    machine: Actor

    def named(self, name: str) -> Actor:
        """One of the staff by their short name."""
        found: Actor = getattr(self, name)
        return found

    def report(
        self, *, now: dt.datetime = START, contact: Contact = ROSA, **more: Any
    ) -> ServiceRequest:
        """A pothole at the south end, told by Rosa unless said otherwise."""
        given = {"service_key": "pothole", "place": SOUTH, "key": uuid.uuid4(), "contact": contact}
        new = NewRequest(**{**given, **more})
        return requests.submit(city=self.city, new=new, by=resident(self.city.id), now=now)

    def case(self, **more: Any) -> Case:
        """The case of a fresh report."""
        return Case.objects.get(pk=self.report(**more).case_id)

    def follow(self, case: Case, *, now: dt.datetime = START, **more: Any) -> ServiceRequest:
        """One more person who follows a case."""
        given: dict[str, Any] = {
            "key": uuid.uuid4(),
            "words": "",
            "contact": Contact(email="flo@example.org"),
            "language": "en",
        }
        return requests.follow(
            city=self.city, case_id=case.id, by=resident(self.city.id), now=now, **{**given, **more}
        )

    def move(
        self,
        case: Case,
        move: str,
        by: Actor | None = None,
        *,
        now: dt.datetime = START,
        seen: int | None = None,
        **given: Any,
    ) -> Case:
        """One step, by Dana unless said otherwise."""
        return actions.make_move(
            city=self.city,
            case_id=case.id,
            move=move,
            by=by or self.dana,
            now=now,
            given=Given(**given),
            seen=seen,
        )

    def finish(self, case: Case, *, now: dt.datetime = START, by: Actor | None = None) -> Case:
        """Close as fixed, with all that it takes."""
        photo = after_photo(self, case, by=by or self.ben, now=now)
        return self.move(
            case,
            "close",
            by or self.ben,
            now=now,
            outcome="fixed",
            words="Filled.",
            photo_ids=(photo,),
        )


def _hire() -> None:
    city = testford()
    for key, (name, roles, department) in STAFF.items():
        _member(city, key, name, roles, department)


_KEPT = KeptRows(_hire)


def build() -> Cast:
    """Testford with its people, in the test's database."""
    forget()
    _KEPT.put()
    return everybody()


def forget() -> None:
    """Hold nothing of another test's city in memory."""
    catalog.forget()
    people.forget()


def everybody() -> Cast:
    """The people that are in the database, as actors."""
    city = City.objects.get(slug="testford")
    found = {key: member(city, key) for key in STAFF}
    return Cast(city=city, sam=resident(city.id), machine=system(city.id), **found)


def elsewhere(folder: Path) -> tuple[City, Actor]:
    """A second city with the same services, and Ida, an agent there."""
    pack = WrongPack(folder)
    pack.replace("city.yaml", "slug: testford", "slug: elsewhere")
    pack.replace("city.yaml", "name: Testford", "name: Elsewhere")
    pack.replace("city.yaml", "hosts: [testford.example]", "hosts: [elsewhere.example]")
    city = city_cli.apply(pack.folder, with_staff=False, by="tests")
    _member(city, "ida", "Ida Agent", ["agent"], "")
    return city, member(city, "ida")


def _member(city: City, key: str, name: str, roles: list[str], department: str) -> None:
    user = User.objects.create_user(email=f"{key}.cast@{city.slug}.example", name=name)
    add_membership(
        user_id=user.pk,
        city_id=city.pk,
        roles=roles,
        by=system(city.pk),
        now=START,
        department_key=department,
    )


def member(city: City, key: str) -> Actor:
    """The acting person with a short name."""
    found = people.staff_actor(User.objects.get(email=f"{key}.cast@{city.slug}.example"), city)
    assert found is not None
    return found


def picture(seed: int = 0, *, size: tuple[int, int] = (160, 120)) -> bytes:
    """A small JPEG; another seed is another picture."""
    image = Image.new("RGB", size, (seed * 37 % 256, seed * 91 % 256, 90))
    for x in range(0, size[0], 8):
        for y in range(size[1]):
            image.putpixel((x, y), ((x * 5 + seed * 13) % 256, (y * 3) % 256, seed % 256))
    out = BytesIO()
    image.save(out, "JPEG", quality=90)
    return out.getvalue()


_FRESH = iter(range(1000, 100_000))


def after_photo(cast: Cast, case: Case, *, by: Actor, now: dt.datetime = START) -> int:
    """A photo of the finished work on a case, as a bare row: its id."""
    from onehall.casework.models import Photo

    n = next(_FRESH)
    return Photo.objects.create(
        city_id=cast.city.id,
        case=case,
        key=uuid.uuid4(),
        kind=Photo.Kind.AFTER,
        width=10,
        height=10,
        name=f"n{n}",
        small_name=f"s{n}",
        thumb_name=f"t{n}",
        original_name=f"n{n}",
        created_at=now,
        created_by_id=by.user_id,
    ).pk


def entries(case: Case) -> list[TimelineEntry]:
    """The timeline, first entry first."""
    return list(TimelineEntry.objects.filter(case_id=case.pk).order_by("seq"))


def kinds(case: Case) -> list[str]:
    """Kinds of the timeline's entries, in order."""
    return [e.kind for e in entries(case)]


def sound(case: Case) -> Case:
    """The case as stored, after looking at everything that must always hold."""
    fresh = Case.objects.get(pk=case.pk)
    found = entries(fresh)
    links = [chain.Link(str(e.seq), facts_for_hash(e), bytes(e.hash)) for e in found]
    assert fresh.head is not None
    assert chain.verify(links, head=bytes(fresh.head)) == []
    assert [e.seq for e in found] == list(range(1, fresh.lock + 1))
    from onehall.casework import clock
    from onehall.catalog import categories

    assert fresh.due_order == clock.order(fresh.due_at)
    assert fresh.is_open == (categories.is_open(fresh.category) and fresh.merged_into_id is None)
    assert (fresh.closed_at is None) == categories.is_open(fresh.category)
    moves = [e for e in found if e.kind in ("moved", "migrated", "changed") and "to" in e.data]
    # An effect may stop or start the clock until the case leaves the state.
    since = moves[-1].seq if moves else 0
    clocks = [not e.data["running"] for e in found if e.kind == "clock" and e.seq > since]
    stands = clocks[-1] if clocks else categories.is_paused(fresh.category)
    assert (fresh.paused_at is not None) == stands
    if not categories.is_open(fresh.category):
        assert not Task.objects.filter(case=fresh, state="open").exists()
    assert fresh.entered == len(moves)
    if moves:
        assert moves[-1].data["to"] == fresh.state
    assert all(a.data["to"] == b.data["from"] for a, b in pairwise(moves))
    assert not Timer.objects.filter(case=fresh, entered__gt=fresh.entered).exists()
    return fresh
