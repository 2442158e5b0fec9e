"""Services in the console: the list, a new one, and the form with the resident's own beside it."""

import re
import unicodedata
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_http_methods

from onehall.catalog import pack as catalog_pack
from onehall.console.setup import service_form, shown
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.console.setup.terms import Terms
from onehall.kernel import yamlfile, yamllined
from onehall.kernel.clock import now as read_clock
from onehall.kernel.yamlfile import Problems
from onehall.look.doorway import CityRequest
from onehall.setup import actions, checking, forms, queries, service_forms
from onehall.setup.errors import Overtaken, SetupRefused
from onehall.setup.queries import DraftView, FileView

WITH_FRAME = settings.SECURE_CSP | {"frame-src": [CSP.SELF]}


def path_of(key: str) -> str:
    """The file of a service."""
    return f"services/{key}.yaml"


def document(file: FileView) -> dict[str, Any] | None:
    """What a file says as plain data; None when it is no mapping that could be read."""
    problems = Problems()
    node = yamlfile.parse(file.text or "", file=file.path, problems=problems)
    plain = node.plain() if node.present else None
    return plain if isinstance(plain, dict) and not problems else None


def written(doc: dict[str, Any], languages: list[str]) -> str:
    """A document as the text of its file."""
    return yamllined.write(catalog_pack.ordered(forms.bare(doc), languages))


def slug(words: str) -> str:
    """A name for machines out of words."""
    plain = unicodedata.normalize("NFKD", words).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")


@require_http_methods(["GET", "POST"])
@setup_only
def services(request: CityRequest) -> HttpResponse:
    """Every service by group; a POST begins a new one, blank or as a copy."""
    city, language = request.city, request.LANGUAGE_CODE
    view = queries.draft_view(city)
    refused = ""
    if request.method == "POST":
        try:
            key = _begin(request, view)
        except SetupRefused as no:
            refused = str(no)
        else:
            messages.success(request, _("Begun in the draft. Fill in what is missing."))
            return redirect("console:setup-service", service_key=key)
    default = city.languages[0]
    rows = []
    for file in view.of_kind("service"):
        doc = document(file) or {}
        rows.append(
            shown.file_row(file, language, default)
            | {
                "doc": {"group": "", "icon": "question", "summary": ""} | doc,
                "key": shown.stem(file.path),
            }
        )
    groups = _groups(view)
    headings = [
        {"key": key, "word": shown.said(name, language, default), "rows": mine}
        for key, name in groups.items()
        if (mine := sorted((r for r in rows if r["doc"]["group"] == key), key=_position))
    ]
    others = [r for r in rows if r["doc"]["group"] not in groups]
    context = {
        "headings": [
            *headings,
            *([{"key": "-", "word": _("Without a group"), "rows": others}] if others else []),
        ],
        "all": rows,
        "refused": refused,
        "given": {"name": request.POST.get("name", ""), "like": request.POST.get("like", "")},
        "total": len(rows),
    }
    return page(
        request,
        "console/setup/services.html",
        context,
        tab="services",
        status=422 if refused else 200,
    )


def _position(row: dict[str, Any]) -> tuple[int, str]:
    given = row["doc"].get("position")
    return (given if isinstance(given, int) else 1000, row["key"])


def _groups(view: DraftView) -> dict[str, Any]:
    file = view.files.get("services/_groups.yaml")
    doc = (document(file) if file else None) or {}
    return {
        str(g["key"]): g.get("name")
        for g in forms.listed(doc.get("groups"))
        if isinstance(g, dict) and "key" in g
    }


def _begin(request: CityRequest, view: DraftView) -> str:
    city = request.city
    name = request.POST.get("name", "").strip()[:120]
    key = slug(name)
    if not key or not re.fullmatch(r"[a-z][a-z0-9-]*", key):
        raise SetupRefused(_("Give it a name that begins with a letter."))
    if (there := view.files.get(path_of(key))) is not None and there.text is not None:
        raise SetupRefused(_("There is a service with that name already."))
    like = view.files.get(path_of(request.POST.get("like", "")))
    doc = document(like) if like else None
    language = city.languages[0]
    if doc is not None:
        fresh = service_forms.copied(doc, key, name, language=language)
    else:
        checked = checking.shown(city, view)
        queues = sorted(checked.pack.people.queue_keys)
        fresh = service_forms.blank_service(
            key,
            name,
            language=language,
            group=next((g["key"] for g in checked.pack.catalog.groups), ""),
            queue=queues[0] if queues else "",
            flow=next(iter(checked.pack.catalog.flows), ""),
        )
    actions.save_file(
        city=city,
        path=path_of(key),
        text=written(fresh, city.languages),
        seen=there.version if there else 0,
        by=request.actor,
        now=read_clock(),
    )
    return key


@csp_override(WITH_FRAME)
@require_http_methods(["GET", "POST"])
@setup_only
def service(request: CityRequest, service_key: str) -> HttpResponse:
    """One service: its form, and the resident's form beside it."""
    path = path_of(service_key)
    view = queries.draft_view(request.city)
    file = view.files.get(path)
    if file is None:
        raise Http404
    read = document(file)
    if file.text is None or read is None:
        # Taken away, or not to be read as a document: the text says which.
        return redirect("console:setup-text", path=path)
    city = request.city
    before = forms.marked(read, city.languages[0])
    if request.method == "GET":
        return _show(request, view, file, before, fresh=True)
    sent = forms.tree_of(request.POST.lists())
    doc = service_forms.service(sent, before, city.languages)
    button = request.POST.get("do", "save")
    if button != "save":
        return _show(request, view, file, forms.press(doc, button), seen=_seen(request), at=button)
    try:
        actions.save_file(
            city=city,
            path=path,
            text=written(doc, city.languages),
            seen=_seen(request),
            by=request.actor,
            now=read_clock(),
        )
    except Overtaken as no:
        return _show(request, view, file, doc, seen=no.version, overtaken=no, status=409)
    except SetupRefused as no:
        return _show(request, view, file, doc, seen=_seen(request), refused=str(no), status=422)
    messages.success(request, _("Saved in the draft."))
    return redirect("console:setup-service", service_key=service_key)


def _seen(request: CityRequest) -> int:
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0


def _show(
    request: CityRequest,
    view: DraftView,
    file: FileView,
    doc: dict[str, Any],
    *,
    seen: int | None = None,
    fresh: bool = False,
    refused: str = "",
    overtaken: Overtaken | None = None,
    at: str = "",
    status: int = 200,
) -> HttpResponse:
    city = request.city
    checked = checking.shown(city, view)
    problems = checked.of_file(file.path) if fresh else []
    terms = Terms(city, request.LANGUAGE_CODE)
    found = service_form.errors(problems, service_form.anchors(doc))
    name = shown.said(doc.get("name"), request.LANGUAGE_CODE, city.languages[0])
    context = service_form.context(doc, terms, checked) | {
        "file": file,
        "name": name,
        "errors": found,
        "count": len(problems),
        "seen": file.version if seen is None else seen,
        "refused": refused,
        "overtaken": overtaken,
        "mine": written(doc, city.languages) if overtaken else "",
        "unsaved": not fresh and not overtaken,
        "at": at.partition(":")[2].partition(".")[0] if at else "",
        "key": shown.stem(file.path),
    }
    return page(
        request,
        "console/setup/service.html",
        context,
        tab="services",
        trail=trail_of("services", name),
        status=status,
    )
