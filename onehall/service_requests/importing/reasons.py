"""What can be wrong with a row, and what is put right on the way, in words for the operator."""

from collections.abc import Mapping
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

type Sentences = Mapping[str, Promise]


class RowRejected(Exception):
    """This row is not imported. `key` is one of `REASONS`; `detail` shows what was found."""

    def __init__(self, key: str, detail: str = "") -> None:
        super().__init__(key, detail)
        self.key = key
        self.detail = detail

    def sentence(self) -> str:
        """The reason with what was found."""
        return f"{REASONS[self.key]}: {self.detail}" if self.detail else str(REASONS[self.key])


REASONS: Final[Sentences] = {
    "unreadable": _("The row cannot be read"),
    "columns": _("The row has another number of columns than the header"),
    "no_id": _("No id"),
    "long_id": _("The id has more than 80 characters"),
    "duplicate": _("The id came earlier in this file"),
    "no_opened": _("No opening time"),
    "bad_opened": _("The opening time cannot be read"),
    "opened_bounds": _("The opening time is outside the allowed years"),
    "bad_closed": _("The closing time cannot be read"),
    "closed_bounds": _("The closing time is outside the allowed years"),
    "closed_early": _("Closed before it was opened"),
    "closed_missing": _("Closed without a closing time"),
    "status": _("Unknown status"),
    "service": _("Unknown service"),
    "department": _("Unknown department"),
    "outside": _("The place is outside the city limit"),
}
"""Why a row is rejected. The keys are counted in the run."""

REPAIRS: Final[Sentences] = {
    "service_kept_as": _("service not in the catalog: kept under the fallback service"),
    "department_unknown": _("department not known: queue by the service's routing"),
    "department_blank": _("department blank: queue by the service's routing"),
    "place_missing": _("no place in the file: kept without one"),
    "place_unreadable": _("coordinates that cannot be read: place dropped"),
    "place_default": _("coordinates that the source uses for “unknown”: place dropped"),
    "place_named": _("no words for the place: named after the street at its pin"),
    "place_outside": _("outside the city limit: kept with its pin"),
    "pin_dropped": _("outside the city limit: pin dropped, coordinates kept as an internal fact"),
    "due_unreadable": _("due date that cannot be read: dropped"),
    "due_early": _("due date before the opening: dropped"),
    "due_far": _("due date too far after the opening: dropped"),
    "updated_dropped": _("update time that cannot be used: dropped"),
    "closed_ignored": _("closing time of a row that is still open: dropped"),
    "closed_at_opened": _("closed before it was opened: closing time set to the opening"),
    "closed_from_updated": _("no closing time: the last update was taken"),
    "closed_from_opened": _("no closing time: the opening was taken"),
    "closed_unknown": _("no closing time: left empty"),
    "status_unknown": _("status not known: taken as the profile says"),
    "words_cut": _("text cut to 4,000 characters"),
    "place_words_cut": _("words of the place cut to 300 characters"),
    "characters": _("characters that cannot be read or stored were replaced"),
}
"""What was put right. One row may count under several."""
