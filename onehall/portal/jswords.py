"""The words that scripts of the portal say, in the reader's language. `{n}` and the like are filled in by the script."""

from django.utils.translation import gettext as _


def report_words(*, things: bool) -> dict[str, str | dict[str, str]]:
    """Words of the report form's script; those of the blur window are under "blurring", those of the `things` on the map under "things"."""
    said: dict[str, str | dict[str, str]] = {
        "blurring": _blur_words(),
        "photo": _("Your photo {n}"),
        "remove": _("Remove photo {n}"),
        "removed": _("Photo removed"),
        "blur": _("Blur a face or a plate in photo {n}"),
        "sending": _("Sending"),
        "waiting": _("Waiting for a signal"),
        "tooMany": _("You can add up to {n} photos."),
        "photoFailed": _("{name}: it could not be sent. Choose it again."),
        "stale": _("This page was open too long. Load it again; what you wrote is kept."),
        "found": _("{n} places found. Use the arrow keys."),
        "notFound": _("No place of that name. Your own words are fine too."),
        "finding": _("Looking for where you are"),
        "denied": _("Your phone did not give us the place. Type it, or use the map."),
        "noFix": _("Your phone could not find out where you are. Type the place, or use the map."),
        "vague": _("Your phone only knows the place within {distance}. Type it, or use the map."),
        "noAnswer": _("We could not be reached. Try again when you have a signal."),
        "mapFailed": _("The map could not be loaded. Type the place instead."),
        "mapLabel": _(
            "Map. Move it with the arrow keys, or tap a spot. Plus and minus zoom. "
            "The place under the cross is used."
        ),
        "mapMove": _("Move the map until the cross is on the place."),
        "mapHide": _("Hide the map"),
        "zoomIn": _("Zoom in"),
        "zoomOut": _("Zoom out"),
        "saved": _("Saved on this phone"),
        "sendingReport": _("Sending your report"),
        "photosFirst": _("Your photos are on their way. We send in a moment."),
        "offline": _("No signal. Everything is saved on this phone. Send again later."),
        "stopped": _("First look at the red box."),
    }
    if things:
        said["things"] = _thing_words()
    return said


def _blur_words() -> dict[str, str]:
    return {
        "title": _("What should nobody see?"),
        "hint": _(
            "Draw a box over each face or plate. With keys: add a box, move it with the arrows, "
            "and change its size with Shift and the arrows."
        ),
        "sheet": _("Photo with {n} boxes"),
        "add": _("Add a box"),
        "undo": _("Undo"),
        "blur": _("Blur these"),
        "cancel": _("Leave as it is"),
        "failed": _("That did not work. Try again in a moment."),
        "none": _("Draw a box first."),
    }


def _thing_words() -> dict[str, str]:
    return {
        "map": _(
            "Map. Move it with the arrow keys, or tap a spot. Plus and minus zoom. The place under "
            "the cross is used. The Tab key goes to the things on it, arrow keys from one to the next."
        ),
        "some": _("On the map: {n}. Choose one there, or type its number."),
        "more": _("Only the {n} nearest to the cross are on the map. Zoom in to see the others."),
        "none": _("None with a number here. Move the map, or say where it is in words."),
        "told": _("A diamond means that somebody reported it already."),
        "many": _("{n} close together. Zoom in to tell them apart."),
        "manyTold": _("{n} close together, {told} of them reported. Zoom in to tell them apart."),
        "pile": _("{n} on one spot. Choose one below the map, or type its number."),
        "chosen": _("Chosen: {words}"),
    }
