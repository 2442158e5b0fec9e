"""Addresses of a small site: the live stream and one plain page."""

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import path

from onehall.api.views.live import stream


@login_not_required
def plain(request: HttpRequest) -> HttpResponse:
    """A page that needs nothing."""
    return HttpResponse("plain")


urlpatterns = [path("live/<str:signed>", stream, name="live"), path("plain", plain)]
