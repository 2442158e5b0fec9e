"""The moves of a case as buttons: words, letter keys, and the form where a move asks for something."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext as _

from onehall.casework import rules
from onehall.casework.wording import Reader
from onehall.catalog.flows import FlowDefinition, Move
from onehall.catalog.services import ServiceDefinition
from onehall.console.forms import MoveForm
from onehall.console.trouble import Trouble
from onehall.look.forms import Choice, Tiles

LETTERS: Final = {"close": "c", "ask": "a", "start": "s", "reopen": "o", "answer": "a"}
"""Letter keys of moves by purpose; the others take the first free letter of their own key."""

TAKEN: Final = frozenset("dwtnjku")
"""Letters of other acts of the page: join (a duplicate), write, take, send to another queue, next, previous, up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveButton:
    """One move. `form` is None where one press makes it."""

    key: str
    label: str
    hint: str
    icon: str
    purpose: str
    letter: str
    main: bool
    open: bool
    form: MoveForm | None
    photo_outcomes: str
    writes: bool
    waits: bool
    draft: uuid.UUID


def buttons(
    moves: Iterable[Move],
    *,
    flow: FlowDefinition,
    service: ServiceDefinition,
    reader: Reader,
    trouble: Trouble,
    waiting: bool = False,
) -> list[MoveButton]:
    """Buttons in the order of the flow, the likely one first; a refused one is open with its words.

    `waiting` says that a part of the case is still open: a close may have to say why.
    """
    found: list[MoveButton] = []
    used = set(TAKEN)
    ordered = sorted(moves, key=lambda m: m.purpose != "close")
    for step in ordered:
        letter = _letter(step, used)
        used.add(letter)
        refused = trouble.where == step.key
        form = _form(step, flow, service, reader, trouble if refused else None, waiting=waiting)
        found.append(
            MoveButton(
                key=step.key,
                label=reader.text(step.label),
                hint=reader.text(step.hint),
                icon=step.icon or "arrow",
                purpose=step.purpose,
                letter=letter,
                main=not found,
                open=refused,
                photo_outcomes=" ".join(_needing_photo(step, flow, service)),
                form=form,
                waits=form is not None and step.purpose == "close" and "reason" in form.fields,
                writes=form is not None and "words" in form.fields,
                draft=trouble.draft if refused and trouble.draft else uuid.uuid4(),
            )
        )
    return found


def asks(step: Move) -> bool:
    """Whether a move needs more than a press."""
    return bool(step.needs) or step.purpose == "close"


def _needing_photo(step: Move, flow: FlowDefinition, service: ServiceDefinition) -> list[str]:
    """Keys of the outcomes that a close gives with a photo only."""
    if step.purpose != "close":
        return []
    ends = rules.outcomes_for(flow, service)
    return [o.key for o in ends if "after_photo" in rules.needs_of(step, service, o)]


def closing_words(service: ServiceDefinition) -> str:
    """What a close needs, in a sentence."""
    if "after_photo" in service.closing_needs:
        return _("To close, this service needs an after photo and a line for the resident.")
    return _("To close, this service needs a line for the resident.")


def _letter(step: Move, used: set[str]) -> str:
    wished = LETTERS.get(step.purpose, "")
    free = (c for c in [wished, *step.key] if c.isascii() and c.isalpha() and c not in used)
    return next(free, "")


def _form(
    step: Move,
    flow: FlowDefinition,
    service: ServiceDefinition,
    reader: Reader,
    trouble: Trouble | None,
    *,
    waiting: bool,
) -> MoveForm | None:
    if not asks(step):
        return None
    outcomes = [
        (o.key, Choice(reader.text(o.label), hint=_outcome_hint(step, service, o.key, flow)))
        for o in rules.outcomes_for(flow, service)
    ]
    form = MoveForm(
        trouble.typed if trouble else None,
        move=step,
        outcomes=outcomes,
        outcome_widget=Tiles(columns="one"),
        waiting=waiting,
    )
    if trouble is not None and trouble.photo_words:
        form.refuse_photo(trouble.photo_words)
    elif trouble is not None and trouble.changed_since is None and not trouble.fresh:
        form.refuse(trouble.words, trouble.missing)
    elif trouble is not None:
        # What was typed is fine; only the case has changed, or words were put in.
        form.is_valid()
        form.errors.clear()
    return form


def _outcome_hint(step: Move, service: ServiceDefinition, key: str, flow: FlowDefinition) -> str:
    needs = rules.needs_of(step, service, flow.outcomes[key])
    hints = [
        words
        for need, words in (
            ("after_photo", _("with a photo")),
            ("handed_to", _("and who has it now")),
        )
        if need in needs
    ]
    return ", ".join(hints)
