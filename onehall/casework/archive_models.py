"""Rows of the archive: the files in which the histories of cases lie that ended long ago."""

from typing import override

from django.db import models
from django.db.models.functions import Now


class Archive(models.Model):
    """One file of histories. While it has no `sealed_at` it is being written, and nothing may be read from it.

    `blocks` says where in the file to look: the first case, the offset and the length of each compressed piece, in the
    order of the cases. `stale`: it holds more than the cases that name it, and is to be written anew without that.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    name = models.CharField(max_length=120)
    # By the database's own clock: what a run that died left behind is told by its age.
    created_at = models.DateTimeField(db_default=Now())
    sealed_at = models.DateTimeField(null=True, blank=True)
    cases = models.PositiveIntegerField()
    entries = models.PositiveBigIntegerField()
    size = models.PositiveBigIntegerField()
    stale = models.BooleanField(default=False)
    blocks = models.JSONField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "name"], name="archive_file_once"),
            models.CheckConstraint(
                name="archive_holds_cases",
                condition=models.Q(cases__gt=0),
                violation_error_message="An archive without cases is deleted.",
            ),
        ]
        indexes = [
            models.Index(
                "city",
                "id",
                name="archive_to_tidy",
                condition=models.Q(stale=True) | models.Q(sealed_at=None),
            )
        ]

    @override
    def __str__(self) -> str:
        return self.name
