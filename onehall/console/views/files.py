"""Files of a case at the desk: add, share with residents, take back, remove, fetch."""

import uuid

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from onehall.casework import attachments
from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Attachment
from onehall.console.casepage import Loaded, load
from onehall.console.desk import staff_only
from onehall.console.trouble import Trouble, of
from onehall.console.views.acts import acting, again, common
from onehall.console.views.case import done
from onehall.kernel import photos, storage
from onehall.look.doorway import CityRequest
from onehall.look.downloads import download


@acting
def add(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """Files for the staff, checked one by one; those that can be taken are kept, the others named."""
    uploads = request.FILES.getlist("files")
    if not uploads:
        return again(
            request, loaded, Trouble(where="files", words=_("Choose a file first."), status=422)
        )
    taken, refused = [], []
    for upload in uploads[: attachments.MOST_AT_ONCE]:
        data = upload.read(photos.MAX_BYTES + 1)
        try:
            taken.append(attachments.take_in(data, city=request.city, title=upload.name or ""))
        except CaseworkRefused as no:
            refused.append(str(no))
    if len(uploads) > attachments.MOST_AT_ONCE:
        refused.append(_("Send up to %(n)s files at once.") % {"n": attachments.MOST_AT_ONCE})
    try:
        if taken:
            attachments.add(**common(request, loaded), files=taken)
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where="files", typed={}))
    if refused:
        return again(request, loaded, Trouble(where="files", words=" ".join(refused), status=422))
    words = ngettext(
        "%(n)s file is on the case, for staff alone.",
        "%(n)s files are on the case, for staff alone.",
        len(taken),
    )
    return done(request, loaded.case.number, words % {"n": len(taken)})


@acting
def act(request: CityRequest, loaded: Loaded, pk: int) -> HttpResponse:
    """Share a file with the residents, take it back, or remove it."""
    given = common(request, loaded) | {"file_id": pk}
    try:
        match request.POST.get("what"):
            case "share":
                attachments.share(**given, words=request.POST.get("words", ""))
                words = _("Everybody who follows finds the file on their page.")
            case "unshare":
                attachments.unshare(**given)
                words = _("The file is for staff alone. Its old address stopped working.")
            case "remove":
                attachments.remove(**given)
                words = _("The file is removed.")
            case _other:
                raise Http404
    except Attachment.DoesNotExist as gone:
        raise Http404 from gone
    except CaseworkRefused as no:
        return again(request, loaded, of(no, where="files", typed={}))
    return done(request, loaded.case.number, words)


@staff_only
@require_GET
def first_page(request: CityRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """The small picture of a PDF's first page, drawn when the file came in, for those who may see the case."""
    loaded = load(request, number)
    found = (
        loaded.case.attachments.filter(key=key, removed_at=None).exclude(preview_name="").first()
    )
    if found is None:
        raise Http404
    try:
        response = HttpResponse(storage.read(found.preview_name), content_type="image/jpeg")
    except FileNotFoundError as lost:
        raise Http404 from lost
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cache-Control"] = "private, no-store"
    return response


@staff_only
@require_GET
def show(request: CityRequest, number: str, key: uuid.UUID) -> HttpResponse:
    """The file, to save, for those who may see the case."""
    loaded = load(request, number)
    found = loaded.case.attachments.filter(key=key, removed_at=None).first()
    if found is None:
        raise Http404
    try:
        data = storage.read(found.name)
    except FileNotFoundError as lost:
        raise Http404 from lost
    return download(data, title=found.title, kind=found.kind)
