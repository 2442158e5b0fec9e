"""Role × address × own department, another department, the areas one is limited to, another city.

What each address asks of the table of permissions stands here; every one that writes is tried by every role.
"""

from typing import Any

import pytest
from django.test import Client

from onehall.casework.models import Case
from onehall.messaging.models import Message
from onehall.people.models import Department, Membership, StaffChange, User
from onehall.people.permissions import ROLES, Key, allowed, works
from onehall.setup.models import ChangeEntry, Draft, Publication, Rehearsal
from tests.access.test_urls import (
    CITY_POSTS,
    DESK,
    DESK_POSTS,
    SETUP_POSTS,
    World,
    world,  # noqa: F401  # a fixture
)

pytestmark = pytest.mark.django_db

ASKS: dict[str, Key] = {
    "console:move": "move",
    "console:say": "reply",
    "console:change": "take",
    "console:task": "do_tasks",
    "console:tasks": "add_tasks",
    "console:photos": "add_photos",
    "console:keep": "add_photos",
    "console:photo": "show_photos",
    "console:files": "add_files",
    "console:file": "share_files",
    "console:split": "split",
    "console:relate": "relate",
    "console:efforts": "write_effort",
}
"""What the addresses of `DESK_POSTS` ask, as they are sent there."""

BY_FLOW = {"agent", "crew", "supervisor", "head"}
"""Roles that Testford's flow names for the move that is tried; a head makes the supervisors' moves."""

QUIET = {"console:photos", "console:keep", "console:files", "console:relate"}
"""These come without a picture, file or case, so nothing is written even by who may."""

READS: dict[str, Key] = {
    "console:case": "see_cases",
    "console:stop": "see_cases",
    "console:figures": "see_figures",
    "console:figures-csv": "export",
    "console:cases-csv": "export",
    "console:ask": "ask",
    "console:calls": "take_calls",
    "console:people": "see_people",
    "console:person": "see_people",
    "console:person-add": "change_people",
    "console:person-end": "change_people",
    "console:mail": "see_messages",
    "console:mail-preview": "resend",
    "console:mail-letters": "see_messages",
    "console:notice": "tell_all",
}


def client(world: World, role: str, *, department: str = "works", **more: Any) -> Client:  # noqa: F811
    """Somebody with one role in a department of Testford."""
    city = world.cast.city
    user = User.objects.create_user(
        email=f"{role}.{department or 'all'}@testford.example", name=role.title()
    )
    unit = Department.objects.get(city=city, key=department) if department else None
    Membership.objects.create(user=user, city=city, department=unit, roles=[role], **more)
    browser = Client(headers={"host": city.hosts[0]})
    browser.force_login(user)
    return browser


def lock(world: World) -> int:  # noqa: F811
    return Case.objects.get(pk=world.case.pk).lock


def test_every_address_that_writes_says_what_it_asks() -> None:
    assert set(ASKS) == set(DESK_POSTS)


@pytest.mark.parametrize("role", ROLES)
class TestOfOneRole:
    def test_writes_in_the_own_department(self, world: World, role: str) -> None:  # noqa: F811
        browser = client(world, role)
        for name, data in DESK_POSTS.items():
            before = lock(world)
            answer = browser.post(world.url(name), data | {"seen": before})
            may = allowed([role], ASKS[name]) and (name != "console:move" or role in BY_FLOW)
            if not works(frozenset({role})):
                assert answer.status_code == 403, name
            elif not may:
                assert answer.status_code == 422, name
            else:
                assert answer.status_code in {200, 302, 422}, name
            assert (lock(world) > before) == (may and name not in QUIET), name

    def test_writes_in_another_department(self, world: World, role: str) -> None:  # noqa: F811
        browser = client(world, role, department="clerk")
        for name, data in DESK_POSTS.items():
            before = lock(world)
            code = browser.post(world.url(name), data | {"seen": before}).status_code
            if not allowed([role], "see_everywhere"):
                assert (code, lock(world)) == (404, before), name
            elif not works(frozenset({role})):
                assert (code, lock(world)) == (403, before), name

    def test_writes_outside_the_own_areas(self, world: World, role: str) -> None:  # noqa: F811
        browser = client(world, role, areas={"district": ["north"]})
        for name, data in DESK_POSTS.items():
            before = lock(world)
            code = browser.post(world.url(name), data | {"seen": before}).status_code
            assert (code, lock(world)) == (404, before), name
        assert world.case.number not in browser.get("/desk?show=all").content.decode()
        inside = client(world, role, department="", areas={"district": ["south"]})
        assert inside.get(world.url("console:case")).status_code == 200
        assert world.case.number in inside.get("/desk?show=all").content.decode()

    def test_writes_in_another_city(self, world: World, role: str) -> None:  # noqa: F811
        browser = client(world, role)
        for name, data in DESK_POSTS.items():
            answer = browser.post(world.url(name, foreign=True), data | {"seen": 2})
            assert answer.status_code == 404, name
        assert Case.objects.get(pk=world.foreign.case_id).lock == 2
        there = {"host": world.elsewhere.hosts[0]}
        for name in (*DESK_POSTS, *CITY_POSTS):
            answer = browser.post(world.url(name, foreign=True), {}, headers=there)
            assert answer.status_code == 403, name

    def test_people_and_messages(self, world: World, role: str) -> None:  # noqa: F811
        browser = client(world, role, department="")
        for name, (key, data) in CITY_POSTS.items():
            before = (
                StaffChange.objects.count(),
                Message.objects.count(),
                Membership.objects.count(),
            )
            answer = browser.post(world.url(name), data)
            if allowed([role], key):
                assert answer.status_code == 302, name
            else:
                assert answer.status_code == 403, name
                after = (
                    StaffChange.objects.count(),
                    Message.objects.count(),
                    Membership.objects.count(),
                )
                assert before == after, name

    def test_reads(self, world: World, role: str) -> None:  # noqa: F811
        browser = client(world, role, department="")
        for name, key in READS.items():
            query = "?by=queue" if name == "console:figures-csv" else ""
            code = browser.get(world.url(name) + query).status_code
            assert code == (200 if allowed([role], key) else 403), name

    def test_set_up(self, world: World, role: str) -> None:  # noqa: F811
        """Every page opens to who may read it, with nothing to send for who may not change it."""
        browser = client(world, role, department="")
        for name in (n for n in DESK if n.startswith("console:setup")):
            key: Key = "change_setup" if name == "console:setup-discard" else "see_setup"
            answer = browser.get(world.url(name))
            if not allowed([role], key):
                assert answer.status_code in {403, 405}, name
                continue
            assert answer.status_code in {200, 302, 404, 405}, name
            is_page = answer.headers.get("Content-Type", "").startswith("text/html")
            if answer.status_code == 200 and is_page and not allowed([role], "change_setup"):
                main = answer.content.decode().partition("<main")[2].partition("</main>")[0]
                assert 'method="post"' not in main, name
                assert "Save in the draft" not in main, name
        before = [m.objects.count() for m in (Draft, ChangeEntry, Publication, Rehearsal)]
        for name, data in SETUP_POSTS.items():
            code = browser.post(world.url(name), data).status_code
            may = allowed([role], "change_setup")
            if name == "console:setup-retire":
                # It moves cases too.
                may = may and allowed([role], "send_on")
            assert (code == 403) != may, (name, code)
        if not allowed([role], "change_setup"):
            after = [m.objects.count() for m in (Draft, ChangeEntry, Publication, Rehearsal)]
            assert after == before
