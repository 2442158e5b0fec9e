"""`onehall user`: who works for a city, from the command line."""

from collections.abc import Iterator
from typing import Any

import pytest
from click.testing import CliRunner, Result

from onehall.cli import running
from onehall.cli.main import main
from onehall.kernel import clock
from onehall.people.models import Membership, StaffChange, User
from onehall.people.queries import forget
from onehall.places.models import City
from tests.packs import testford

PASSWORD = "long-enough-to-keep"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch, db: None) -> None:
    """The test's own database, with Testford in it."""
    from contextlib import contextmanager

    @contextmanager
    def here() -> Iterator[None]:
        yield

    monkeypatch.setattr(running, "django", here)
    forget()
    testford()


def run(*given: str, typed: str = "") -> Result:
    return CliRunner().invoke(main, ["user", *given], input=typed)


def add(*given: str, typed: str = "") -> Result:
    return run("add", "new@testford.example", "--city", "testford", *given, typed=typed)


def test_a_new_person_signs_in_and_serves_their_queue() -> None:
    answer = add(
        "--name", "New Crew", "--role", "crew", "--department", "works", "--queue", "roads",
        "--password", PASSWORD,
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    found = Membership.objects.get(user__email="new@testford.example")
    assert (found.roles, found.queue_keys) == (["crew"], ["roads"])
    assert found.department is not None
    assert found.department.key == "works"
    assert found.user.check_password(PASSWORD)


def test_name_and_password_are_asked_for_when_not_given() -> None:
    answer = add("--role", "agent", typed=f"New Agent\n{PASSWORD}\n{PASSWORD}\n")
    assert answer.exit_code == 0, answer.output
    user = User.objects.get(email="new@testford.example")
    assert user.name == "New Agent"
    assert user.check_password(PASSWORD)
    assert PASSWORD not in answer.output


def test_whoever_is_there_already_gets_the_roles_and_keeps_the_password() -> None:
    add("--name", "New", "--role", "agent", "--password", PASSWORD)
    answer = add("--role", "auditor", "--password", "another-long-one")
    assert answer.exit_code == 0, answer.output
    assert "Their password is the old one" in answer.output
    found = Membership.objects.get(user__email="new@testford.example")
    assert found.roles == ["auditor"]
    assert found.user.check_password(PASSWORD)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--department", "work"], "testford has no department 'work'"),
        (["--queue", "roadz"], "testford has no queue 'roadz'"),
        (["--department", "works", "--queue", "desk"], "works has no queue 'desk'"),
    ],
)
def test_a_wrong_key_is_refused_and_the_right_ones_are_named(given: list[str], told: str) -> None:
    answer = add("--name", "New", "--role", "crew", "--password", PASSWORD, *given)
    assert answer.exit_code == 1
    assert told in answer.output
    assert "There are: " in answer.output
    assert not User.objects.filter(email="new@testford.example").exists()


def test_a_weak_password_makes_nobody() -> None:
    assert add("--name", "New", "--role", "crew", "--password", "short").exit_code == 1
    assert not User.objects.filter(email="new@testford.example").exists()


def test_the_list_shows_who_works_for_the_city() -> None:
    answer = run("list", "--city", "testford")
    assert answer.exit_code == 0
    assert "carl@testford.example" in answer.output
    assert "works" in answer.output


def test_who_leaves_is_no_longer_staff_and_keeps_their_name() -> None:
    answer = run("remove", "carl@testford.example", "--city", "testford")
    assert answer.exit_code == 0, answer.output
    assert not Membership.objects.get(user__email="carl@testford.example").active
    assert User.objects.get(email="carl@testford.example").name == "Carl Crew"
    again = run("remove", "carl@testford.example", "--city", "testford")
    assert again.exit_code == 1
    assert "does not work for testford" in again.output


def test_an_unknown_city_is_refused_and_the_known_ones_are_named() -> None:
    answer = run("list", "--city", "nowhere")
    assert answer.exit_code == 1
    assert "testford" in answer.output


class TestWhatIsKept:
    """Who did what, when; never a password."""

    @pytest.fixture(autouse=True)
    def operator(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("SUDO_USER", "ida")

    def told(self, email: str) -> list[tuple[str, str, dict[str, Any], dict[str, Any]]]:
        kept = StaffChange.objects.filter(user__email=email).order_by("pk")
        return [(c.kind, c.by_name, c.before, c.after) for c in kept]

    def test_a_new_person_with_a_password(self) -> None:
        add("--name", "New", "--role", "agent", "--password", PASSWORD)
        added, password = self.told("new@testford.example")
        assert added[:2] == ("added", "command line: ida")
        assert added[3]["roles"] == ["agent"]
        assert password == ("password", "command line: ida", {}, {})

    def test_other_roles_and_the_end(self) -> None:
        add("--name", "New", "--role", "agent", "--password", PASSWORD)
        add("--role", "auditor")
        run("remove", "new@testford.example", "--city", "testford")
        changed, ended = self.told("new@testford.example")[2:]
        assert changed[:2] == ("changed", "command line: ida")
        assert (changed[2], changed[3]) == ({"roles": ["agent"]}, {"roles": ["auditor"]})
        assert ended[:2] == ("ended", "command line: ida")

    def test_a_password_of_somebody_in_every_city_of_theirs(self) -> None:
        user = User.objects.get(email="carl@testford.example")
        other = City.objects.create(slug="other", name="Other", languages=["en"])
        Membership.objects.create(user=user, city=other, roles=["crew"])
        before = set(StaffChange.objects.values_list("pk", flat=True))
        moment = clock.now()
        answer = run("password", "carl@testford.example", "--password", PASSWORD)
        assert answer.exit_code == 0, answer.output
        fresh = StaffChange.objects.exclude(pk__in=before)
        assert {c.city.slug for c in fresh} == {"testford", "other"}
        assert all((c.kind, c.by_name) == ("password", "command line: ida") for c in fresh)
        assert all(c.at >= moment for c in fresh)
        assert not any(PASSWORD in str((c.before, c.after)) for c in StaffChange.objects.all())
        assert PASSWORD not in answer.output
        user.refresh_from_db()
        assert user.check_password(PASSWORD)

    def test_a_refused_password_leaves_nothing(self) -> None:
        before = StaffChange.objects.count()
        assert run("password", "carl@testford.example", "--password", "short").exit_code == 1
        assert StaffChange.objects.count() == before

    def test_only_staff_get_a_password(self) -> None:
        User.objects.create_user(email="rosa@example.com")
        answer = run("password", "rosa@example.com", "--password", PASSWORD)
        assert answer.exit_code == 1
        assert "nobody of the staff" in answer.output

    def test_without_sudo_it_is_the_account_that_runs(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SUDO_USER")
        monkeypatch.setattr("getpass.getuser", lambda: "onehall")
        run("password", "carl@testford.example", "--password", PASSWORD)
        assert self.told("carl@testford.example")[-1][1] == "command line: onehall"
