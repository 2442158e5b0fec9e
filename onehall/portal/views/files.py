"""A file that the city shares with those who follow a case."""

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse
from django.views.decorators.http import require_GET

from onehall.kernel import storage
from onehall.look.doorway import CityRequest
from onehall.look.downloads import download
from onehall.service_requests import opened


@login_not_required
@require_GET
def show(request: CityRequest, token: str, key: uuid.UUID) -> HttpResponse:
    """The file, to save. Its address stops working when it is no longer shared."""
    found = opened.file_of(request.city, token, key, actor=request.actor)
    if found is None:
        raise Http404
    try:
        data = storage.read(found.name)
    except FileNotFoundError as lost:
        raise Http404 from lost
    return download(data, title=found.title, kind=found.kind)
