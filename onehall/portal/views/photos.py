"""Photos: drafts of a report being written, and the pictures themselves by their secret address."""

import json
import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Photo
from onehall.casework.photos import Box
from onehall.kernel import storage
from onehall.kernel.clock import now as read_clock
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.portal.limits import too_many
from onehall.portal.views.report import MAX_UPLOAD

SIZES = {"large": "name", "small": "small_name", "thumb": "thumb_name"}


@login_not_required
@require_POST
def add(request: CityRequest, key: uuid.UUID) -> HttpResponse:
    """One photo of a report that is being written; the same one twice is kept once."""
    upload = request.FILES.get("photo")
    if too_many(request, "photo", limit=120, seconds=600):
        return JsonResponse({"error": str(PhotoRefused("busy"))}, status=429)
    if upload is None:
        return JsonResponse({"error": str(PhotoRefused("empty"))}, status=422)
    if (upload.size or 0) > MAX_UPLOAD:
        return JsonResponse({"error": str(PhotoRefused("too_big"))}, status=413)
    try:
        photo = photos.add_draft(
            city=request.city,
            draft_key=key,
            upload=upload.read(),
            by=request.actor,
            now=read_clock(),
        )
    except (PhotoRefused, CaseworkRefused) as no:
        return JsonResponse({"error": str(no)}, status=422)
    return JsonResponse(_as_json(photo), status=201)


@login_not_required
@require_POST
def remove(request: CityRequest, key: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """Take one out again."""
    photos.remove_draft(city=request.city, draft_key=key, key=photo, now=read_clock())
    return JsonResponse({})


@login_not_required
@require_POST
def blur(request: CityRequest, key: uuid.UUID, photo: uuid.UUID) -> HttpResponse:
    """Make parts unreadable before it is sent. Body: a JSON list of [x, y, w, h] fractions."""
    try:
        boxes = [Box(*(float(v) for v in b)) for b in json.loads(request.body)]
        done = photos.blur_draft(
            city=request.city, draft_key=key, key=photo, boxes=boxes, now=read_clock()
        )
    except Photo.DoesNotExist as gone:
        raise Http404 from gone
    except CaseworkRefused as no:
        return JsonResponse({"error": str(no)}, status=422)
    except (ValueError, TypeError, RecursionError):
        return JsonResponse({"error": _("Mark the places again.")}, status=422)
    return JsonResponse(_as_json(done))


@login_not_required
@require_GET
def show(request: CityRequest, photo: uuid.UUID, size: str) -> HttpResponse:
    """The bytes of a photo. Its key can not be guessed and changes when it is made unreadable."""
    row = Photo.objects.filter(city_id=request.city.id, key=photo, removed_at=None).first()
    if row is None:
        raise Http404
    name = getattr(row, SIZES[size])
    etag = f'"{name[-40:]}"'
    if request.headers.get("If-None-Match") == etag:
        return HttpResponseNotModified()
    try:
        response = HttpResponse(storage.read(name), content_type="image/jpeg")
    except FileNotFoundError as lost:
        raise Http404 from lost
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, max-age=86400"
    response.headers["Content-Disposition"] = "inline"
    return response


def _as_json(photo: Photo) -> dict[str, object]:
    return {
        "key": str(photo.key),
        "thumb": f"/photos/{photo.key}/small.jpg",
        "large": f"/photos/{photo.key}/large.jpg",
    }
