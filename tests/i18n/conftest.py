"""Testford with one report on its way and one done, and pages in any language."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.template.autoreload import reset_loaders
from django.test import Client
from django.utils import timezone, translation

from onehall.catalog import queries as catalog
from onehall.look.components import small
from onehall.people import queries as people
from onehall.people.models import User
from onehall.places import queries as places
from onehall.portal import picked
from onehall.service_requests.models import ServiceRequest
from tests.cast import SOUTH, Cast

Pages = dict[str, tuple[Client, str]]


def forget() -> None:
    """Nothing of another test, or of another language, is held in memory."""
    translation.deactivate()
    timezone.deactivate()
    for room in (catalog, people, places, small):
        room.forget()
    # Templates hold their fixed sentences.
    reset_loaders()
    for name in ("default", "local"):
        caches[name].clear()


@pytest.fixture
def pages(cast: Cast, settings: Any, now: dt.datetime) -> Iterator[Pages]:
    """The main pages of residents and staff: a browser and an address, by name."""
    settings.ALLOWED_HOSTS = ["*"]
    forget()
    fresh = cast.report(now=now)
    done = cast.report(now=now - dt.timedelta(days=2))
    cast.finish(done.case, now=now - dt.timedelta(days=1))
    asked = cast.report(now=now - dt.timedelta(hours=3))
    cast.move(asked.case, "ask", now=now - dt.timedelta(hours=2), words="124")
    yield (
        _for_anybody(fresh, done, asked)
        | _signed_in("rosa@example.org", {"mine": "/mine"})
        | _signed_in(_address(cast), _for_staff(fresh))
    )
    forget()


def _address(cast: Cast) -> str:
    assert cast.dana.user_id is not None
    return str(User.objects.get(pk=cast.dana.user_id).email)


def _signed_in(email: str, paths: dict[str, str]) -> Pages:
    client = Client(SERVER_NAME="testford.example")
    user = User.objects.filter(email=email).first() or User.objects.create_user(email=email)
    client.force_login(user)
    return {name: (client, path) for name, path in paths.items()}


def _for_anybody(fresh: ServiceRequest, done: ServiceRequest, asked: ServiceRequest) -> Pages:
    client = Client(SERVER_NAME="testford.example")
    assert SOUTH.lon is not None
    assert SOUTH.lat is not None
    here = picked.sign(picked.Picked(SOUTH.lon, SOUTH.lat, SOUTH.words))
    paths = {
        "home": "/",
        "choose": "/report",
        "choose, nothing found": "/report?q=zzzz",
        "report": "/report/pothole",
        "report, other questions": "/report/noise",
        "near": f"/report/pothole/near?pick={here}",
        "status, sent": f"/r/{fresh.token}?sent=1",
        "status, done": f"/r/{done.token}",
        "status, asked": f"/r/{asked.token}",
        "stop messages": f"/r/{fresh.token}/news",
        "sign in": "/accounts/login/code/",
        "staff sign in": "/accounts/login/",
        "new password": "/accounts/password/reset/",
        "no account": "/accounts/signup/",
        "privacy": "/about/privacy",
        "accessibility": "/about/accessibility",
        "demo people": "/demo",
        "demo mailbox": "/demo/mail",
        "not found": "/nothing/like/it",
    }
    return {name: (client, path) for name, path in paths.items()}


def _for_staff(fresh: ServiceRequest) -> dict[str, str]:
    number = fresh.case.number
    return {
        "desk": "/desk",
        "desk, all": "/desk?show=all",
        "desk, queues": "/desk/queues",
        "desk, search": "/desk/search?q=zzzz",
        "desk, case": f"/desk/cases/{number}",
        "work": "/desk/work",
        "work, stop": f"/desk/work/{number}",
    }
