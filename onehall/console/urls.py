"""Addresses of the console room."""

from django.urls import URLPattern, URLResolver, path

from onehall.console.views import (
    acts,
    arrange,
    ask,
    bulk,
    case,
    components,
    exports,
    figures,
    inbox,
    looking,
    photos,
    saved,
    stop,
    tasks,
    work,
    writing,
)

app_name = "console"

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk", inbox.inbox, name="inbox"),
    path("desk/queues", inbox.all_queues, name="queues"),
    path("desk/queues/<slug:queue_key>", inbox.inbox, name="queue"),
    path("desk/list", arrange.arrange, name="arrange"),
    path("desk/bulk", bulk.choose, name="bulk-choose"),
    path("desk/bulk/<uuid:key>", bulk.bulk, name="bulk"),
    path("desk/views", saved.all_views, name="views"),
    path("desk/views/new", saved.new, name="view-new"),
    path("desk/views/<int:pk>", saved.view, name="view"),
    path("desk/views/<int:pk>/change", saved.change, name="view-change"),
    path("desk/search", inbox.search, name="search"),
    path("desk/cases/<str:number>", case.case, name="case"),
    path("desk/cases/<str:number>/move", acts.move, name="move"),
    path("desk/cases/<str:number>/say", writing.say, name="say"),
    path("desk/cases/<str:number>/prepared/<slug:template_key>", writing.prepared, name="prepared"),
    path("desk/cases/<str:number>/change", acts.change, name="change"),
    path("desk/cases/<str:number>/looking", looking.looking, name="looking"),
    path("desk/cases/<str:number>/tasks", tasks.add, name="tasks"),
    path("desk/cases/<str:number>/tasks/<int:pk>", tasks.act, name="task"),
    path("desk/cases/<str:number>/photos", photos.add, name="photos"),
    path("desk/cases/<str:number>/photos/kept", acts.keep, name="keep"),
    path("desk/cases/<str:number>/photos/<int:pk>", photos.photo, name="photo"),
    path("desk/cases/<str:number>/photos/<int:pk>/original", photos.original, name="original"),
    path("desk/cases/<str:number>/map-<str:scheme>.webp", case.case_map, name="map"),
    path("desk/ask", ask.ask, name="ask"),
    path("desk/cases.csv", exports.cases_csv, name="cases-csv"),
    path("desk/figures", figures.figures, name="figures"),
    path("desk/figures.csv", exports.figures_csv, name="figures-csv"),
    path("desk/work", work.work, name="work"),
    path("desk/work/<str:number>", stop.stop, name="stop"),
    path("desk/components", components.components, name="components"),
]
