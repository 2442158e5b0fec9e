"""The demo's city: its pack with staff, then its past. Called once per data folder."""

from dataclasses import replace
from pathlib import Path

from django.db import connection
from rich.progress import Progress

from onehall.billing.examples import Examples, examples
from onehall.cli import city as city_commands
from onehall.cli.demo_facts import DemoFacts, Page, SignIn
from onehall.cli.demo_history.beside import add_beside
from onehall.cli.demo_history.bills import add_bills
from onehall.cli.demo_history.generate import History
from onehall.cli.demo_history.pictures import Album
from onehall.kernel.clock import now
from onehall.people import actions as people
from onehall.people.actor import system
from onehall.people.models import Membership
from onehall.places.models import City

PACK = Path(__file__).resolve().parents[2] / "cities" / "port-alder"
CASES = 12_000
SEED = 20_261
PASSWORD = "harbor-light-7"  # noqa: S105  (a made-up city, reachable on this machine)
SHOWN = ("dana@", "ruth@", "crew4@", "lights@", "owen@", "ida@", "felix@", "naomi@")


def prepare(progress: Progress) -> DemoFacts:
    """Apply the pack and make up the past; a second call only completes what is missing."""
    if _has_past():
        city = city_commands.apply(PACK, with_staff=True)
        return replace(_facts(city), look_ups=_look_ups(examples(city)))
    connection.close()
    # The pictures take longest, and nothing needs them before the past does.
    with Album.begun() as album:
        city = city_commands.apply(PACK, with_staff=True)
        facts = _facts(city)
        _make_past(city, album, progress)
    return replace(facts, look_ups=_look_ups(add_bills(city, seed=SEED, now=now())))


def _facts(city: City) -> DemoFacts:
    return DemoFacts(city=city.name, sign_ins=_sign_ins(city), pages=_pages())


def _look_ups(found: Examples | None) -> list[str]:
    said = []
    if found and found.account:
        said.append(f"{'Find a bill':<24} account {found.account}, postcode {found.postcode}")
    if found and found.citation:
        said.append(f"{'Find a citation':<24} {found.citation}")
    return said


def _has_past() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM casework_case LIMIT 1")
        return cursor.fetchone() is not None


def _make_past(city: City, album: Album, progress: Progress) -> None:
    with connection.cursor() as cursor:
        # Photos are named by timeline entries, so their ids are taken before they are stored.
        cursor.execute("SELECT setval(pg_get_serial_sequence('casework_photo', 'id'), 1000000)")
    album.reserve(1)
    history = History(city, until=now(), seed=SEED, album=album)
    living = progress.add_task("Drawing photos, living 18 months", total=CASES)
    history.run(CASES, lambda n: progress.advance(living, n))
    add_beside(city, seed=SEED, now=now())


def _sign_ins(city: City) -> list[SignIn]:
    staff = Membership.objects.filter(city=city).select_related("user", "department")
    shown = [m for m in staff.order_by("id") if m.user.email.startswith(SHOWN)]
    people.share_password(
        user_ids=[m.user_id for m in shown], password=PASSWORD, by=system(city.id), now=now()
    )
    return [
        SignIn(name=m.user.name, role=", ".join(m.roles), email=m.user.email, password=PASSWORD)
        for m in shown
    ]


def _pages() -> list[Page]:
    return [
        Page(name="Residents", path="/"),
        Page(name="Report a street light", path="/report/street-light-out"),
        Page(name="Staff, one press to sign in", path="/demo"),
        Page(name="Mail the city has sent", path="/demo/mail"),
    ]
