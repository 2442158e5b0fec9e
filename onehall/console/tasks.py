"""The tasks of a case as its page shows them: who, until when, and how each can come out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _

from onehall.casework import rules, task_actions, worklist
from onehall.casework.models import Case, Task
from onehall.casework.wording import Reader
from onehall.catalog.flows import FlowDefinition
from onehall.catalog.services import Question
from onehall.console.desk import Desk
from onehall.console.trouble import Trouble
from onehall.look.forms import Tiles
from onehall.people.permissions import decides, skips

ASKED: Final = "q_"
"""How the names of fields begin that hold answers."""


class TaskForm(forms.Form):
    """How a task came out. Whether it is enough is the engine's to say; its words land here."""

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        task: Task,
        outcomes: Sequence[tuple[str, str]],
        questions: Iterable[Question],
        reader: Reader,
    ) -> None:
        super().__init__(data, auto_id=f"task{task.pk}_%s", use_required_attribute=False)
        if len(outcomes) > 1:
            self.fields["outcome"] = forms.ChoiceField(
                label=_("How did it come out?"), choices=outcomes, widget=Tiles(columns="one")
            )
        for question in questions:
            self.fields[ASKED + question.key] = _field(question, reader)
        self.fields["words"] = forms.CharField(
            label=_("What you found, for the staff"),
            required=False,
            max_length=rules.MAX_WORDS,
            widget=forms.Textarea(attrs={"rows": 2}),
        )

    def refuse(self, words: str, missing: Iterable[str]) -> None:
        """Put a refusal at its fields; without a field it stands in the summary alone."""
        self.is_valid()
        self.errors.clear()
        named = [n for n in missing if n in self.fields or ASKED + n in self.fields]
        for name in named:
            self.add_error(name if name in self.fields else ASKED + name, words)
        if not named:
            self.add_error(None, words)


def _field(question: Question, reader: Reader) -> forms.Field:
    """A plain field for a question; what was typed is cleaned by the catalogue's own rules."""
    given: dict[str, Any] = {
        "label": reader.text(question.label),
        "help_text": reader.text(question.hint),
        "required": question.required,
    }
    options = [(o.key, reader.text(o.label)) for o in question.options]
    match question.type:
        case "choice":
            return forms.ChoiceField(choices=[("", _("Choose")), *options], **given)
        case "choices":
            widget = forms.CheckboxSelectMultiple()
            return forms.MultipleChoiceField(choices=options, widget=widget, **given)
        case "yes_no":
            answers = [("", _("Choose")), ("yes", _("Yes")), ("no", _("No"))]
            return forms.ChoiceField(choices=answers, **given)
        case "number":
            return forms.CharField(widget=forms.TextInput(attrs={"inputmode": "decimal"}), **given)
        case "date":
            return forms.CharField(widget=forms.DateInput(attrs={"type": "date"}), **given)
        case _:
            return forms.CharField(max_length=2000, **given)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLine:
    """One task of a case. `form` is None for people who cannot do it, and for closed ones.

    `kept` says who decides an open one that is kept for some roles, "" where everybody of its team may.
    """

    task: Task
    label: str
    words: str
    queue: str
    who: str
    late: bool
    mine: bool
    outcome: str
    may_skip: bool
    kept: str
    form: TaskForm | None
    where: str
    trouble: str
    open: bool
    skipping: bool


def lines(
    desk: Desk,
    case: Case,
    flow: FlowDefinition,
    tasks: Sequence[Task],
    *,
    reader: Reader,
    trouble: Trouble,
) -> list[TaskLine]:
    """Open tasks, then those that are done or skipped; cancelled ones are on the timeline alone."""
    shown = [t for t in tasks if t.state != Task.State.CANCELLED]
    shown.sort(key=lambda t: t.state != Task.State.OPEN)
    return [_line(desk, case, flow, task, reader, trouble) for task in shown]


def _line(
    desk: Desk, case: Case, flow: FlowDefinition, task: Task, reader: Reader, trouble: Trouble
) -> TaskLine:
    found, where = flow.task(task.key), f"task-{task.pk}"
    refused = trouble.where == where
    is_open, kept_for = task.state == Task.State.OPEN, task_actions.kept_for(flow, task)
    theirs = is_open and may_do(desk, case, task)
    may = theirs and decides(desk.actor.roles, kept_for)
    ends = [(o.key, reader.text(o.label)) for o in task_actions.outcomes_of(flow, task)]
    return TaskLine(
        task=task,
        label=worklist.label_of(task, flow, reader),
        words=reader.text(found[1].words) if found else "",
        queue=reader.queue_names.get(task.queue_id, ""),
        who=task.assignee.name if task.assignee else "",
        late=is_open and task.due_at is not None and task.due_at < desk.now,
        mine=task.assignee_id == desk.actor.user_id,
        outcome=dict(ends).get(task.outcome, "") or str(Task.State(task.state).label),
        may_skip=theirs and skips(desk.actor.roles, kept_for),
        kept=task_actions.not_yours(flow, task) if is_open and kept_for else "",
        form=_form(flow, task, ends, reader, trouble if refused else None) if may else None,
        where=where,
        trouble=trouble.words if refused else "",
        open=refused and "reason" not in trouble.typed,
        skipping=refused and "reason" in trouble.typed,
    )


def may_do(desk: Desk, case: Case, task: Task) -> bool:
    """Whether a task is for this person's team, on a case that is still worked."""
    return case.merged_into_id is None and task_actions.is_theirs(case, task, desk.actor)


def _form(
    flow: FlowDefinition,
    task: Task,
    outcomes: Sequence[tuple[str, str]],
    reader: Reader,
    trouble: Trouble | None,
) -> TaskForm:
    refused = trouble if trouble is not None and "reason" not in trouble.typed else None
    form = TaskForm(
        refused.typed if refused else None,
        task=task,
        outcomes=outcomes,
        questions=task_actions.questions_of(flow, task),
        reader=reader,
    )
    if refused:
        form.refuse(refused.words, refused.missing)
    return form
