"""Findings as sentences. Each says only what was counted: what stands beside a change is told, not blamed."""

from collections.abc import Mapping

from django.utils import formats
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from onehall.insights.rules import Finding


def sentence(finding: Finding, *, service: str = "") -> str:
    """One finding in words. `service` is the name of the service it is about."""
    now, before = number(finding.now), number(finding.before)
    said = {"service": service, "now": now, "before": before}
    whole = {
        "kept_less": _("Fewer promises were kept: %(now)s%% instead of %(before)s%%."),
        "kept_more": _("More promises were kept: %(now)s%% instead of %(before)s%%."),
        "grew": _("More came in than was closed: %(now)s new, %(before)s closed."),
        "fell": _("More was closed than came in: %(before)s closed, %(now)s new."),
        "level": _("As much was closed as came in: %(now)s."),
        "quiet": _("Nothing came in and nothing was closed."),
        "slower": ngettext(
            "%(service)s takes longer: half of the cases were closed within %(now)s day instead of %(before)s.",
            "%(service)s takes longer: half of the cases were closed within %(now)s days instead of %(before)s.",
            finding.now,
        ),
        "faster": ngettext(
            "%(service)s is faster: half of the cases were closed within %(now)s day instead of %(before)s.",
            "%(service)s is faster: half of the cases were closed within %(now)s days instead of %(before)s.",
            finding.now,
        ),
    }
    after = waiting(finding.waits) if finding.kind == "slower" else ""
    return f"{whole[finding.kind] % said} {after}".rstrip()


def waiting(waits: Mapping[str, int]) -> str:
    """How many open cases of a service stand still, and for whom."""
    total = sum(waits.values())
    if not total:
        return ""
    if len(waits) == 1:
        (category,) = waits
        whole = {
            "waiting_applicant": ngettext(
                "%(n)s open case waits for the resident.",
                "%(n)s open cases wait for the resident.",
                total,
            ),
            "waiting_payment": ngettext(
                "%(n)s open case waits for a payment.",
                "%(n)s open cases wait for a payment.",
                total,
            ),
            "on_hold": ngettext(
                "%(n)s open case is paused.", "%(n)s open cases are paused.", total
            ),
        }
        return whole[category] % {"n": number(total)}
    stands = ngettext("%(n)s open case stands still.", "%(n)s open cases stand still.", total)
    return stands % {"n": number(total)}


def number(value: int) -> str:
    """A whole number as the reader groups it."""
    return formats.number_format(value, force_grouping=True)
