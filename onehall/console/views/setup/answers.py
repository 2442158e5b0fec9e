"""Prepared answers in the console: the list, a new one, and the form with the exact mail of a case."""

import re
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from onehall.casework.errors import CaseworkRefused
from onehall.casework.models import Case
from onehall.catalog import categories, replies
from onehall.console import writer
from onehall.console.desk import frame
from onehall.console.setup import flow_words, service_form, shown
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.console.setup.terms import Terms
from onehall.console.views.setup.services import document, slug, written
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.service_requests import preview
from onehall.setup import actions, checking, forms, queries
from onehall.setup.checking import Checked
from onehall.setup.errors import Overtaken, SetupRefused
from onehall.setup.queries import DraftView, FileView

ANCHORS = {"key", "name", "text", "position", "languages", "where"} | {
    f"where.{part}" for part in replies.WHERE
}


@require_http_methods(["GET", "POST"])
@setup_only
def answers(request: CityRequest) -> HttpResponse:
    """Every prepared answer; a POST begins a new one."""
    city, refused = request.city, ""
    view = queries.draft_view(city)
    name = request.POST.get("name", "").strip()[:120]
    if request.method == "POST":
        key, first = _key(name), city.languages[0]
        try:
            _require_new(view, key)
            doc = {"key": key, "name": {first: name}, "text": {first: name}}
            actions.save_file(
                city=city, path=f"templates/{key}.yaml", text=written(doc, city.languages), seen=0,
                by=request.actor, now=read_clock(),
            )  # fmt: skip
        except SetupRefused as no:
            refused = str(no)
        else:
            return redirect("console:setup-answer", template_key=key)
    rows = [
        shown.file_row(f, request.LANGUAGE_CODE, city.languages[0])
        | {"text": forms.mapped((document(f) or {}).get("text"))}
        for f in view.of_kind("reply")
    ]
    return page(
        request, "console/setup/answers.html", {"rows": rows, "refused": refused, "given": name},
        tab="answers", status=422 if refused else 200,
    )  # fmt: skip


def _require_new(view: DraftView, key: str) -> None:
    there = view.files.get(f"templates/{key}.yaml")
    if there is not None and there.text is not None:
        raise SetupRefused(_("There is a prepared answer with that name already."))


def _key(name: str) -> str:
    key = slug(name)
    # What can not be a file's name is refused there, in words.
    return key if re.fullmatch(r"[a-z][a-z0-9-]*", key) else ""


@require_http_methods(["GET", "POST"])
@setup_only
def answer(request: CityRequest, template_key: str) -> HttpResponse:
    """One prepared answer; the button "look" shows the mail without saving anything."""
    path = f"templates/{template_key}.yaml"
    view = queries.draft_view(request.city)
    file = view.files.get(path)
    if file is None:
        raise Http404
    read = document(file)
    if file.text is None or read is None:
        return redirect("console:setup-text", path=path)
    checked = checking.shown(request.city, view)
    before = forms.marked(read, request.city.languages[0])
    if request.method == "GET":
        return _show(request, file, checked, before)
    seen = request.POST.get("seen", "")
    version = int(seen) if seen.isdecimal() and len(seen) < 9 else 0
    doc = forms.reply(forms.tree_of(request.POST.lists()), before, request.city.languages)
    if request.POST.get("do") == "look":
        return _show(request, file, checked, doc, seen=version, unsaved=doc != before)
    try:
        actions.save_file(
            city=request.city, path=path, text=written(doc, request.city.languages), seen=version,
            by=request.actor, now=read_clock(),
        )  # fmt: skip
    except Overtaken as no:
        return _show(request, file, checked, doc, seen=no.version, overtaken=no, status=409)
    except SetupRefused as no:
        return _show(request, file, checked, doc, seen=version, refused=str(no), status=422)
    messages.success(request, _("Saved in the draft."))
    return redirect("console:setup-answer", template_key=template_key)


