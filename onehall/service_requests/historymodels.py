"""Made-up histories: what was asked for, which keys were kept for it, and how far it has come."""

from typing import override

from django.db import models


class HistoryRun(models.Model):
    """One made-up history. Its counts are committed with the rows they count.

    `first_ids` and `numbers` were reserved before the first row. `done` counts the parts that each
    process has written, one of `len(done)` after the other. `put_back` are the statements that bring
    back the indexes and constraints that were left out meanwhile.
    """

    city = models.ForeignKey("places.City", on_delete=models.CASCADE, db_index=False)
    profile = models.CharField(max_length=60)
    profile_digest = models.CharField(max_length=64)
    seed = models.BigIntegerField()
    years = models.PositiveSmallIntegerField()
    cases = models.PositiveBigIntegerField()
    requests = models.PositiveBigIntegerField()
    part_size = models.PositiveIntegerField()
    until = models.DateTimeField()
    first_ids = models.JSONField(default=dict)
    numbers = models.JSONField(default=dict)
    done = models.JSONField(default=list)
    put_back = models.JSONField(default=list, blank=True)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["city", "profile", "seed"], name="history_once_per_seed"
            )
        ]

    @override
    def __str__(self) -> str:
        return f"{self.cases} cases like {self.profile}, seed {self.seed}"

    @property
    def parts(self) -> int:
        """In how many parts it is written."""
        return -(-self.cases // self.part_size)

    @property
    def written(self) -> int:
        """How many of its cases are there."""
        whole = int(sum(self.done)) * self.part_size
        last, lanes = self.parts - 1, len(self.done)
        # The last part may be a smaller one.
        if self.done and self.done[last % lanes] > last // lanes:
            whole -= self.parts * self.part_size - self.cases
        return whole
