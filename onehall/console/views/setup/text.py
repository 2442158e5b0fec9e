"""Every editable file as text: with its mistakes by line, and both texts where two people changed one."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from onehall.console.setup import shown
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.setup import actions, checking, queries, rules
from onehall.setup.errors import Overtaken, SetupRefused
from onehall.setup.queries import DraftView, FileView

FOLDERS = {
    "service": "services",
    "flow": "flows",
    "reply": "templates",
    "fees": "fees",
    "area": "areas",
}


@require_http_methods(["GET", "POST"])
@setup_only
def files(request: CityRequest) -> HttpResponse:
    """All files by kind; a POST begins a new one."""
    refused = ""
    if request.method == "POST":
        path = request.POST.get("path", "").strip()
        kind = rules.kind_of(path)
        if kind is None:
            refused = _("Write a folder and a name, as in services/bench.yaml, in small letters.")
        else:
            return redirect("console:setup-text", path=path)
    city = request.city
    view = queries.draft_view(city)
    rows = [
        shown.file_row(f, request.LANGUAGE_CODE, city.languages[0]) for f in view.files.values()
    ]
    kinds = [
        {"key": key, "word": word, "rows": found}
        for key, word in shown.KINDS.items()
        if (found := [r for r in rows if r["file"].kind == key])
    ]
    context = {"kinds": kinds, "refused": refused, "path": request.POST.get("path", "")}
    return page(
        request, "console/setup/files.html", context, tab="files", status=422 if refused else 200
    )


@require_http_methods(["GET", "POST"])
@setup_only
def text(request: CityRequest, path: str) -> HttpResponse:
    """One file: edit, rename, remove, put back."""
    if rules.kind_of(path) is None:
        raise Http404
    if request.method == "POST":
        return _act(request, path)
    return _show(request, path)


def _seen(request: CityRequest) -> int:
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def _act(request: CityRequest, path: str) -> HttpResponse:
    given: dict[str, Any] = {
        "city": request.city,
        "path": path,
        "seen": _seen(request),
        "by": request.actor,
        "now": read_clock(),
    }
    mine = rules.clean(request.POST.get("text", ""))
    try:
        match request.POST.get("do", "save"):
            case "rename":
                to = request.POST.get("to", "").strip()
                actions.rename_file(**given, to=to)
                messages.success(request, _("Renamed."))
                return redirect("console:setup-text", path=to)
            case "remove":
                actions.remove_file(**given)
                messages.success(request, _("Taken away in the draft."))
            case "discard":
                actions.discard_file(**given)
                messages.success(request, _("As the city has it again."))
            case "keep":
                actions.keep_mine(**given)
                messages.success(request, _("The draft's words stay, over what the city says now."))
            case _:
                actions.save_file(**given, text=mine)
                messages.success(request, _("Saved in the draft."))
    except Overtaken as no:
        return _show(request, path, mine=mine or no.mine, overtaken=no, status=409)
    except SetupRefused as no:
        return _show(request, path, mine=mine or None, refused=str(no), status=422)
    if path in queries.draft_view(request.city).files:
        return redirect("console:setup-text", path=path)
    return redirect("console:setup-files")


def _show(
    request: CityRequest,
    path: str,
    *,
    mine: str | None = None,
    refused: str = "",
    overtaken: Overtaken | None = None,
    status: int = 200,
) -> HttpResponse:
    city = request.city
    view = queries.draft_view(city)
    file = view.files.get(path) or FileView(path=path, text=None, city=None)
    kind = rules.kind_of(path)
    name = shown.name_of(path, file.text or file.city, request.LANGUAGE_CODE, city.languages[0])
    context: dict[str, Any] = {
        "file": file,
        "name": name,
        "kind": shown.KINDS[file.kind],
        "needed": kind is not None and kind.needed,
        "value": mine if mine is not None else (file.text or ""),
        "seen": overtaken.version if overtaken else file.version,
        "refused": refused,
        "overtaken": overtaken,
        "problems": _problems(request, view, file),
        "form_url": shown.edit_url(file) if file.kind in shown.FORMS and file.text else "",
        "line": request.GET.get("line", ""),
        "entries": [shown.entry_row(e) for e in queries.entries(city, path=path, most=8)],
    }
    return page(
        request,
        "console/setup/text.html",
        context,
        tab="files",
        trail=trail_of("files", path),
        status=status,
    )


def _problems(request: CityRequest, view: DraftView, file: FileView) -> list[dict[str, Any]]:
    """What is wrong with the file as the draft has it, each with its line's own words."""
    if not view.changed:
        return []
    lines = (file.text or "").splitlines()
    return [
        {"problem": p, "quote": lines[p.line - 1].strip()[:120] if 0 < p.line <= len(lines) else ""}
        for p in checking.shown(request.city, view).of_file(file.path)
    ]


@require_GET
@setup_only
def raw(request: CityRequest, path: str) -> HttpResponse:
    """The file alone, to keep or to compare elsewhere."""
    found = queries.file_view(request.city, path)
    if found is None or found.text is None:
        raise Http404
    answer = HttpResponse(found.text, content_type="text/plain; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{path.rpartition("/")[2]}"'
    return answer
