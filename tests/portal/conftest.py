"""A city, a phone in somebody's hand, and the staff."""

import datetime as dt
import io
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from PIL import Image

from onehall.casework.models import Case
from onehall.catalog import queries as catalog
from onehall.people import queries as people
from onehall.people.actor import Actor
from onehall.people.models import Membership
from onehall.places import queries as places
from onehall.places.models import City
from onehall.service_requests.models import ServiceRequest
from tests.billing.money import Provider, billing_city, pays_through
from tests.packs import testford

HERE = (-120.9969, 40.0021)


def photo(color: str = "teal", size: tuple[int, int] = (640, 480)) -> bytes:
    """A small JPEG."""
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


def upload(data: bytes, name: str = "photo.jpg") -> io.BytesIO:
    """Bytes as a form sends them."""
    file = io.BytesIO(data)
    file.name = name
    return file


@pytest.fixture
def city(db: None, settings: Any, tmp_path: Any) -> Iterator[City]:
    """Testford, alone in the database."""
    settings.STORAGES = settings.STORAGES | {
        "default": {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": tmp_path / "files"},
        }
    }
    settings.ONEHALL_TILE_CACHE = tmp_path / "tiles"
    settings.ALLOWED_HOSTS = ["*"]
    for room in (catalog, people, places):
        room.forget()
    for name in ("local", "default"):
        caches[name].clear()
    yield testford()
    for room in (catalog, people, places):
        room.forget()


@pytest.fixture
def phone(city: City) -> Client:
    """A browser that nobody is signed in with."""
    return Client(SERVER_NAME="testford.example")


def filled(**changes: Any) -> dict[str, Any]:
    """A report about a pothole as a form sends it, with a fresh key."""
    fields: dict[str, Any] = {
        "key": str(uuid.uuid4()),
        "where": "124 Elm Street",
        "q_size": "small",
        "words": "Deep enough to lose a wheel in.",
        "do": "send",
    }
    return {k: v for k, v in (fields | changes).items() if v is not None}


def send(phone: Client, /, **changes: Any) -> ServiceRequest:
    """Send a report and give back what was recorded."""
    answer = phone.post("/report/pothole", filled(**changes))
    assert answer.status_code == 302, answer.content.decode()[:4000]
    token = answer["Location"].removeprefix("/r/").partition("?")[0]
    return ServiceRequest.objects.select_related("case", "person").get(token=token)


@pytest.fixture
def report(phone: Client) -> ServiceRequest:
    """One report that was just sent."""
    return send(phone, email="rosa@example.com")


def staff(city: City, role: str) -> Actor:
    """Somebody of the staff with a role."""
    rows = Membership.objects.filter(city=city).select_related("user").order_by("id")
    return next(m for m in rows if role in m.roles).actor()


def case_of(report: ServiceRequest) -> Case:
    """The case as it stands now."""
    return Case.objects.get(requests=report)


def later(now: dt.datetime, **by: int) -> dt.datetime:
    """A moment after another."""
    return now + dt.timedelta(**by)


@pytest.fixture
def paying(city: City) -> City:
    """Testford, which bills."""
    return billing_city()


@pytest.fixture
def provider(paying: City, monkeypatch: pytest.MonkeyPatch) -> Provider:
    """A payment provider in memory that the pages find."""
    made = Provider()
    pays_through(paying, made, monkeypatch)
    return made
