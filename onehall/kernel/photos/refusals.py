"""Why a photo was not taken, in words for the person who sent it."""

from typing import Final, override

from django.utils.translation import gettext_lazy as _

REASONS: Final = {
    "empty": _("This file is empty. Choose the photo again."),
    "too_big": _("This photo is larger than 15 MB. Choose a smaller one, or take it again."),
    "too_many_pixels": _("This photo has too many pixels. Choose a smaller one, or take it again."),
    "too_small": _("This photo is too small to see anything. Choose a larger one."),
    "broken": _("This photo did not arrive whole. Choose it again, or take it again."),
    "gif": _("This is a GIF. Choose a photo (JPEG, PNG, WebP or HEIC)."),
    "drawing": _("This is a drawing or a web page. Choose a photo (JPEG, PNG, WebP or HEIC)."),
    "pdf": _("This is a PDF. Choose a photo (JPEG, PNG, WebP or HEIC)."),
    "tiff": _("This is a TIFF. Choose a photo (JPEG, PNG, WebP or HEIC)."),
    "avif": _("This is an AVIF picture. Choose a photo (JPEG, PNG, WebP or HEIC)."),
    "video": _("This is a video. Choose a photo instead."),
    "not_a_photo": _("We cannot read this file as a photo. Choose a JPEG, PNG, WebP or HEIC."),
    "busy": _("Many photos are coming in right now. Wait a minute, then send yours again."),
}


class PhotoRefused(Exception):
    """A photo that we do not take: `reason_key` is one of `REASONS`, `words` says what to do, translated when shown."""

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
