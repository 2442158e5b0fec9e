"""Who gets in where: the whole address list, tried by strangers, residents, other staff and other cities.

A new address fails these tests until it is named here, and one that takes a POST until the table says who may.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from onehall.casework import photos
from onehall.casework.models import Attachment, Case, Photo, Task
from onehall.messaging.actions import NewMessage, send_message
from onehall.messaging.models import Message
from onehall.people.actor import resident
from onehall.people.models import User
from onehall.people.permissions import Key
from onehall.places.models import City
from onehall.service_requests import actions as requests
from onehall.service_requests.actions import NewRequest
from onehall.service_requests.models import ServiceRequest
from onehall.setup.models import Draft
from tests.cast import ROSA, SOUTH, START, Cast, elsewhere, picture

pytestmark = pytest.mark.django_db

DRAFT = uuid.UUID("00000000-0000-4000-8000-00000000000d")
SIGN_IN = "/accounts/login/"

PUBLIC = {
    # For everybody: they show nothing of anybody, or hang on a secret that cannot be guessed.
    "healthz", "readyz",
    "portal:home", "portal:brand", "portal:accessibility", "portal:privacy", "portal:choose",
    "portal:report", "portal:near", "portal:marks", "portal:find-place", "portal:name-place", "portal:tile",
    "portal:still", "portal:mine",
    "portal:photo", "portal:own-photo", "portal:file", "portal:status", "portal:status-json", "portal:status-map", "portal:news",
    "portal:write", "portal:verdict", "portal:rate", "portal:outside", "portal:outside-map",
    "portal:outside-photo",
    "portal:photo-add", "portal:photo-remove", "portal:photo-blur",
    "portal:alert", "portal:alert-ask", "portal:alert-confirm", "portal:alert-stop",
    "portal:city", "portal:city-feed", "portal:city-case", "portal:city-follow", "portal:city-map",
    "portal:areas", "portal:area", "portal:waiting", "portal:thing", "portal:thing-map",
    "portal:pay", "portal:pay-find", "portal:pay-found", "portal:pay-add", "portal:pay-cart", "portal:pay-back",
    "portal:pay-stop", "portal:pay-webhook", "portal:bill", "portal:bill-pdf", "portal:bill-account",
    "portal:bill-plan", "portal:bill-plan-days", "portal:receipt", "portal:receipt-pdf",
    "portal:invited", "portal:demo-people", "portal:demo-sign-in", "portal:mailbox", "portal:message",
    "account_login", "account_request_login_code", "account_confirm_login_code", "account_signup",
    "account_inactive", "account_logout", "account_reset_password",
    "account_confirm_password_reset_code", "account_complete_password_reset",
    "account_password_reset_completed",
}  # fmt: skip
OWN = {"account_reauthenticate", "account_change_password", "account_set_password"}
"""For whoever is signed in, about themselves."""

DESK_POSTS: dict[str, dict[str, Any]] = {
    # Addresses of the desk that write, with what is sent to make them write.
    "console:move": {"move": "check", "asked": "1"},
    "console:say": {"words": "Hello.", "as": "reply"},
    "console:change": {"what": "take"},
    "console:task": {"what": "take"},
    "console:tasks": {"title": "Ask the school"},
    "console:photos": {"kind": "after"},
    "console:keep": {"draft": str(DRAFT)},
    "console:photo": {"public": "no"},
    "console:files": {},
    "console:split": {"part": "the branch"},
    "console:relate": {"other": "none"},
    "console:efforts": {"do": "time", "minutes": "30"},
    "console:file": {"what": "share"},
}
SETUP_POSTS: dict[str, dict[str, Any]] = {
    # Addresses of the set-up, with what is sent to make them write; the preview only shows.
    "console:setup-publish": {"seen": "x"},
    "console:setup-discard": {"seen": "x"},
    "console:setup-services": {"name": "Broken bench"},
    "console:setup-service": {"name.en": "Hole"},
    "console:setup-flows": {"name": "Another", "like": "repair"},
    "console:setup-flow": {"label": "Send back", "do": "add:moves", "seen": "0"},
    "console:setup-flow-part": {"label.en": "In", "seen": "0"},
    "console:setup-flow-cases": {"case": "1"},
    "console:setup-answers": {"name": "Parts are late"},
    "console:setup-answer": {"name.en": "Soon", "seen": "0"},
    "console:setup-departments": {"do": "add:departments"},
    "console:setup-retire": {"to": "roads-north", "reason": "One crew."},
    "console:setup-calendar": {"do": "add:seasons"},
    "console:setup-rehearse": {"seen": "x"},
    "console:setup-city": {"name": "X", "seen": "0"},
    "console:setup-areas": {"label.en": "Beat"},
    "console:setup-layer": {"do": "save", "seen": "0"},
    "console:setup-area": {"do": "save", "seen": "0", "code": "9"},
    "console:setup-area-send": {},
    "console:setup-area-upload": {"do": "save", "seen": "0"},
    "console:setup-area-move": {"do": "stop"},
    "console:setup-rehearsal-stop": {},
    "console:setup-files": {"path": "services/bench.yaml"},
    "console:setup-text": {"text": "key: hole"},
    "portal:preview": {"name.en": "Hole"},
}
SET_UP = "portal:preview"
"""Of the portal's rooms, and for those who set up alone."""
CITY_POSTS: dict[str, tuple[Key, dict[str, Any]]] = {
    # Addresses of the desk that change no case but who works here and what is sent: the permission that
    # each one asks for, and what is sent to it.
    "console:person-add": (
        "change_people", {"email": "x@testford.example", "name": "X", "roles": ["crew"]},
    ),
    "console:person-change": ("change_people", {"name": "X", "roles": ["crew"]}),
    "console:person-end": ("change_people", {}),
    "console:person-hand": ("change_people", {}),
    "console:person-back": ("change_people", {}),
    "console:person-invite": ("change_people", {}),
    "console:mail-again": ("resend", {}),
    "console:mail-again-one": ("resend", {}),
    "console:mail-replay": ("resend", {}),
    "console:notice": ("tell_all", {"title.en": "Storm", "do": "on"}),
}  # fmt: skip
MONEY_POSTS: dict[str, Key] = {
    # Addresses of the pages of money that write, with the permission that each one asks for: tests/access/test_money.
    "console:money-write": "write_bills",
    "console:money-bill-link": "write_bills",
    "console:money-bill-adjust": "adjust_bills",
    "console:money-bill-void": "adjust_bills",
    "console:money-counter": "take_money",
    "console:money-apply": "take_money",
    "console:money-drawers": "take_money",
    "console:money-drawer": "take_money",
    "console:money-bounced": "close_days",
    "console:money-chargeback": "close_days",
    "console:money-exception": "close_days",
    "console:money-day": "close_days",
    "console:money-day-of": "close_days",
    "console:money-refund-ask": "ask_refunds",
    "console:money-refund-carry": "ask_refunds",
    "console:money-refund-decide": "approve_refunds",
    "console:money-plan-make": "run_plans",
    "console:money-plan-end": "run_plans",
    "console:money-plan-decide": "run_plans",
}
READERS_POSTS: dict[str, dict[str, Any]] = {
    # Everybody who sees the case may: it says that they have it open, and nothing is added to it.
    "console:looking": {},
    "console:follow": {"following": "yes"},
}
STAFF_POSTS = {
    # For all of the staff, about themselves alone.
    "console:for-you-read",
    "console:for-you-wishes",
    # One's own views and chosen cases: tests/console/test_views and test_bulk say who may what.
    "console:view-new",
    "console:view-change",
    "console:bulk-choose",
    "console:bulk",
}
OPEN_POSTS = {
    # The form is open to all; sending it twice with one key records it once.
    "portal:report": "tests/service_requests: submit, follow",
    # A public case may be followed by all: tests/portal/test_city.
    "portal:city-follow": "tests/service_requests: follow",
    # Anybody may ask; nothing is sent to an address before its owner confirms: tests/portal/test_alerts.
    "portal:alert-ask": "tests/portal/test_alerts",
    "portal:alert-confirm": "tests/portal/test_alerts",
    "portal:alert-stop": "tests/portal/test_alerts",
    # The draft's key is the permission.
    "portal:photo-add": "tests/casework/test_photos",
    "portal:photo-remove": "tests/casework/test_photos",
    "portal:photo-blur": "tests/casework/test_photos",
    # The link's secret is the permission: `test_a_link_opens_nothing_in_another_city`.
    "portal:write": "tests/service_requests: write",
    "portal:verdict": "tests/service_requests: judge",
    "portal:rate": "tests/service_requests: rate",
    "portal:outside": "tests/portal/test_outside",
    "portal:news": "tests/service_requests: set_news, set_contact",
    # Anybody may look up a bill by its facts and choose what this server signed: tests/portal/test_paying.
    "portal:pay-find": "tests/portal/test_paying",
    "portal:pay-add": "tests/portal/test_paying",
    "portal:pay-cart": "tests/portal/test_paying",
    # The secret of the bill's page is the permission.
    "portal:bill-plan": "tests/portal/test_plans",
    # The payment's key is the permission.
    "portal:pay-stop": "tests/portal/test_paying",
    # The provider's signature is: tests/portal/test_bills_and_receipts.
    "portal:pay-webhook": "tests/portal/test_bills_and_receipts",
    # The link's secret is the permission, once: tests/console/test_people.
    "portal:invited": "people.invites",
    # Only where made-up people live: `test_the_demos_doors_are_shut_in_production`.
    "portal:demo-sign-in": "here",
    # The sign-in library checks for itself.
    "account_login": "library",
    "account_request_login_code": "library",
    "account_confirm_login_code": "library",
    "account_signup": "library",
    "account_logout": "library",
    "account_reauthenticate": "library",
    "account_change_password": "library",
    "account_set_password": "library",
    "account_reset_password": "library",
    "account_confirm_password_reset_code": "library",
    "account_complete_password_reset": "library",
}
ONE_CLICK = {"portal:alert-stop", "portal:pay-webhook"}
"""Mail programs stop mail by themselves (RFC 8058): they have no token, and the link's secret is the permission.
Neither have payment providers, whose signature is proven."""


