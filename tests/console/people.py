"""People of Testford at their desks, and the reports they work on."""

import uuid
from datetime import datetime
from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from onehall.casework import photos
from onehall.casework.actions import CasePlace
from onehall.casework.models import Case
from onehall.kernel.clock import now
from onehall.people.actor import Actor, resident
from onehall.people.models import Department, Membership, User
from onehall.people.queries import staff_actor
from onehall.places.models import City
from onehall.service_requests import actions
from onehall.service_requests.actions import Contact, NewRequest
from onehall.service_requests.models import ServiceRequest

BACKEND = "onehall.config.accounts.SignIn"
SPOT = CasePlace(words="5 Main Street", lon=-120.992, lat=40.004, areas={})


class Person:
    """Somebody with a browser; `get` and `post` are below `/desk`."""

    def __init__(self, city: City, email: str = "") -> None:
        self.client = Client(HTTP_HOST=city.hosts[0], headers={"accept-language": "en"})
        self.city = city
        if email:
            self.user = User.objects.get(email=email)
            self.client.force_login(self.user, backend=BACKEND)

    @property
    def actor(self) -> Actor:
        found = staff_actor(self.user, self.city)
        assert found is not None
        return found

    def get(self, path: str = "", **query: str) -> Any:
        return self.client.get(f"/desk{path}", query)

    def post(self, path: str, /, **data: Any) -> Any:
        return self.client.post(f"/desk{path}", data)

    def act(self, case: Case, path: str, /, **data: Any) -> Any:
        """Post to a case with the lock as it is now, unless `seen` is given."""
        case.refresh_from_db()
        return self.post(f"/cases/{case.number}/{path}", **{"seen": str(case.lock)} | data)


def hire(city: City, email: str, role: str, department: str | None) -> None:
    """One more member of staff."""
    user = User.objects.create(email=email, name=email.partition("@")[0].title())
    unit = Department.objects.get(city=city, key=department) if department else None
    Membership.objects.create(user=user, city=city, department=unit, roles=[role])


def report(
    city: City,
    service: str = "pothole",
    *,
    words: str = "A deep hole",
    email: str = "rosa@example.com",
    at: datetime | None = None,
    place: CasePlace = SPOT,
    photo: bool = False,
    **more: Any,
) -> ServiceRequest:
    """What a resident sent."""
    key, when = uuid.uuid4(), at or now()
    if photo:
        photos.add_draft(city=city, draft_key=key, upload=picture(), by=resident(city.id), now=when)
    new = NewRequest(
        key=key,
        service_key=service,
        words=words,
        answers={"size": "small"} if service == "pothole" else {},
        place=place,
        contact=Contact(name="Rosa Diaz", email=email, phone="555-0101") if email else Contact(),
        **more,
    )
    return actions.submit(city=city, new=new, by=resident(city.id), now=when)


def picture(color: str = "gray", size: tuple[int, int] = (320, 240)) -> bytes:
    """A JPEG of one color."""
    out = BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG")
    return out.getvalue()


def upload(data: bytes | None = None, name: str = "after.jpg") -> SimpleUploadedFile:
    """A file as a form sends it."""
    return SimpleUploadedFile(name, data if data is not None else picture(), "image/jpeg")
