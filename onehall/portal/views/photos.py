"""Photos: drafts of a report being written, and the pictures themselves by their secret address."""

import json
import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpResponse, HttpResponseNotModified, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from onehall.casework import photos
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case, Photo
from onehall.casework.photos import Box
from onehall.catalog.queries import catalogue
from onehall.kernel import storage
from onehall.kernel.clock import now as read_clock
from onehall.kernel.photos import PhotoRefused
from onehall.look.doorway import CityRequest
from onehall.portal.limits import too_many
from onehall.portal.uploads import MAX_UPLOAD
from onehall.service_requests import opened

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
    """The bytes of a photo. The address alone opens one that is shown to all who follow, or not sent yet.

    Others open to the staff who may see the case, asked anew each time. The key can not be guessed,
    and changes when a photo is made unreadable or hidden.
    """
    row = (
        Photo.objects.filter(city_id=request.city.id, key=photo, removed_at=None)
        .select_related("case")
        .first()
    )
    if row is None:
        raise Http404
    if row.case is None:
        return picture_of(request, row, size, keep=True)
    service = catalogue(request.city).by_id(row.case.service_id)
    if photos.is_open_to_all(row, service):
        return picture_of(request, row, size, keep=True)
    if not Case.objects.reachable_by(request.actor).filter(pk=row.case.pk).exists():
        raise Http404
    return picture_of(request, row, size, keep=False)


@login_not_required
@require_GET
def own(request: CityRequest, token: str, photo: uuid.UUID, size: str) -> HttpResponse:
    """A photo on the page of a report: the sender's own, and what is shown to all who follow."""
    found = opened.photo_of(request.city, token, photo, actor=request.actor)
    if found is None or size not in SIZES:
        raise Http404
    return picture_of(request, found, size, keep=False)


def picture_of(request: CityRequest, row: Photo, size: str, *, keep: bool) -> HttpResponse:
    """The picture in one of its sizes; without `keep` browsers ask again before they show it again."""
    name = getattr(row, SIZES[size])
    etag = f'"{name[-40:]}"'
    if request.headers.get("If-None-Match") == etag:
        response: HttpResponse = HttpResponseNotModified()
    else:
        try:
            response = HttpResponse(storage.read(name), content_type="image/jpeg")
        except FileNotFoundError as lost:
            raise Http404 from lost
        response.headers["Content-Disposition"] = "inline"
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, max-age=86400" if keep else "private, no-cache"
    return response


def _as_json(photo: Photo) -> dict[str, object]:
    return {
        "key": str(photo.key),
        "thumb": f"/photos/{photo.key}/small.jpg",
        "large": f"/photos/{photo.key}/large.jpg",
    }
