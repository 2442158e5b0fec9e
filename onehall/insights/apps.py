"""The insights room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightsConfig(AppConfig):
    """Names the room."""

    name = "onehall.insights"
    label = "insights"
    verbose_name = _("Figures")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Sums by day every half minute, every night a proof that they are right, and the areas four times a day."""
        from onehall.casework import bulk
        from onehall.insights import areas, rollups, statements
        from onehall.messaging import handlers

        handlers.every("insights.rollups", 30, rollups.keep_current)
        handlers.every("insights.proof", 86_400, rollups.prove)
        handlers.every("insights.areas", 60, areas.keep_current)
        bulk.LATE.extend(statements.LATE)
