"""Addresses of the console room."""

from django.urls import URLPattern, URLResolver, path

from onehall.console.views import case, components, inbox, work

app_name = "console"

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk", inbox.inbox, name="inbox"),
    path("desk/queues/<slug:queue_key>", inbox.inbox, name="queue"),
    path("desk/search", inbox.search, name="search"),
    path("desk/cases/<str:number>", case.case, name="case"),
    path("desk/cases/<str:number>/move", case.move, name="move"),
    path("desk/cases/<str:number>/say", case.say, name="say"),
    path("desk/cases/<str:number>/change", case.change, name="change"),
    path("desk/cases/<str:number>/photos/<int:pk>", case.photo, name="photo"),
    path("desk/cases/<str:number>/map-<str:scheme>.webp", case.case_map, name="map"),
    path("desk/work", work.work, name="work"),
    path("desk/work/<str:number>", work.stop, name="stop"),
    path("desk/components", components.components, name="components"),
]
