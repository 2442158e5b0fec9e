"""Pictures of a case."""

from typing import override

from django.db import models


class Photo(models.Model):
    """A picture as cleaned by the server. `key` is what its address shows; it changes on redaction.

    `erased` under the city's rules of retention: the row stays, without files, so that figures hold.
    `is_private` came with a report or message whose service shows residents' photos to nobody else.
    """

    class Kind(models.TextChoices):
        """Whose picture it is."""

        BEFORE = "before"
        AFTER = "after"
        MESSAGE = "message"

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    case = models.ForeignKey(
        "casework.Case", null=True, blank=True, on_delete=models.CASCADE, related_name="photos"
    )
    key = models.UUIDField(unique=True)
    draft_key = models.UUIDField(null=True, blank=True)
    request_id = models.BigIntegerField(null=True, blank=True)
    kind = models.CharField(max_length=8, choices=Kind, default=Kind.BEFORE)
    position = models.PositiveSmallIntegerField(default=0)
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    small_name = models.CharField(max_length=120)
    thumb_name = models.CharField(max_length=120)
    original_name = models.CharField(max_length=120)
    clean_name = models.CharField(max_length=120, blank=True)
    words = models.CharField(max_length=200, blank=True)
    facts = models.JSONField(default=dict, blank=True)
    is_public = models.BooleanField(default=False)
    is_private = models.BooleanField(default=False)
    redacted = models.BooleanField(default=False)
    erased = models.BooleanField(default=False, db_default=False)
    removed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.CheckConstraint(
                name="photo_private_is_never_public",
                condition=models.Q(is_private=False) | models.Q(is_public=False),
                violation_error_message="A private photo is never shown to others.",
            )
        ]
        indexes = [
            models.Index(
                "draft_key", name="photo_draft", condition=models.Q(draft_key__isnull=False)
            )
        ]

    @override
    def __str__(self) -> str:
        return f"photo {self.pk}"
