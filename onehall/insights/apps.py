"""The insights room as a Django app."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class InsightsConfig(AppConfig):
    """Names the room."""

    name = "onehall.insights"
    label = "insights"
    verbose_name = _("Figures")
    default_auto_field = "django.db.models.BigAutoField"
