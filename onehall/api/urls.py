"""Addresses of the api room."""

from django.urls import URLPattern, URLResolver, path

from onehall.api.views import live

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("live/<str:signed>", live.stream, name="live"),
]
