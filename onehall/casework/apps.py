"""The casework room as a Django app."""

from typing import override

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CaseworkConfig(AppConfig):
    """Names the room and registers its recurring work."""

    name = "onehall.casework"
    label = "casework"
    verbose_name = _("Casework")
    default_auto_field = "django.db.models.BigAutoField"

    @override
    def ready(self) -> None:
        """Timers every 20 seconds, forgotten drafts and old presences every hour; reminders to the staff; sums of the map; the archive."""
        from onehall.casework import (
            archiving,
            erasing,
            handing,
            mapping,
            tasks,
            telling,
            telling_bodies,
            timeline_parts,
        )
        from onehall.messaging import handlers

        handlers.register(telling.STAFF_TOPIC, telling.tell_staff)

        handlers.every("casework.timers", 20, tasks.sweep_some, everywhere=True)
        handlers.every("casework.ladders", 60, tasks.sweep_ladders)
        handlers.register(handing.TOPIC, telling_bodies.tell_body)
        handlers.every("casework.bodies", 600, tasks.sweep_bodies)
        handlers.every("casework.drafts", 3600, tasks.purge_drafts)
        handlers.every("casework.presence", 3600, tasks.purge_presence)
        handlers.every("casework.for_you", 30, tasks.mail_for_you)
        handlers.every("casework.for_you_purge", 3600, tasks.purge_for_you)
        handlers.register(erasing.FILES, erasing.forget_files)
        handlers.register(archiving.FORGET, archiving.forget_file)
        handlers.every("casework.archive", 86_400, archiving.carry_out_some, everywhere=True)
        handlers.every("casework.archive_files", 300, archiving.tidy)
        handlers.every("casework.timeline_parts", 300, timeline_parts.keep_ahead)
        handlers.every("casework.map", 60, mapping.fold)
        handlers.every("casework.map_spots", 21_600, mapping.find_piles)
        handlers.every("casework.map_proof", 86_400, mapping.prove)
