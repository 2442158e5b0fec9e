"""Addresses of the portal room."""

from django.urls import URLPattern, URLResolver, path, re_path, register_converter
from django.urls.converters import StringConverter

from onehall.portal.views import (
    alerts,
    areas,
    away,
    bills,
    cart,
    city,
    demo,
    files,
    home,
    invited,
    mine,
    outside,
    paid,
    paying,
    photos,
    places,
    plans,
    preview,
    receipts,
    report,
    status,
    things,
)

_SHADE = r"(?P<scheme>(?:light|dark)(?:-[A-Za-z0-9-]{2,20})?)"


class Secret(StringConverter):
    """The secret text of a report's link: letters that a link may hold, and no dot."""

    regex = "[A-Za-z0-9_-]{8,24}"


register_converter(Secret, "secret")
app_name = "portal"

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home.home, name="home"),
    path("r/<secret:token>.json", status.status_json, name="status-json"),
    path("r/<secret:token>", status.status, name="status"),
    path("r/<secret:token>/map/<slug:scheme>.webp", status.picture, name="status-map"),
    path("r/<secret:token>/write", status.write, name="write"),
    path("r/<secret:token>/verdict", status.verdict, name="verdict"),
    path("r/<secret:token>/rate", status.rate, name="rate"),
    path("r/<secret:token>/news", status.news, name="news"),
    path("r/<secret:token>/photos/<uuid:photo>/<slug:size>.jpg", photos.own, name="own-photo"),
    path("r/<secret:token>/files/<uuid:key>", files.show, name="file"),
    path("outside/<secret:token>", outside.case, name="outside"),
    path("outside/<secret:token>/map/<slug:scheme>.webp", outside.picture, name="outside-map"),
    path(
        "outside/<secret:token>/photos/<uuid:photo>/<slug:size>.jpg",
        outside.photo,
        name="outside-photo",
    ),
    path("city", city.city, name="city"),
    path("city/alerts/new", alerts.ask, name="alert-ask"),
    path("alerts/<secret:token>", alerts.alert, name="alert"),
    path("alerts/<secret:token>/confirm", alerts.confirm, name="alert-confirm"),
    path("alerts/<secret:token>/stop", alerts.stop, name="alert-stop"),
    path("city.atom", city.feed, name="city-feed"),
    path("city/areas", areas.index, name="areas"),
    path("city/areas/<slug:layer>/<path:code>", areas.area, name="area"),
    path(
        "city/things/<slug:kind>/<path:code>/map/<slug:scheme>.webp",
        things.picture,
        name="thing-map",
    ),
    path("city/things/<slug:kind>/<path:code>", things.thing, name="thing"),
    path("city/<str:number>", city.case, name="city-case"),
    path("city/<str:number>/follow", city.follow, name="city-follow"),
    path("city/<str:number>/map/<slug:scheme>.webp", city.picture, name="city-map"),
    path("brand.css", home.brand, name="brand"),
    path("about/accessibility", home.about, {"topic": "accessibility"}, name="accessibility"),
    path("about/privacy", home.about, {"topic": "privacy"}, name="privacy"),
    path("report", report.choose, name="choose"),
    path("waiting/<uuid:key>", away.wait, name="waiting"),
    path("report/<slug:service_key>", report.form, name="report"),
    path("report/<slug:service_key>/near", places.near, name="near"),
    path("report/<slug:service_key>/things.json", things.marks, name="marks"),
    path("preview/service", preview.service, name="preview"),
    path("places/find", places.find, name="find-place"),
    path("places/name", places.name, name="name-place"),
    re_path(
        rf"^tiles/{_SHADE}/(?P<z>\d{{1,2}})/(?P<x>\d{{1,7}})/(?P<y>\d{{1,7}})\.webp$",
        places.tile,
        name="tile",
    ),
    re_path(rf"^map/{_SHADE}/(?P<pick>[^/]{{10,2000}})\.webp$", places.still, name="still"),
    path("drafts/<uuid:key>/photos", photos.add, name="photo-add"),
    path("drafts/<uuid:key>/photos/<uuid:photo>/remove", photos.remove, name="photo-remove"),
    path("drafts/<uuid:key>/photos/<uuid:photo>/blur", photos.blur, name="photo-blur"),
    re_path(
        r"^photos/(?P<photo>[0-9a-f-]{36})/(?P<size>large|small|thumb)\.jpg$",
        photos.show,
        name="photo",
    ),
    path("mine", mine.mine, name="mine"),
    path("pay", paying.choose, name="pay"),
    path("pay/find/<slug:kind>", paying.find, name="pay-find"),
    path("pay/found", paying.found, name="pay-found"),
    path("pay/add", paying.add, name="pay-add"),
    path("pay/cart", cart.chosen, name="pay-cart"),
    path("pay/back/<uuid:key>", paid.back, name="pay-back"),
    path("pay/back/<uuid:key>/stop", paid.stop, name="pay-stop"),
    path("pay/webhook/<slug:provider>", paid.webhook, name="pay-webhook"),
    path("bills/<secret:token>", bills.bill, name="bill"),
    path("bills/<secret:token>.pdf", bills.pdf, name="bill-pdf"),
    path("bills/<secret:token>/account", bills.account, name="bill-account"),
    path("bills/<secret:token>/plan", plans.plan, name="bill-plan"),
    path("bills/<secret:token>/plan.ics", plans.calendar, name="bill-plan-days"),
    path("receipts/<secret:token>", receipts.receipt, name="receipt"),
    path("receipts/<secret:token>.pdf", receipts.pdf, name="receipt-pdf"),
    re_path(r"^invited/(?P<secret>[A-Za-z0-9_:-]{20,400})$", invited.invited, name="invited"),
    path("demo", demo.people, name="demo-people"),
    path("demo/sign-in", demo.sign_in, name="demo-sign-in"),
    path("demo/mail", demo.mailbox, name="mailbox"),
    path("demo/mail/<int:pk>", demo.message, name="message"),
]
