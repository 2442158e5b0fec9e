"""The gallery: every part of every page, for whoever builds or checks them."""

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from onehall.console.desk import staff_only
from onehall.kernel import clock
from onehall.look.doorway import CityRequest
from onehall.look.gallery import examples


@require_safe
@staff_only
def components(request: CityRequest) -> HttpResponse:
    """All parts with example values."""
    return render(request, "look/gallery.html", dict(examples(clock.now())))
