"""The table of permissions: whole, asked by the code, and the same in the documents."""

import re
from pathlib import Path
from typing import get_args

import pytest

from onehall.people import permissions
from onehall.people.actor import Actor, resident, system
from onehall.people.permissions import KEYS, ROLES, TABLE, Key
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "offices" / "roles.md"


def actor(*roles: str) -> Actor:
    return Actor(kind="staff", city_id=1, roles=frozenset(roles))


def test_every_name_has_one_line() -> None:
    lines = [line.key for part in TABLE for line in part.lines]
    assert sorted(lines) == sorted(set(lines)) == sorted(get_args(Key.__value__))
    assert tuple(lines) == KEYS


def test_every_line_names_known_roles_and_somebody() -> None:
    for part in TABLE:
        for line in part.lines:
            assert line.roles, line.key
            assert line.roles <= set(ROLES), line.key


def test_every_role_has_words() -> None:
    for role in ROLES:
        assert permissions.words_of(role) != role
        assert permissions.about(role)


def test_every_line_is_asked_somewhere() -> None:
    """A permission that nothing asks would be a promise that nobody keeps."""
    sources = [
        path.read_text(encoding="utf-8")
        for path in (ROOT / "onehall").rglob("*.py")
        if path.name != "permissions.py"
    ]
    unasked = [key for key in KEYS if not any(f'"{key}"' in text for text in sources)]
    assert unasked == []


def test_nothing_else_asks_for_roles() -> None:
    """Roles by name stand in the table alone; elsewhere they are compared with a flow, or shown."""
    asked = re.compile(rf"""(["'])(?:{"|".join(ROLES)})\1 (?:not )?in [\w.]*roles|roles [&|]""")
    may = {
        "people/permissions.py",
        # A city keeps somebody who may add people.
        "people/actions.py",
        "people/pack.py",
        "cli/demo_history/generate.py",
        "portal/views/demo.py",
    }
    found = {
        path.relative_to(ROOT / "onehall").as_posix()
        for path in (ROOT / "onehall").rglob("*.py")
        if asked.search(path.read_text(encoding="utf-8"))
    }
    assert found <= may


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_what_its_column_says(role: str) -> None:
    for part in TABLE:
        for line in part.lines:
            assert actor(role).may(line.key) == (role in line.roles), line.key


def test_two_roles_may_what_either_may() -> None:
    both = actor("auditor", "crew")
    assert both.writes
    assert both.may("see_everywhere")
    assert both.may("take")


def test_readers_change_nothing() -> None:
    for role in ("auditor", "set-up"):
        assert not actor(role).writes
        assert not any(actor(role).may(key) for key in permissions.WORK)
    changes = {*permissions.WORK, "ask", "take_calls", "resend", "fix_contacts", "change_people",
               "change_setup", "publish"}  # fmt: skip
    assert not any(actor("auditor").may(key) for key in changes)


def test_who_sees_no_contacts_can_not_reach_them_by_another_line() -> None:
    for role in ROLES:
        if not actor(role).may("see_contacts"):
            reaching: tuple[Key, ...] = ("see_messages", "resend", "fix_contacts", "reply")
            assert not any(actor(role).may(key) for key in reaching), role


def test_the_system_may_all_and_residents_nothing_of_it() -> None:
    assert all(system(1).may(key) for key in KEYS)
    assert not any(resident(1).may(key) for key in KEYS)
    assert not any(actor().may(key) for key in KEYS)


class TestAreas:
    def test_no_areas_is_the_whole_city(self) -> None:
        assert actor("crew").sees_area({})
        assert actor("crew").sees_area({"district": "south"})

    def test_one_of_them_is_enough_and_nowhere_is_not_inside(self) -> None:
        areas = frozenset({("district", "south"), ("beat", "4")})
        crew = Actor(kind="staff", city_id=1, roles=frozenset({"crew"}), areas=areas)
        assert crew.sees_area({"district": "south", "beat": "1"})
        assert crew.sees_area({"district": "north", "beat": "4"})
        assert not crew.sees_area({"district": "north"})
        assert not crew.sees_area({})
        assert crew.codes_by_layer == {"beat": ["4"], "district": ["south"]}


def written() -> str:
    """The tables of the page of roles in the documents, from the table that the code asks."""
    lines: list[str] = []
    for part in TABLE:
        heads = [permissions.words_of(role) for role in ROLES]
        lines += [f"## {part.words}", "", f"| | {' | '.join(heads)} |"]
        lines.append(f"|---|{'|'.join(':-:' for _ in ROLES)}|")
        for line in part.lines:
            cells = " | ".join("yes" if role in line.roles else "" for role in ROLES)
            lines.append(f"| {line.words} | {cells} |")
        lines.append("")
    return "\n".join(lines)


def test_the_documents_have_the_same_table() -> None:
    """Where it differs, the page is written anew from `written()`; the words above it are kept."""
    text = Path(PAGE).read_text(encoding="utf-8")
    assert text.partition("<!-- table -->\n")[2].strip() == written().strip()
