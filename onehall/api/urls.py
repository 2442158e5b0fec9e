"""Addresses of the api room."""

from django.urls import URLPattern, URLResolver, path

from onehall.api.views import bills, live

app_name = "api"

urlpatterns: list[URLPattern | URLResolver] = [
    path("live/<str:signed>", live.stream, name="live"),
    path("api/bills", bills.bills, name="bills"),
    path("api/bills/<str:number>", bills.one, name="bill"),
]
