"""Where each door hangs."""

from django.urls import URLPattern, URLResolver, include, path

from onehall.api.health import healthz, readyz

urlpatterns: list[URLPattern | URLResolver] = [
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("accounts/", include("onehall.config.account_urls")),
    path("", include("onehall.api.urls")),
    path("", include("onehall.console.urls")),
    path("", include("onehall.portal.urls")),
]

handler400 = "onehall.look.errors.bad_request"
handler403 = "onehall.look.errors.forbidden"
handler404 = "onehall.look.errors.not_found"
handler500 = "onehall.look.errors.server_error"
