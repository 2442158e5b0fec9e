"""Why a file was not taken, in words for the person who sent it."""

from typing import Final, override

from django.utils.translation import gettext_lazy as _

REASONS: Final = {
    "empty": _("This file is empty. Choose it again."),
    "too_big": _("This file is larger than 10 MB. Send a smaller one, or its pages in parts."),
    "too_many_pages": _("This PDF has more than 300 pages. Send it in parts."),
    "locked": _("This PDF is locked with a password. Save it without one, then send it again."),
    "broken": _("This PDF can not be read. Save it again, or print it into a new PDF."),
    "unsafe": _(
        "This PDF holds programs or files that we can not take out. Print it into a new PDF."
    ),
    "office": _("This is an office document. Save it as a PDF, then send that."),
    "macros": _(
        "This office document holds programs or is locked. Save it as a PDF, then send that."
    ),
    "other": _("We take PDFs and photos (JPEG, PNG, WebP or HEIC). This file is something else."),
    "busy": _("Many files are coming in right now. Wait a minute, then send yours again."),
}


class PaperRefused(Exception):
    """A file that we do not take: `reason_key` is one of `REASONS`, `words` says what to do."""

    def __init__(self, reason_key: str) -> None:
        super().__init__(reason_key)
        self.reason_key = reason_key

    @property
    def words(self) -> str:
        """A sentence for the sender in the active language."""
        return str(REASONS[self.reason_key])

    @override
    def __str__(self) -> str:
        return self.words
