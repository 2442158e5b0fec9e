"""The desk's own words for the fixed categories of states, and for how a report came."""

from django.utils.translation import gettext as _


def category_word(category: str) -> str:
    """What a category means, whatever a city calls its states."""
    return {
        "draft": _("Being written"),
        "submitted": _("New"),
        "intake": _("Being checked"),
        "review": _("In review"),
        "working": _("In work"),
        "waiting_applicant": _("Waiting for resident"),
        "waiting_payment": _("Waiting for a payment"),
        "decision": _("About to be decided"),
        "approved": _("Approved"),
        "issued": _("Issued"),
        "inspection": _("Being inspected"),
        "on_hold": _("On hold"),
        "appeal": _("Objected to"),
        "resolved": _("Done, may be answered"),
        "closed": _("Closed"),
        "denied": _("Declined"),
        "withdrawn": _("Taken back"),
        "expired": _("Ran out"),
        "revoked": _("Taken away"),
    }[category]


def channel_word(key: str) -> str:
    """How a report came, in words."""
    return {
        "web": _("on the web"),
        "phone": _("by phone"),
        "follow": _("followed this case"),
        "staff": _("by our own staff"),
        "api": _("through another app"),
        "import": _("in the former system"),
    }.get(key, key)
