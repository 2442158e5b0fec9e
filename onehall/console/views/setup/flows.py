"""Flows in the console: the list, one with its tables and drawing, its parts as forms, scenarios."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.csp import CSP
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.csp import csp_override
from django.views.decorators.http import require_GET, require_http_methods

from onehall.console.setup import flow_page, service_form, shown
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.console.setup.flow_page import FlowPage
from onehall.console.setup.terms import Terms
from onehall.console.views.setup.services import document, slug
from onehall.kernel import yamllined
from onehall.kernel.clock import now as read_clock
from onehall.look.doorway import CityRequest
from onehall.setup import actions, checking, flow_forms, forms, queries
from onehall.setup.errors import Overtaken, SetupRefused
from onehall.setup.queries import FileView

FORMS: Final[dict[str, Callable[..., Any]]] = {
    "states": flow_forms.state,
    "moves": flow_forms.move,
    "outcomes": flow_forms.outcome,
}
TITLES: Final[dict[str, Any]] = {
    "states": gettext_lazy("State"),
    "moves": gettext_lazy("Move"),
    "outcomes": gettext_lazy("Ending"),
}


class Flow:
    """A flow of the draft as one request sees it."""

    def __init__(self, request: CityRequest, flow_key: str) -> None:
        self.request = request
        self.key = flow_key
        self.path = f"flows/{flow_key}.yaml"
        self.view = queries.draft_view(request.city)
        file = self.view.files.get(self.path)
        if file is None:
            raise Http404
        self.file: FileView = file
        self.doc: dict[str, Any] = document(file) or {}
        self.checked = checking.shown(request.city, self.view)
        self.terms = Terms(request.city, request.LANGUAGE_CODE)
        self.page = FlowPage(self.doc, self.terms, self.checked)

    @property
    def name(self) -> str:
        """What the flow is called."""
        return self.terms.say(self.doc.get("name")) or self.key

    def keep(self, doc: dict[str, Any]) -> None:
        """Write the document into the draft, over the version that was looked at."""
        given = self.request.POST.get("seen", "")
        actions.save_file(
            city=self.request.city,
            path=self.path,
            text=yamllined.write(doc),
            seen=int(given) if given.isdecimal() and len(given) < 9 else 0,
            by=self.request.actor,
            now=read_clock(),
        )


@require_http_methods(["GET", "POST"])
@setup_only
def flows(request: CityRequest) -> HttpResponse:
    """Every flow; a POST begins a new one as a copy."""
    city = request.city
    view = queries.draft_view(city)
    files, refused = view.of_kind("flow"), ""
    if request.method == "POST":
        name = request.POST.get("name", "").strip()[:120]
        key, like = slug(name), view.files.get(f"flows/{request.POST.get('like', '')}.yaml")
        doc = document(like) if like else None
        if doc is None or not re.fullmatch(r"[a-z][a-z0-9-]*", key):
            refused = _(
                "Give it a name that begins with a letter, and choose what it is a copy of."
            )
        elif (there := view.files.get(f"flows/{key}.yaml")) is not None and there.text is not None:
            refused = _("There is a flow with that name already.")
        else:
            fresh = doc | {"key": key, "name": {city.languages[0]: name}}
            try:
                actions.save_file(
                    city=city, path=f"flows/{key}.yaml", text=yamllined.write(fresh), seen=0,
                    by=request.actor, now=read_clock(),
                )  # fmt: skip
            except Overtaken:
                refused = _("There is a flow with that name already.")
            except SetupRefused as no:
                refused = str(no)
            else:
                return redirect("console:setup-flow", flow_key=key)
    rows = [
        shown.file_row(f, request.LANGUAGE_CODE, city.languages[0]) | {"key": shown.stem(f.path)}
        for f in files
    ]
    return page(
        request,
        "console/setup/flows.html",
        {"rows": rows, "refused": refused, "given": request.POST.get("name", "")},
        tab="flows",
        status=422 if refused else 200,
    )


@require_http_methods(["GET", "POST"])
@setup_only
def flow(request: CityRequest, flow_key: str) -> HttpResponse:
    """One flow at a glance; a POST changes its head, adds a part or a scenario."""
    found = Flow(request, flow_key)
    if not found.doc:
        return redirect("console:setup-text", path=found.path)
    if request.method == "POST":
        return _change(request, found)
    return _flow(request, found)


def _change(request: CityRequest, found: Flow) -> HttpResponse:
    languages, sent = request.city.languages, forms.tree_of(request.POST.lists())
    doc, act = found.doc, request.POST.get("do", "save")
    part = act.partition(":")[2]
    try:
        if act.startswith("add:") and part in flow_forms.PARTS:
            label = request.POST.get("label", "").strip()[:120]
            key = slug(label).replace("-", "_")
            _require_new(key, found.page.part(part))
            doc = {
                **doc,
                part: {**found.page.part(part), key: flow_forms.begun(part, languages, label, doc)},
            }
            found.keep(doc)
            return redirect("console:setup-flow-part", flow_key=found.key, part=part, name=key)
        if act == "scenario":
            fresh = flow_forms.scenario(sent)
            _require_new(fresh["key"], {})
            for step in fresh.get("steps", []):
                _give(step, found.page)
            found.keep({**doc, "scenarios": [*forms.listed(doc.get("scenarios")), fresh]})
        elif act.startswith("drop:"):
            kept = [
                s for s in forms.listed(doc.get("scenarios")) if forms.mapped(s).get("key") != part
            ]
            found.keep(
                {k: v for k, v in doc.items() if k != "scenarios"}
                | ({"scenarios": kept} if kept else {})
            )
        else:
            head = forms.marked({k: doc.get(k) for k in ("name", "stages")}, languages[0])
            found.keep(forms.bare(flow_forms.top(sent, {**doc, **head}, languages)))
    except SetupRefused as no:
        return _flow(
            request, found, refused=str(no), status=409 if isinstance(no, Overtaken) else 422
        )
    messages.success(request, _("Saved in the draft."))
    return redirect("console:setup-flow", flow_key=found.key)


def _require_new(key: str, there: dict[str, Any]) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_-]{0,59}", key):
        raise SetupRefused(_("Give it a name that begins with a letter."))
    if key in there:
        raise SetupRefused(_("There is one with that name already."))


def _give(step: dict[str, Any], shown_flow: FlowPage) -> None:
    """A step of a scenario brings what its move and its ending ask for."""
    move = shown_flow.part("moves").get(step.get("move", ""), {})
    end = shown_flow.part("outcomes").get(step.get("outcome", ""), {})
    needs = [
        *forms.listed(move.get("needs")),
        *(forms.listed(end.get("needs")) if move.get("purpose") == "close" else []),
    ]
    if needs:
        step["given"] = list(dict.fromkeys(n for n in needs if n != "outcome"))


def _flow(
    request: CityRequest, found: Flow, *, refused: str = "", status: int = 200
) -> HttpResponse:
    problems = found.checked.of_file(found.path)
    head = forms.marked(
        {k: found.doc.get(k, "") for k in ("name", "stages")}, request.city.languages[0]
    )
    context = {
        "flow_key": found.key,
        "name": found.name,
        "file": found.file,
        "doc": found.doc,
        "head": head,
        "stages": [*forms.listed(head["stages"]), {"key": "", "label": "", "_was": ""}],
        "languages": request.city.languages,
        "starts": found.page.choices("states"),
        "states": found.page.states(),
        "moves": found.page.moves(),
        "outcomes": found.page.outcomes(),
        "scenarios": [s for s in found.checked.scenarios if s.path == found.path],
        "scenario_form": found.page.scenario_form(),
        "steps": range(6),
        "problems": shown.told(
            problems, found.view, request.LANGUAGE_CODE, request.city.languages[0]
        ),
        "warnings": [w for w in found.checked.warnings if w.startswith(f"{found.path}:")],
        "drawn": bool(found.page.drawing(found.path)),
        "versions": flow_page.versions(request.city, found.key),
        "refused": refused,
    }
    return page(
        request, "console/setup/flow.html", context, tab="flows",
        trail=trail_of("flows", found.name), status=status,
    )  # fmt: skip


@require_http_methods(["GET", "POST"])
@setup_only
def part(request: CityRequest, flow_key: str, part: str, name: str) -> HttpResponse:
    """One state, move or ending as a form."""
    found = Flow(request, flow_key)
    if part not in flow_forms.PARTS or name not in found.page.part(part):
        raise Http404
    languages = request.city.languages
    before = forms.marked(found.page.part(part)[name], languages[0])
    if request.method == "GET":
        return _part(request, found, part, name, before)
    button = request.POST.get("do", "save")
    doc = FORMS[part](forms.tree_of(request.POST.lists()), before, languages)
    if button not in ("save", "remove"):
        return _part(request, found, part, name, forms.press(doc, button), unsaved=True)
    parts = found.page.part(part)
    whole = {**found.doc, part: {**parts, name: forms.bare(doc)}}
    if button == "remove":
        whole = {**found.doc, part: {k: v for k, v in parts.items() if k != name}}
    try:
        found.keep(whole)
    except SetupRefused as no:
        status = 409 if isinstance(no, Overtaken) else 422
        return _part(request, found, part, name, doc, refused=str(no), status=status)
    messages.success(request, _("Saved in the draft."))
    if button == "remove":
        return redirect("console:setup-flow", flow_key=flow_key)
    return redirect("console:setup-flow-part", flow_key=flow_key, part=part, name=name)


def _part(
    request: CityRequest,
    found: Flow,
    part: str,
    name: str,
    doc: dict[str, Any],
    *,
    refused: str = "",
    unsaved: bool = False,
    status: int = 200,
) -> HttpResponse:
    made = {"states": "state_form", "moves": "move_form", "outcomes": "outcome_form"}[part]
    errors = {} if unsaved else _errors(found, f"{part}.{name}", doc)
    label = found.terms.say(doc.get("label")) or name
    context = getattr(found.page, made)(doc) | {
        "flow_key": found.key,
        "flow_name": found.name,
        "part": part,
        "title": TITLES[part],
        "key": name,
        "label": label,
        "file": found.file,
        # After a conflict the form has the other's version: saving again is a decision.
        "seen": request.POST.get("seen", "") if unsaved else found.file.version,
        "doc": doc,
        "languages": request.city.languages,
        "problems": errors.get("", []),
        "errors": errors | {"": []},
        "refused": refused,
        "unsaved": unsaved,
        "drawn": bool(found.page.drawing(found.path)),
    }
    trail = (
        *trail_of("flows", found.name)[:1],
        (found.name, f"/desk/set-up/flows/{found.key}"),
        (label, ""),
    )
    return page(
        request, f"console/setup/flow_{part}.html", context, tab="flows", trail=trail, status=status
    )


def _errors(found: Flow, prefix: str, doc: dict[str, Any]) -> dict[str, list[str]]:
    """The mistakes of one part at the rows and cards they are about; at "" those of no card."""
    mine = [
        replace(p, where=p.where.removeprefix(prefix).lstrip("."))
        for p in found.checked.of_file(found.path)
        if re.match(rf"{re.escape(prefix)}(\.|\[|$)", p.where)
    ]
    return service_form.errors(mine, flow_page.anchors(doc))


@csp_override({"default-src": [CSP.NONE], "style-src": [flow_page.STYLE_HASH]})
@require_GET
@setup_only
def drawing(request: CityRequest, flow_key: str) -> HttpResponse:
    """The flow of the draft as a picture."""
    found = Flow(request, flow_key)
    svg = found.page.drawing(found.path)
    if not svg:
        raise Http404
    return HttpResponse(svg, content_type="image/svg+xml")
