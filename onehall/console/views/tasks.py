"""What people do with the tasks of a case: take, finish, skip, add."""

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from onehall.casework import task_actions
from onehall.casework.errors import CaseworkRefused, MoveRefused
from onehall.casework.models import Task
from onehall.catalog.flowparts import PLAIN_DONE
from onehall.catalog.rules import clean_form
from onehall.console.casepage import Loaded
from onehall.console.tasks import ASKED
from onehall.console.trouble import of
from onehall.console.views.acts import acting, again, common
from onehall.console.views.case import done
from onehall.look.doorway import CityRequest


@acting
def act(request: CityRequest, loaded: Loaded, pk: int) -> HttpResponse:
    """One press on a task: `what` is take, done or skip."""
    task = Task.objects.filter(pk=pk, case_id=loaded.case.id).first()
    what = request.POST.get("what", "")
    if task is None or what not in ("take", "done", "skip"):
        raise Http404
    try:
        words = {"take": _take, "done": _done, "skip": _skip}[what](request, loaded, task)
    except CaseworkRefused as no:
        kept = {k: v for k, v in request.POST.items() if isinstance(v, str)}
        return again(request, loaded, of(no, where=f"task-{pk}", typed=kept))
    return done(request, loaded.case.number, words)


@acting
def add(request: CityRequest, loaded: Loaded) -> HttpResponse:
    """A task that the flow does not ask for; for the queue of the case where none is named."""
    queue = request.POST.get("queue", str(loaded.case.queue_id))
    days = request.POST.get("working_days", "")
    try:
        task_actions.add_task(
            **common(request, loaded),
            queue_id=int(queue) if queue.isdecimal() and len(queue) < 18 else -1,
            title=request.POST.get("title", ""),
            working_days=int(days) if days.isdecimal() and len(days) < 4 else 0,
        )
    except CaseworkRefused as no:
        kept = {"title": request.POST.get("title", "")}
        return again(request, loaded, of(no, where="task", typed=kept))
    return done(request, loaded.case.number, _("The task is on the case."))


def _take(request: CityRequest, loaded: Loaded, task: Task) -> str:
    mine = task.assignee_id == request.actor.user_id
    task_actions.take_task(**common(request, loaded), task_id=task.pk)
    return _("The task is back in its queue.") if mine else _("The task is yours now.")


def _done(request: CityRequest, loaded: Loaded, task: Task) -> str:
    asked = task_actions.questions_of(loaded.flow, task)
    raw = {q.key: request.POST.getlist(ASKED + q.key) for q in asked}
    answers, errors, _stop = clean_form(asked, raw)
    if errors:
        raise MoveRefused(next(iter(errors.values())), missing=tuple(errors))
    task_actions.complete_task(
        **common(request, loaded),
        task_id=task.pk,
        outcome=request.POST.get("outcome", PLAIN_DONE),
        words=request.POST.get("words", ""),
        answers=answers,
    )
    return _("The task is done.")


def _skip(request: CityRequest, loaded: Loaded, task: Task) -> str:
    task_actions.skip_task(
        **common(request, loaded), task_id=task.pk, reason=request.POST.get("reason", "")
    )
    return _("The task is skipped.")
