"""Which ended cases rules of retention and of the archive may be about; joined ones go with the case that lives on."""

from typing import Final

from django.db import models

BITS: Final = {"contact": 1, "words": 2, "photos": 4}
"""What of a case is erased, as `Case.erased` holds it; the keys are those of `places.retention.KINDS`."""

ALL: Final = sum(BITS.values())

TO_ERASE: Final = models.Q(closed_at__isnull=False, merged_into__isnull=True, erased__lt=ALL)

TO_ARCHIVE: Final = models.Q(
    closed_at__isnull=False, merged_into__isnull=True, archive__isnull=True
)
