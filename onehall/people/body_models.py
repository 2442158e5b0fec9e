"""Outside bodies as rows: contractors and neighboring agencies that cases are handed over to."""

from typing import override

from django.db import models


class Body(models.Model):
    """Somebody outside of the city's staff who does some of its work, known by an address and no account."""

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    key = models.CharField(max_length=60)
    name = models.JSONField()
    does = models.JSONField(default=dict, blank=True)
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=40, blank=True)
    languages = models.JSONField(default=list, blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)

    class Meta:
        verbose_name_plural = "bodies"
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["city", "key"], name="body_key_unique_per_city")
        ]

    @override
    def __str__(self) -> str:
        return self.key
