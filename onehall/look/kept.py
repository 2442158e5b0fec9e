"""Pages that are the same for everybody, kept for a moment: a crowd that looks at the city costs one look.

A view says so with `kept`. What is kept is the finished answer with its headers, found again before anything else
is done for a request; so it must not hold anything of one reader. Who has a session is never answered from here.
"""

import hashlib
import threading
import time
from collections.abc import Callable
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.core.cache import caches
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from onehall.places.queries import UnknownCity, city_for_host

FRESH_SECONDS: Final = 2.0
"""For how long a page is as good as new."""
STALE_SECONDS: Final = 3.0
"""For how long it still answers those who come while one of them has it made anew."""
LONGEST_QUERY: Final = 400
LARGEST: Final = 200_000
"""Bytes of a page that is kept."""
_TOKEN: Final = b"csrfmiddlewaretoken"
"""A page with a form that writes holds a secret of its reader."""

type View = Callable[..., HttpResponse]


def kept(view: View) -> View:
    """A view whose answer to a GET depends on nothing but the city, its address, the language and the moment."""

    @wraps(view)
    def answer(*args: Any, **kwargs: Any) -> HttpResponse:
        response = view(*args, **kwargs)
        response.may_be_kept = True  # type: ignore[attr-defined]
        return response

    return answer


class KeptPagesMiddleware:
    """Answers from what was kept, and keeps what may be. Stands before all that costs."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self._making: set[str] = set()
        self._lock = threading.Lock()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Find the answer, or have it made: by one of those who ask together, once there is an old one."""
        name = _name(request) if settings.ONEHALL_KEEP_PAGES else ""
        if not name:
            return self.get_response(request)
        found = caches["pages"].get(name)
        if found is not None:
            age = time.monotonic() - found[0]
            if age < FRESH_SECONDS or (age < STALE_SECONDS and not self._begin(name)):
                return _answer(found)
        try:
            response = self.get_response(request)
            if isinstance(response, HttpResponse) and _may_be_kept(response):
                what = (time.monotonic(), response.content, list(response.items()))
                caches["pages"].set(name, what, STALE_SECONDS)
            return response
        finally:
            with self._lock:
                self._making.discard(name)

    def _begin(self, name: str) -> bool:
        """Whether this request is the first to have the page made anew."""
        with self._lock:
            if name in self._making:
                return False
            self._making.add(name)
            return True


def _name(request: HttpRequest) -> str:
    """By what a page is found again; "" for what is never kept."""
    cookies = request.COOKIES
    if request.method != "GET" or settings.SESSION_COOKIE_NAME in cookies or "messages" in cookies:
        return ""
    query = request.META.get("QUERY_STRING", "")
    # `lang` is remembered by a cookie, which is the reader's own.
    if len(query) > LONGEST_QUERY or "lang=" in query or "HTTP_AUTHORIZATION" in request.META:
        return ""
    try:
        host = request.get_host()
        city = city_for_host(host)
    except (DisallowedHost, UnknownCity):
        return ""
    said = (
        request.scheme, host, city.pk, city.revision, str(city.notice), request.path, query,
        cookies.get(settings.LANGUAGE_COOKIE_NAME, ""), request.META.get("HTTP_ACCEPT_LANGUAGE", "")[:200],
        request.META.get("HTTP_HX_REQUEST", ""),
    )  # fmt: skip
    return hashlib.sha256(repr(said).encode()).hexdigest()


def _may_be_kept(response: HttpResponse) -> bool:
    return (
        getattr(response, "may_be_kept", False)
        and response.status_code == 200
        and not response.cookies
        and len(response.content) <= LARGEST
        and _TOKEN not in response.content
    )


def _answer(found: tuple[float, bytes, list[tuple[str, str]]]) -> HttpResponse:
    _made, content, headers = found
    return HttpResponse(content, headers=dict(headers))
