"""Pages for what goes wrong, in plain words. Named in the urls (handler404 and others) and in CSRF_FAILURE_VIEW."""

from typing import Final

from django.http import Http404, HttpRequest, HttpResponse
from django.template import TemplateDoesNotExist
from django.template.loader import render_to_string
from django.views.decorators.csrf import requires_csrf_token

LAST_WORDS: Final = (
    "<!doctype html><title>Our mistake</title><h1>Our mistake</h1><p>Try again in a minute."
)


class NoCityYet(Http404):
    """Nobody has applied a city's folder to this installation."""


@requires_csrf_token
def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 (the signature Django calls)
    """400."""
    return _page(request, "400", status=400)


@requires_csrf_token
def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 (the signature Django calls)
    """403."""
    return _page(request, "403", status=403)


@requires_csrf_token
def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404; 503 while there is no city at all, with what the operator does next."""
    if isinstance(exception, NoCityYet):
        return _page(request, "no_city", status=503)
    return _page(request, "404", status=404)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 (the signature Django calls)
    """403 for a form that was open too long, or a browser without cookies."""
    return _page(request, "csrf", status=403)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 (the signature Django calls)
    """500. Asks nothing of the request or the data, since either may be what broke."""
    try:
        return HttpResponse(render_to_string("look/errors/500.html"), status=500)
    except (TemplateDoesNotExist, ValueError):
        return HttpResponse(LAST_WORDS, status=500)


def _page(request: HttpRequest, name: str, *, status: int) -> HttpResponse:
    return HttpResponse(render_to_string(f"look/errors/{name}.html", {}, request), status=status)