@dataclass
class World:
    """Two cities, each with a case that has a photo, and everybody's sign-in."""

    cast: Cast
    elsewhere: City
    request: ServiceRequest
    foreign: ServiceRequest
    photo: Photo
    foreign_photo: Photo
    message: Message
    foreign_message: Message

    @property
    def case(self) -> Case:
        """Testford's case."""
        return self.request.case

    def client(self, who: str = "", *, city: City | None = None, csrf: bool = False) -> Client:
        """A browser at a city's address, signed in as one of the cast, as `ida`, or as nobody."""
        home = city or self.cast.city
        browser = Client(enforce_csrf_checks=csrf, headers={"host": home.hosts[0]})
        if who:
            slug = "elsewhere" if who == "ida" else "testford"
            email = "rosa@example.org" if who == "rosa" else f"{who}.cast@{slug}.example"
            browser.force_login(User.objects.get(email=email))
        return browser

    def args(self, *, foreign: bool = False) -> dict[str, Any]:
        """A sample for every argument that an address may have."""
        request = self.foreign if foreign else self.request
        photo = self.foreign_photo if foreign else self.photo
        return {
            "number": request.case.number,
            "token": request.token,
            "queue_key": "roads",
            "template_key": "crew-soon",
            "service_key": "pothole",
            "path": "services/pothole.yaml",
            "flow_key": "repair",
            "stem": "10-district",
            "layer": "district",
            "kind": "street-light",
            "provider": "demo",
            "code": "south",
            "part": "states",
            "name": "received",
            "version": 1,
            "photo": str(photo.key),
            "pk": photo.pk,
            "key": DRAFT,
            "size": "small",
            "scheme": "light",
            "z": 15,
            "x": 5376,
            "y": 12421,
            "pick": "not-signed-by-anybody",
            "signed": "not-signed",
            "secret": "not-signed-by-anybody-here",
            "on": "2026-03-02",
        }

    def slug(self, *, foreign: bool) -> str:
        """The short name of a city."""
        return (self.elsewhere if foreign else self.cast.city).slug

    def url(self, name: str, *, foreign: bool = False) -> str:
        """The address of a name with sample arguments."""
        args = self.args(foreign=foreign)
        if name.startswith("console:person"):
            args["pk"] = User.objects.get(
                email=f"{'ida' if foreign else 'kim'}.cast@{self.slug(foreign=foreign)}.example"
            ).pk
        if name in ("portal:message", "console:mail-one", "console:mail-again-one"):
            args["pk"] = (self.foreign_message if foreign else self.message).pk
        if name == "console:file":
            args["pk"] = _file((self.foreign if foreign else self.request).case).pk
        if name == "console:task":
            args["pk"] = _task((self.foreign if foreign else self.request).case).pk
        return reverse(name, kwargs={k: args[k] for k in ADDRESSES[name]})


