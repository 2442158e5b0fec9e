"""The live stream's address: checks the signed token and hands the connection over."""

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_GET

from onehall.api.live.handoff import hand_over
from onehall.messaging import live


@login_not_required
@require_GET
def stream(request: HttpRequest, signed: str) -> HttpResponse:
    """Server-sent events of the token's channels; 403 for a bad token, 503 without a live process."""
    try:
        channels = live.channels_of(signed)
    except live.BadToken:
        return HttpResponse(status=403)
    origin = request.headers.get("Origin", "")
    if origin and urlsplit(origin).netloc != request.get_host():
        return HttpResponse(status=403)
    return hand_over(request.META, channels, last_seen(request))


def last_seen(request: HttpRequest) -> int | None:
    """The id a page that comes back has seen; anything else counts as a new page."""
    text = request.headers.get("Last-Event-ID", "") or request.GET.get("since", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None
