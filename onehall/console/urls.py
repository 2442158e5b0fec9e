"""Addresses of the console room."""

from django.urls import URLPattern, URLResolver, path

from onehall.console.views import (
    acts,
    ask,
    case,
    components,
    exports,
    figures,
    files,
    for_you,
    inbox,
    looking,
    orders,
    parts,
    photos,
    stop,
    tasks,
    work,
    writing,
)
from onehall.console.views.setup import answers as setup_answers
from onehall.console.views.setup import flows as setup_flows
from onehall.console.views.setup import history as setup_history
from onehall.console.views.setup import migration as setup_migration
from onehall.console.views.setup import overview as setup
from onehall.console.views.setup import services as setup_services
from onehall.console.views.setup import text as setup_text

app_name = "console"

urlpatterns: list[URLPattern | URLResolver] = [
    path("desk", inbox.inbox, name="inbox"),
    path("desk/queues", inbox.all_queues, name="queues"),
    path("desk/queues/<slug:queue_key>", inbox.inbox, name="queue"),
    path("desk/search", inbox.search, name="search"),
    path("desk/orders", orders.work_orders, {"form": "page"}, name="orders"),
    path("desk/orders.pdf", orders.work_orders, {"form": "pdf"}, name="orders-pdf"),
    path("desk/cases/<str:number>/record", orders.case_record, {"form": "page"}, name="record"),
    path(
        "desk/cases/<str:number>/record.pdf",
        orders.case_record,
        {"form": "pdf"},
        name="record-pdf",
    ),
    path("desk/for-you", for_you.page, name="for-you"),
    path("desk/for-you/read", for_you.read, name="for-you-read"),
    path("desk/for-you/wishes", for_you.wishes, name="for-you-wishes"),
    path("desk/cases/<str:number>", case.case, name="case"),
    path("desk/cases/<str:number>/follow", for_you.follow, name="follow"),
    path("desk/cases/<str:number>/move", acts.move, name="move"),
    path("desk/cases/<str:number>/say", writing.say, name="say"),
    path("desk/cases/<str:number>/prepared/<slug:template_key>", writing.prepared, name="prepared"),
    path("desk/cases/<str:number>/change", acts.change, name="change"),
    path("desk/cases/<str:number>/looking", looking.looking, name="looking"),
    path("desk/cases/<str:number>/tasks", tasks.add, name="tasks"),
    path("desk/cases/<str:number>/tasks/<int:pk>", tasks.act, name="task"),
    path("desk/cases/<str:number>/files", files.add, name="files"),
    path("desk/cases/<str:number>/files/<int:pk>", files.act, name="file"),
    path("desk/cases/<str:number>/files/<uuid:key>", files.show, name="file-show"),
    path("desk/cases/<str:number>/split", parts.split, name="split"),
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
    path("desk/set-up", setup.overview, name="setup"),
    path("desk/set-up/publish", setup.publish, name="setup-publish"),
    path("desk/set-up/discard", setup.discard, name="setup-discard"),
    path("desk/set-up/city.zip", setup.export, name="setup-zip"),
    path("desk/set-up/history", setup_history.history, name="setup-history"),
    path("desk/set-up/history/<int:pk>", setup_history.entry, name="setup-entry"),
    path("desk/set-up/published/<int:pk>", setup_history.publication, name="setup-publication"),
    path("desk/set-up/services", setup_services.services, name="setup-services"),
    path("desk/set-up/services/<slug:service_key>", setup_services.service, name="setup-service"),
    path("desk/set-up/flows", setup_flows.flows, name="setup-flows"),
    path("desk/set-up/flows/<slug:flow_key>", setup_flows.flow, name="setup-flow"),
    path("desk/set-up/flows/<slug:flow_key>.svg", setup_flows.drawing, name="setup-flow-svg"),
    path(
        "desk/set-up/flows/<slug:flow_key>/cases/<int:version>",
        setup_migration.cases,
        name="setup-flow-cases",
    ),
    path(
        "desk/set-up/flows/<slug:flow_key>/<slug:part>/<slug:name>",
        setup_flows.part,
        name="setup-flow-part",
    ),
    path("desk/set-up/answers", setup_answers.answers, name="setup-answers"),
    path("desk/set-up/answers/<slug:template_key>", setup_answers.answer, name="setup-answer"),
    path("desk/set-up/files", setup_text.files, name="setup-files"),
    path("desk/set-up/files/<path:path>/raw", setup_text.raw, name="setup-raw"),
    path("desk/set-up/files/<path:path>", setup_text.text, name="setup-text"),
    path("desk/components", components.components, name="components"),
]
