"""Pages that are the same for everybody are made once for a crowd, and never show one reader's to another."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import caches
from django.http import HttpResponse
from django.test import Client, RequestFactory

from onehall.look import kept
from onehall.look.kept import KeptPagesMiddleware
from onehall.places.models import City
from tests.packs import testford


@pytest.fixture
def city(db: None, settings: Any) -> City:
    """A city whose pages are kept."""
    settings.ONEHALL_KEEP_PAGES = True
    caches["pages"].clear()
    testford()
    return City.objects.get()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Lets time go by."""
    passed = [1000.0]
    monkeypatch.setattr(kept.time, "monotonic", lambda: passed[0])

    def wait(seconds: float) -> None:
        passed[0] += seconds

    return wait


def counting(answer: HttpResponse | None = None) -> tuple[KeptPagesMiddleware, list[str]]:
    """The middleware before a page, and who was let through."""
    asked: list[str] = []

    def page(request: Any) -> HttpResponse:
        asked.append(request.path)
        made = answer or HttpResponse(f"{len(asked)} {request.path}")
        made.may_be_kept = True  # type: ignore[attr-defined]
        return made

    return KeptPagesMiddleware(page), asked


def get(path: str = "/city", **how: Any) -> Any:
    return RequestFactory().get(path, **how)


def test_a_crowd_costs_one_look(city: City, clock: Callable[[float], None]) -> None:
    door, asked = counting()
    assert {door(get()).content for _ in range(5)} == {b"1 /city"}
    clock(kept.FRESH_SECONDS + 0.1)
    assert door(get()).content == b"2 /city"
    assert len(asked) == 2


def test_who_comes_while_it_is_made_anew_gets_the_old_one(
    city: City, clock: Callable[[float], None]
) -> None:
    made: list[int] = []
    meanwhile: list[bytes] = []

    def page(_request: Any) -> HttpResponse:
        made.append(1)
        number = len(made)
        if number == 2:
            meanwhile.append(door(get()).content)
            clock(kept.STALE_SECONDS)
            meanwhile.append(door(get()).content)
        response = HttpResponse(str(number))
        response.may_be_kept = True  # type: ignore[attr-defined]
        return response

    door = KeptPagesMiddleware(page)
    door(get())
    clock(kept.FRESH_SECONDS + 0.1)
    assert door(get()).content == b"2"
    # The old one, until it is too old.
    assert meanwhile == [b"1", b"3"]


@pytest.mark.parametrize(
    "other",
    [
        {"path": "/city?service=pothole"},
        {"path": "/city/areas"},
        {"headers": {"Accept-Language": "es"}},
        {"headers": {"Cookie": "django_language=es"}},
        {"headers": {"HX-Request": "true"}},
        {"secure": True},
    ],
)
def test_another_question_is_another_page(city: City, other: dict[str, Any]) -> None:
    door, asked = counting()
    door(get())
    door(get(**other))
    assert len(asked) == 2


def test_what_the_city_tells_is_told_at_once(city: City) -> None:
    door, asked = counting()
    door(get())
    City.objects.update(notice={"title": {"en": "Storm"}})
    door(get())
    City.objects.update(revision=city.revision + 1)
    door(get())
    assert len(asked) == 3


@pytest.mark.parametrize(
    "mine",
    [
        {"headers": {"Cookie": "sessionid=abc"}},
        {"headers": {"Cookie": "messages=abc"}},
        {"headers": {"Authorization": "Bearer abc"}},
        {"path": "/city?lang=es"},
        {"path": "/city?q=" + "x" * 500},
        {"headers": {"Host": "nowhere.example"}, "path": "/city"},
    ],
)
def test_who_is_known_is_never_answered_from_here(
    city: City, mine: dict[str, Any], settings: Any
) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]
    door, asked = counting()
    door(get())
    door(get(**mine))
    door(get(**mine))
    assert len(asked) == 3


def answers() -> dict[str, HttpResponse]:
    """Answers that are not kept, by why."""
    cookie = HttpResponse("a")
    cookie.set_cookie("csrftoken", "abc")
    return {
        "failed": HttpResponse("a", status=500),
        "cookie": cookie,
        "form": HttpResponse('<input name="csrfmiddlewaretoken" value="s">'),
        "large": HttpResponse("a" * (kept.LARGEST + 1)),
    }


@pytest.mark.parametrize("why", ["failed", "cookie", "form", "large"])
def test_what_is_one_readers_is_not_kept(city: City, why: str) -> None:
    door, asked = counting(answers()[why])
    door(get())
    door(get())
    assert len(asked) == 2


def test_writing_goes_through(city: City) -> None:
    door, asked = counting()
    for _ in range(2):
        door(RequestFactory().post("/city"))
    assert len(asked) == 2


@pytest.mark.parametrize(
    "path", ["/", "/city", "/city.atom", "/city/areas", "/city/areas/district/south"]
)
def test_the_pages_for_everybody_are_kept_whole(
    city: City, path: str, django_assert_num_queries: Any
) -> None:
    first = Client().get(path)
    assert first.status_code == 200
    # Inside of a test's transaction the cities are read each time.
    with django_assert_num_queries(1):
        second = Client().get(path)
    assert second.content == first.content
    kept_headers = dict(second.items())
    assert kept_headers.pop("X-Request-Id") != first["X-Request-Id"]
    assert "default-src" in kept_headers["Content-Security-Policy"]
    assert kept_headers == {k: v for k, v in first.items() if k != "X-Request-Id"}


def test_a_page_with_a_form_that_writes_is_made_each_time(city: City) -> None:
    one, two = Client().get("/city/alerts/new"), Client().get("/city/alerts/new")
    assert one.content != two.content
    assert not caches["pages"]._cache  # type: ignore[attr-defined]