def _task(case: Case) -> Task:
    """An open task on a case, in the case's own queue."""
    found, _new = Task.objects.get_or_create(
        case=case,
        key="sample",
        cycle=1,
        defaults={
            "city_id": case.city_id, "queue_id": case.queue_id, "entered": case.entered,
            "opened_at": case.opened_at, "joins": False, "label": {"en": "Sample"},
        },
    )  # fmt: skip
    return found


def _file(case: Case) -> Attachment:
    """A file of a case, for staff alone."""
    found, _new = Attachment.objects.get_or_create(
        case=case,
        title="sample.pdf",
        defaults={
            "city_id": case.city_id, "key": uuid.uuid4(), "kind": "pdf", "name": "a", "size": 1,
            "created_at": case.opened_at,
        },
    )  # fmt: skip
    return found


def _found(
    patterns: list[URLPattern | URLResolver], space: str = "", given: frozenset[str] = frozenset()
) -> Iterator[tuple[str, frozenset[str]]]:
    for pattern in patterns:
        named = given | set(pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            yield from _found(pattern.url_patterns, inner, named)
        else:
            assert pattern.name, f"{pattern.pattern} has no name"
            yield space + pattern.name, named


ADDRESSES = dict(_found(get_resolver().url_patterns))
DESK = sorted(n for n in ADDRESSES if n.startswith("console:"))


def _told(city: City, key: uuid.UUID) -> tuple[ServiceRequest, Photo]:
    by = resident(city.pk)
    photos.add_draft(city=city, draft_key=key, upload=picture(1), by=by, now=START)
    new = NewRequest(key=key, service_key="pothole", place=SOUTH, contact=ROSA)
    request = requests.submit(city=city, new=new, by=by, now=START)
    return request, Photo.objects.get(case_id=request.case_id)


def _mailed(city: City) -> Message:
    mail = NewMessage(
        city_id=city.pk,
        key="m",
        to_address="x@example.org",
        language="en",
        subject="S",
        body_text="T",
    )
    send_message(message=mail, now=START)
    return Message.objects.get(city=city)


@pytest.fixture
def world(cast: Cast, tmp_path: Path, settings: Any) -> World:
    settings.ALLOWED_HOSTS = ["*"]
    storages = {**settings.STORAGES}
    files = {"location": tmp_path / "files", "base_url": None}
    settings.STORAGES = storages | {"default": storages["default"] | {"OPTIONS": files}}
    for cache in caches.all():
        cache.clear()
    other, _ida = elsewhere(tmp_path)
    User.objects.create_user(email="rosa@example.org", name="Rosa")
    # The same numbers run in both cities: the second case there is not the first one here.
    requests.submit(
        city=other,
        new=NewRequest(key=uuid.uuid4(), service_key="pothole", place=SOUTH),
        by=resident(other.pk),
        now=START,
    )
    request, photo = _told(cast.city, uuid.uuid4())
    foreign, foreign_photo = _told(other, uuid.uuid4())
    return World(
        cast=cast,
        elsewhere=other,
        request=request,
        foreign=foreign,
        photo=photo,
        foreign_photo=foreign_photo,
        message=_mailed(cast.city),
        foreign_message=_mailed(other),
    )


def to_sign_in(response: HttpResponse) -> bool:
    """Whether an answer sends the browser to the sign-in page."""
    return response.status_code == 302 and response.headers["Location"].startswith(SIGN_IN)


def test_every_address_is_public_own_or_of_the_desk() -> None:
    assert set(ADDRESSES) >= PUBLIC | OWN
    rest = set(ADDRESSES) - PUBLIC - OWN - {SET_UP}
    # The stream checks a signed token, and nobody is signed in there.
    assert rest == set(DESK) | {"api:live", "api:bills", "api:bill"}


class TestStrangers:
    def test_see_only_what_is_public(self, world: World) -> None:
        wrong = []
        for name in sorted(ADDRESSES):
            response = world.client().get(world.url(name))
            code = response.status_code
            fine = {200, 302, 400, 404, 405} if name in PUBLIC else {401, 403, 404, 405}
            if code not in fine and not to_sign_in(response):
                wrong.append(f"{name}: {code}")
        assert wrong == []

    def test_are_sent_to_sign_in_by_every_page_of_the_desk(self, world: World) -> None:
        for name in DESK:
            url = world.url(name)
            for response in (world.client().get(url), world.client().post(url, {"x": "y"})):
                assert to_sign_in(response), name

    def test_write_nothing_at_the_desk(self, world: World) -> None:
        before = world.case.lock
        for name, data in DESK_POSTS.items():
            world.client().post(world.url(name), data | {"seen": before})
        assert Case.objects.get(pk=world.case.pk).lock == before


class TestTheDesk:
    @pytest.mark.parametrize("who", ["rosa", "ida"])
    def test_is_shut_to_residents_and_to_staff_of_other_cities(
        self, world: World, who: str
    ) -> None:
        wrong = []
        for name in DESK:
            url = world.url(name)
            codes = world.client(who).get(url).status_code, world.client(who).post(url).status_code
            if codes not in {(403, 403), (403, 405), (405, 403)}:
                wrong.append(f"{name}: {codes}")
        assert wrong == []

    def test_shows_the_cases_of_ones_own_department_only(self, world: World) -> None:
        for name in ("console:case", "console:stop", "console:map"):
            assert world.client("kim").get(world.url(name)).status_code == 404, name
            assert world.client("ben").get(world.url(name)).status_code == 200, name
            assert world.client("owen").get(world.url(name)).status_code == 200, name

    def test_originals_are_for_supervisors(self, world: World) -> None:
        photos.redact(
            city=world.cast.city,
            case_id=world.case.pk,
            photo_id=world.photo.pk,
            boxes=[photos.Box(0.1, 0.1, 0.4, 0.4)],
            by=world.cast.mo,
            now=START,
        )
        url = world.url("console:original")
        codes = {
            w: world.client(w).get(url).status_code for w in ("ben", "dana", "owen", "kim", "mo")
        }
        assert codes["mo"] == 200
        assert codes["kim"] == 404
        assert {codes[w] for w in ("ben", "dana", "owen")} <= {403, 404, 422}

    @pytest.mark.parametrize("name", DESK_POSTS)
    def test_who_may_write(self, world: World, name: str) -> None:
        lock = Case.objects.get(pk=world.case.pk).lock
        data = DESK_POSTS[name] | {"seen": lock}
        url = world.url(name)
        assert world.client("owen").post(url, data).status_code == 403
        assert world.client("kim").post(url, data).status_code == 404
        assert Case.objects.get(pk=world.case.pk).lock == lock
        answer = world.client("ben").post(url, data)
        assert answer.status_code in {200, 302, 422}
        if name not in ("console:photos", "console:keep", "console:files", "console:relate"):
            assert Case.objects.get(pk=world.case.pk).lock > lock

    @pytest.mark.parametrize("name", SETUP_POSTS)
    def test_who_may_set_up(self, world: World, name: str) -> None:
        url, data = world.url(name), SETUP_POSTS[name]
        for who in ("ben", "mo", "dana", "owen", "kim", "rosa", "ida"):
            assert world.client(who).post(url, data).status_code == 403, who
        assert to_sign_in(world.client().post(url, data))
        assert not Draft.objects.exists()
        assert world.client("ada").post(url, data).status_code in {200, 302, 404, 409, 422}

    def test_every_page_of_the_set_up_is_for_those_who_may(self, world: World) -> None:
        for name in (n for n in DESK if n.startswith("console:setup")):
            codes = {world.client(w).get(world.url(name)).status_code for w in ("mo", "dana")}
            assert codes <= {403, 405}, name
            readers = ("ada",) if name == "console:setup-discard" else ("ada", "owen")
            for who in readers:
                code = world.client(who).get(world.url(name)).status_code
                assert code in {200, 302, 404, 405}, (name, who)

    @pytest.mark.parametrize("name", READERS_POSTS)
    def test_who_sees_a_case_may_say_that_they_look(self, world: World, name: str) -> None:
        lock = Case.objects.get(pk=world.case.pk).lock
        codes = {
            w: world.client(w).post(world.url(name)).status_code for w in ("owen", "kim", "ben")
        }
        fine = 302 if name == "console:follow" else 200
        assert codes == {"owen": fine, "kim": 404, "ben": fine}
        assert Case.objects.get(pk=world.case.pk).lock == lock


class TestPosts:
    def test_the_table_names_every_address_that_takes_one(self, world: World) -> None:
        found = set()
        for name in sorted(ADDRESSES):
            client = world.client("mo")
            if client.post(world.url(name)).status_code != 405:
                found.add(name)
        # Pages of the sign-in library that only say something answer to any method; the interface for bills
        # answers that it wants a key, which no browser sends by itself.
        found -= {"account_inactive", "account_password_reset_completed", "api:bills"}
        assert found == {
            *DESK_POSTS,
            *SETUP_POSTS,
            *CITY_POSTS,
            *MONEY_POSTS,
            *READERS_POSTS,
            *STAFF_POSTS,
            *OPEN_POSTS,
        }

    def test_none_is_taken_without_a_token_against_forgery(self, world: World) -> None:
        wrong = []
        every = {
            *DESK_POSTS, *SETUP_POSTS, *CITY_POSTS, *MONEY_POSTS, *READERS_POSTS, *STAFF_POSTS,
            *OPEN_POSTS,
        }  # fmt: skip
        for name in sorted(every - ONE_CLICK):
            data = DESK_POSTS.get(name, {}) | {"words": "x", "answer": "yes", "rating": "5"}
            client = world.client("mo", csrf=True)
            if client.post(world.url(name), data).status_code != 403:
                wrong.append(name)
        assert wrong == []
        assert Case.objects.get(pk=world.case.pk).lock == 2

    def test_reading_changes_nothing(self, world: World) -> None:
        """No GET writes: whoever opens a link from a mail, or a machine that looks ahead, does nothing."""
        for name in sorted(ADDRESSES):
            if name != "account_logout":
                world.client("mo").get(world.url(name))
                world.client().get(world.url(name))
        stored = Case.objects.get(pk=world.case.pk)
        request = ServiceRequest.objects.get(pk=world.request.pk)
        assert stored.lock == 2
        assert request.wants_news
        assert Case.objects.count() == 3


class TestOtherCities:
    """The same address at another city's host: nothing is there."""

    def test_a_link_opens_nothing_in_another_city(self, world: World) -> None:
        pages = ("portal:status", "portal:status-json", "portal:status-map", "portal:news")
        for name in pages:
            assert world.client().get(world.url(name)).status_code == 200, name
            assert world.client().get(world.url(name, foreign=True)).status_code == 404, name
        for name in ("portal:write", "portal:verdict", "portal:rate", "portal:news"):
            answer = world.client().post(
                world.url(name, foreign=True), {"words": "x", "answer": "yes", "rating": "5"}
            )
            assert answer.status_code == 404, name
        assert Case.objects.get(pk=world.foreign.case_id).lock == 2

    def test_photos_and_mails_stay_in_their_city(self, world: World) -> None:
        Photo.objects.update(is_public=True)
        for name in ("portal:photo", "portal:own-photo", "portal:message"):
            assert world.client().get(world.url(name)).status_code == 200, name
            assert world.client().get(world.url(name, foreign=True)).status_code == 404, name
            there = world.client(city=world.elsewhere)
            assert there.get(world.url(name)).status_code == 404, name

    def test_cases_and_their_photos_stay_in_their_city(self, world: World) -> None:
        assert world.foreign.case.number != world.case.number
        for who in ("dana", "mo", "ada"):
            client = world.client(who)
            for name in ("console:case", "console:stop", "console:map", "console:original"):
                assert client.get(world.url(name, foreign=True)).status_code == 404, name
            for name, data in (DESK_POSTS | READERS_POSTS).items():
                answer = client.post(world.url(name, foreign=True), data | {"seen": 2})
                assert answer.status_code == 404, name
        assert Case.objects.get(pk=world.foreign.case_id).lock == 2

    def test_people_and_mails_stay_in_their_city(self, world: World) -> None:
        for name in ("console:person", "console:mail-one"):
            assert world.client("ada").get(world.url(name)).status_code == 200, name
            assert world.client("ada").get(world.url(name, foreign=True)).status_code == 404, name
        for name, (_key, data) in CITY_POSTS.items():
            if "pk" in ADDRESSES[name]:
                answer = world.client("ada").post(world.url(name, foreign=True), data)
                assert answer.status_code == 404, name

    def test_a_photo_of_another_case_is_not_changed_through_this_one(self, world: World) -> None:
        url = reverse(
            "console:photo", kwargs={"number": world.case.number, "pk": world.foreign_photo.pk}
        )
        assert world.client("dana").post(url, {"public": "yes", "seen": 2}).status_code == 404
        assert not Photo.objects.get(pk=world.foreign_photo.pk).is_public

    def test_lists_show_only_ones_own_city(self, world: World) -> None:
        other = world.foreign.case.number
        for url in (
            "/desk?show=all",
            "/desk/queues/roads",
            f"/desk/search?q={other}",
            "/desk/work",
        ):
            page = world.client("ada").get(url)
            assert page.status_code in {200, 302}, url
            assert f"/desk/cases/{other}" not in page.content.decode(), url

    def test_a_queue_that_this_city_does_not_have_is_not_there(self, world: World) -> None:
        assert world.client("dana").get("/desk/queues/no-such-queue").status_code == 404

    def test_a_host_of_no_city_has_no_pages(self, world: World) -> None:
        for path in ("/", f"/r/{world.request.token}", "/desk", "/report/pothole"):
            assert Client(headers={"host": "nobody.example"}).get(path).status_code == 404, path


def test_the_demos_doors_are_shut_in_production(world: World, settings: Any) -> None:
    settings.MODE = "production"
    for name in ("portal:demo-people", "portal:mailbox", "portal:message"):
        assert world.client().get(world.url(name)).status_code == 404, name
    assert world.client().post(world.url("portal:demo-sign-in"), {"user": "1"}).status_code == 404


def test_nobody_signs_up_with_an_address_that_they_have_not_proven(world: World) -> None:
    # Whoever is signed in with an address sees what was reported with it.
    before = User.objects.count()
    data = {"email": "flo@example.org", "password1": "a long enough pass phrase"}
    answer = world.client().post(world.url("account_signup"), data)
    assert answer.status_code in {200, 302, 403}
    assert User.objects.count() == before


def test_former_staff_are_let_out_at_once(world: World) -> None:
    from onehall.people.models import Membership

    client = world.client("ben")
    assert client.get("/desk").status_code == 200
    Membership.objects.filter(user__email="ben.cast@testford.example").update(active=False)
    assert client.get("/desk").status_code == 403