def _show(
    request: CityRequest,
    file: FileView,
    checked: Checked,
    doc: dict[str, Any],
    *,
    seen: int | None = None,
    refused: str = "",
    unsaved: bool = False,
    overtaken: Overtaken | None = None,
    status: int = 200,
) -> HttpResponse:
    city = request.city
    terms = Terms(city, request.LANGUAGE_CODE)
    problems = checked.of_file(file.path) if seen is None else []
    name = terms.say(doc.get("name")) or shown.stem(file.path)
    context = {
        "file": file,
        "name": name,
        "doc": doc,
        "languages": city.languages,
        "spoken": forms.listed(doc.get("languages")) or city.languages,
        "where": forms.mapped(doc.get("where")),
        "parts": _parts(checked, terms),
        "variables": replies.VARIABLES,
        "errors": service_form.errors(problems, ANCHORS),
        "seen": file.version if seen is None else seen,
        "refused": refused,
        "unsaved": unsaved,
        "overtaken": overtaken,
        "mine": written(doc, city.languages) if overtaken else "",
    } | _mails(request, doc)
    return page(
        request, "console/setup/answer.html", context, tab="answers",
        trail=trail_of("answers", name), status=status,
    )  # fmt: skip


def _parts(checked: Checked, terms: Terms) -> list[dict[str, Any]]:
    """What it may be narrowed to."""
    catalog = checked.pack.catalog
    states = {s["key"]: terms.say(s["label"]) for f in catalog.flows.values() for s in f["states"]}
    queues = [
        (q["key"], terms.say(q["name"]))
        for d in checked.pack.people.departments
        for q in d["queues"]
    ]
    return [
        {
            "key": "services",
            "word": _("Services"),
            "choices": [(s["key"], terms.say(s["name"])) for s in catalog.services],
        },
        {"key": "queues", "word": _("Queues"), "choices": queues},
        {
            "key": "states",
            "word": _("States"),
            "choices": sorted(states.items(), key=lambda s: s[1]),
        },
        {
            "key": "categories",
            "word": _("Meaning of the state"),
            "choices": flow_words.named(sorted(categories.ALL)),
        },
    ]


def _mails(request: CityRequest, doc: dict[str, Any]) -> dict[str, Any]:
    """The mail as it would go out on a case: the one asked for, else the newest open one."""
    given = request.POST if request.method == "POST" else request.GET
    number = given.get("case", "").strip()[:40]
    rows = Case.objects.reachable_by(request.actor).select_related("queue")
    case = (
        rows.filter(number=number).first()
        if number
        else rows.filter(is_open=True).order_by("-opened_at", "-pk").first()
    )
    found: dict[str, Any] = {
        "number": number,
        "case": case,
        "letters": [],
        "unknown": bool(number and case is None),
    }
    text = forms.mapped(doc.get("text"))
    if case is None or not text:
        return found
    desk = frame(request)
    template = replies.parse({"key": "", "name": {}, "text": {k: str(v) for k, v in text.items()}})
    boxes = list(request.city.languages)
    words = writer.texts(desk, case, template, boxes)
    try:
        seen = preview.of_reply(
            city=request.city, case=case, words=words.get("words", ""),
            words_in=writer.words_in(request.city, words), by=desk.actor, now=desk.now,
        )  # fmt: skip
    except CaseworkRefused as no:
        return found | {"said": [], "no_mail": str(no)}
    # One mail a language: the others differ in names and links alone.
    letters = {m.language: m for m in seen.letters}
    said = [
        (code, words.get("words" if n == 0 else f"words_{code}", ""))
        for n, code in enumerate(boxes)
    ]
    return found | {
        "letters": [(m, writer.name_of(m.language)) for m in letters.values()],
        "said": [] if letters else [(code, w) for code, w in said if w],
        "no_mail": ""
        if letters
        else _("Nobody who follows this case gets mail; these words stand on its page."),
    }
