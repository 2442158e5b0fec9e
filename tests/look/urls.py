"""The few addresses that the page frames ask for by name, and pages for the browser tests."""

import datetime as dt
from itertools import count

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import include, path
from django.utils import translation

from onehall.look.gallery import examples
from tests.look.city import SPRINGFIELD

NEWS = count(1)


def nothing(request):
    return HttpResponse("")


def gallery(request):
    request.city = SPRINGFIELD
    now = dt.datetime(2026, 11, 24, 23, 30, tzinfo=dt.UTC)
    with translation.override(request.GET.get("lang", "en")):
        return render(request, "look/gallery.html", dict(examples(now)))


def missing(request):
    request.city = SPRINGFIELD
    return render(request, "look/errors/404.html")


def watched(request):
    """A page with a live region, a form in it, and no stream: it looks again by itself."""
    return HttpResponse(
        '<!doctype html><html lang="en"><title>Live</title><main>'
        '<p><span data-live-note data-live="Live" data-checking="Checking" hidden></span></p>'
        '<div id="case" data-live="" data-live-fragment="/fragment"><p>old</p>'
        '<form><textarea name="say" id="say"></textarea></form></div></main>'
        '<script type="module" src="/static/look/js/live.js"></script></html>'
    )


def fragment(request):
    return HttpResponse(
        f"<p data-live-say>news {next(NEWS)}</p>"
        '<form><textarea name="say" id="say"></textarea></form>'
    )


portal = [
    path("", nothing, name="home"),
    path("mine", nothing, name="mine"),
    path("brand.css", nothing, name="brand"),
]
urlpatterns = [
    path("", include((portal, "portal"))),
    path("gallery", gallery),
    path("missing", missing),
    path("watched", watched),
    path("fragment", fragment),
]
