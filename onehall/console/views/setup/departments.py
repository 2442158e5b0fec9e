"""Departments and their queues: added, renamed, put in order, moved, retired with where their open cases go."""

from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods

from onehall.casework import leaving
from onehall.casework.errors import CaseworkRefused
from onehall.console.setup.door import page, setup_only, trail_of
from onehall.console.setup.editing import Editor, edit
from onehall.kernel.clock import now as read_clock
from onehall.kernel.localized import pick
from onehall.look.doorway import CityRequest
from onehall.look.sprite import icons
from onehall.people.queries import queue_named, queues, served_queues
from onehall.setup import city_forms, forms
from onehall.setup.checking import Checked
from onehall.setup.errors import SetupRefused
from onehall.setup.forms import Doc


@require_http_methods(["GET", "POST"])
@setup_only
def departments(request: CityRequest) -> HttpResponse:
    """The form of `departments.yaml`."""
    editor = Editor(
        path="departments.yaml",
        template="console/setup/departments.html",
        tab="departments",
        address="console:setup-departments",
        marked=city_forms.marked_departments,
        read=partial(city_forms.departments, languages=request.city.languages),
        context=_context,
        check=_check,
    )
    return edit(request, editor)


@require_http_methods(["GET", "POST"])
@setup_only
def retire(request: CityRequest, queue_key: str) -> HttpResponse:
    """Where the open cases of a queue go before it does. They move at once; the queue leaves with the draft."""
    queue = queue_named(request.city, queue_key)
    if queue is None:
        raise Http404
    refused = ""
    if request.method == "POST":
        if not request.actor.may("send_on"):
            raise PermissionDenied
        try:
            done = leaving.empty_queue(
                city=request.city,
                queue_key=queue_key,
                to_key=request.POST.get("to", ""),
                reason=request.POST.get("reason", ""),
                by=request.actor,
                now=read_clock(),
            )
        except CaseworkRefused as no:
            refused = str(no)
        else:
            words = ngettext("%(n)s case went there.", "%(n)s cases went there.", done.cases)
            messages.success(request, words % {"n": done.cases})
            if done.left:
                return redirect("console:setup-retire", queue_key=queue_key)
            return redirect("console:setup-departments")
    language, default = request.LANGUAGE_CODE, request.city.language
    name = pick(queue.name, language, default)
    context = {
        "queue": queue,
        "name": name,
        "open": leaving.open_by_queue(request.city).get(queue_key, 0),
        "others": [
            (q.key, pick(q.department_name, language, default), pick(q.name, language, default))
            for q in queues(request.city)
            if q.active and q.key != queue_key
        ],
        "may_move": request.actor.may("send_on"),
        "refused": refused,
        "typed": {"to": request.POST.get("to", ""), "reason": request.POST.get("reason", "")},
        "most": leaving.MOST,
    }
    return page(
        request,
        "console/setup/retire.html",
        context,
        tab="departments",
        trail=trail_of("departments", name),
        status=422 if refused else 200,
    )


def _context(request: CityRequest, doc: Doc, _checked: Checked) -> dict[str, Any]:
    waiting, served = leaving.open_by_queue(request.city), served_queues(request.city)
    known = {q.key for q in queues(request.city) if q.active}
    found = []
    for n, department in enumerate(forms.listed(doc.get("departments"))):
        name = f"departments.{n}"
        found.append(
            {
                "name": name,
                "n": n,
                "doc": {"key": "", "name": {}} | department,
                "title": next(iter(forms.mapped(department.get("name")).values()), "")
                or _("New department"),
                "queues": [
                    {
                        "name": f"{name}.queues.{m}",
                        "m": m,
                        "doc": {"key": "", "name": {}, "icon": "inbox"} | queue,
                        "known": queue.get("key") in known,
                        "open": waiting.get(str(queue.get("key")), 0),
                        "unserved": queue.get("key") not in served,
                    }
                    for m, queue in enumerate(forms.listed(department.get("queues")))
                ],
            }
        )
    return {"departments": found, "icons": sorted(icons())}


def _check(request: CityRequest, doc: Doc) -> None:
    """Nothing floats: a queue with open cases stays until they are somewhere else."""
    kept = {
        str(forms.mapped(queue).get("key"))
        for department in forms.listed(doc.get("departments"))
        for queue in forms.listed(forms.mapped(department).get("queues"))
    }
    waiting = leaving.open_by_queue(request.city)
    for queue in queues(request.city):
        if queue.active and queue.key not in kept and waiting.get(queue.key):
            name = pick(queue.name, request.LANGUAGE_CODE, request.city.language)
            words = _("“%(name)s” has %(n)s open cases. Say first where they go, then remove it.")
            raise SetupRefused(words % {"name": name, "n": waiting[queue.key]})
