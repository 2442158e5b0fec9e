"""The setup room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SetupConfig(AppConfig):
    """Names the room."""

    name = "onehall.setup"
    label = "setup"
    verbose_name = _("Set-up")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """The worker plays rehearsals, puts open cases into areas drawn anew, and has gazetteers ready."""
        from onehall.messaging import handlers
        from onehall.setup import area_moves, rehearsals, tasks

        handlers.register(rehearsals.TOPIC, rehearsals.play)
        handlers.register(area_moves.TOPIC, area_moves.work)
        handlers.every("setup.gazetteers", 60, tasks.keep_gazetteers, everywhere=True)
