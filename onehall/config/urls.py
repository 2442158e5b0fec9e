"""Where each door hangs."""

from django.urls import URLPattern, URLResolver, include, path

from onehall.api.health import healthz, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    # Tried from the top: the doors that most people come through stand first.
    path("", include("onehall.portal.urls")),
    path("", include("onehall.console.urls")),
    path("", include("onehall.api.urls")),
    path("accounts/", include("onehall.config.account_urls")),
]

handler400 = "onehall.look.errors.bad_request"
handler403 = "onehall.look.errors.forbidden"
handler404 = "onehall.look.errors.not_found"
handler500 = "onehall.portal.views.away.server_error"
