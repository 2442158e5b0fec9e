"""A file of the set-up as a form: shown, its row buttons pressed, saved in the draft, or refused with nothing lost."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from onehall.console.setup.door import page
from onehall.console.setup.service_form import errors
from onehall.kernel import yamlfile, yamllined
from onehall.kernel.clock import now as read_clock
from onehall.kernel.yamlfile import Problems
from onehall.look.doorway import CityRequest
from onehall.setup import actions, checking, forms, queries
from onehall.setup.checking import Checked
from onehall.setup.errors import Overtaken, SetupRefused
from onehall.setup.forms import Doc, Tree
from onehall.setup.queries import DraftView, FileView


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    """How one kind of file is edited."""

    path: str
    template: str
    tab: str
    address: str
    marked: Callable[[Any], Doc]
    """The document with marks on its rows."""
    read: Callable[[Tree, Doc], Doc]
    """The document that a form says, over the one that was there."""
    context: Callable[[CityRequest, Doc, Checked], dict[str, Any]]
    check: Callable[[CityRequest, Doc], None] = lambda _request, _doc: None
    """What is refused before it is saved."""
    fields: frozenset[str] = frozenset()
    """Where a mistake can stand on the page; without any, at whatever the document has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How the page stands: fresh from the draft, or with what was sent."""

    seen: int
    fresh: bool = False
    refused: str = ""
    overtaken: Overtaken | None = None
    at: str = ""
    status: int = 200


def edit(request: CityRequest, editor: Editor) -> HttpResponse:
    """The page of a file, and what its buttons do."""
    view = queries.draft_view(request.city)
    file = view.files.get(editor.path)
    held = document(file) if file is not None and file.text is not None else {}
    if held is None:
        # It cannot be read as a document: the text says where.
        return redirect("console:setup-text", path=editor.path)
    version = file.version if file else 0
    before = editor.marked(held)
    if request.method == "GET":
        return _show(request, editor, view, before, Shown(seen=version, fresh=True))
    sent = forms.tree_of(request.POST.lists())
    doc = editor.read(sent, before)
    seen, button = _seen(request), request.POST.get("do", "save")
    if button != "save":
        doc = forms.press(doc, button)
        return _show(request, editor, view, doc, Shown(seen=seen, at=button))
    try:
        editor.check(request, doc)
        actions.save_file(
            city=request.city,
            path=editor.path,
            text=yamllined.write(forms.bare(doc)),
            seen=seen,
            by=request.actor,
            now=read_clock(),
        )
    except Overtaken as no:
        shown = Shown(seen=no.version, overtaken=no, status=409)
        return _show(request, editor, view, doc, shown)
    except SetupRefused as no:
        return _show(request, editor, view, doc, Shown(seen=seen, refused=str(no), status=422))
    messages.success(request, _("Saved in the draft."))
    return redirect(editor.address)


def document(file: FileView) -> Doc | None:
    """What a file says as plain data; None when it is no mapping that could be read."""
    problems = Problems()
    node = yamlfile.parse(file.text or "", file=file.path, problems=problems)
    plain = node.plain() if node.present else None
    return plain if isinstance(plain, dict) and not problems else None


def _show(
    request: CityRequest, editor: Editor, view: DraftView, doc: Doc, shown: Shown
) -> HttpResponse:
    checked = checking.shown(request.city, view)
    problems = checked.of_file(editor.path) if shown.fresh else []
    file = view.files.get(editor.path)
    context: Mapping[str, Any] = editor.context(request, doc, checked) | {
        "path": editor.path,
        "what": file.what if file else "",
        "languages": request.city.languages,
        "errors": errors(problems, set(editor.fields or _names(doc))),
        "count": len(problems),
        "seen": shown.seen,
        "refused": shown.refused,
        "overtaken": shown.overtaken,
        "mine": yamllined.write(forms.bare(doc)) if shown.overtaken else "",
        "unsaved": not shown.fresh and not shown.overtaken,
    }
    return page(request, editor.template, dict(context), tab=editor.tab, status=shown.status)


def _names(doc: Any, above: str = "") -> set[str]:
    """The names of every field of a document, so that a mistake finds the nearest."""
    found = {above} if above else set()
    inside = (
        doc.items() if isinstance(doc, dict) else enumerate(doc) if isinstance(doc, list) else ()
    )
    for key, value in inside:
        found |= _names(value, f"{above}.{key}" if above else str(key))
    return found


def _seen(request: CityRequest) -> int:
    given = request.POST.get("seen", "")
    return int(given) if given.isdecimal() and len(given) < 9 else 0
