"""Addresses of the pages of money."""

from typing import Final

from django.urls import URLPattern, path

from onehall.console.views.money import (
    bill,
    counter,
    day,
    drawers,
    ledgers,
    lists,
    paper,
    payment,
    plans,
    refunds,
    write,
)

PAGE: Final = {"form": "page"}
PDF: Final = {"form": "pdf"}

money: list[URLPattern] = [
    path("desk/money", lists.bills, name="money"),
    path("desk/money/bills/new", write.write, name="money-write"),
    path("desk/money/bills/<int:pk>", bill.bill, name="money-bill"),
    path("desk/money/bills/<int:pk>/link", bill.link, name="money-bill-link"),
    path("desk/money/bills/<int:pk>/adjust", bill.adjust, name="money-bill-adjust"),
    path("desk/money/bills/<int:pk>/void", bill.void, name="money-bill-void"),
    path("desk/money/payments/<int:pk>", payment.payment, name="money-payment"),
    path("desk/money/payments/<int:pk>/receipt", paper.receipt, PAGE, name="money-receipt"),
    path("desk/money/payments/<int:pk>/receipt.pdf", paper.receipt, PDF, name="money-receipt-pdf"),
    path("desk/money/payments/<int:pk>/apply", counter.apply, name="money-apply"),
    path("desk/money/payments/<int:pk>/bounced", payment.bounced, name="money-bounced"),
    path("desk/money/payments/<int:pk>/chargeback", payment.chargeback, name="money-chargeback"),
    path("desk/money/payments/<int:pk>/refund", refunds.ask, name="money-refund-ask"),
    path("desk/money/bills/<int:pk>/plan", plans.make, name="money-plan-make"),
    path("desk/money/plans", plans.listed, name="money-plans"),
    path("desk/money/plans/<int:pk>", plans.plan, name="money-plan"),
    path("desk/money/plans/<int:pk>/end", plans.end, name="money-plan-end"),
    path("desk/money/plans/asked/<int:pk>", plans.decide, name="money-plan-decide"),
    path("desk/money/counter", counter.counter, name="money-counter"),
    path("desk/money/drawers", drawers.drawers, name="money-drawers"),
    path("desk/money/drawers/<int:pk>", drawers.drawer, name="money-drawer"),
    path("desk/money/refunds", refunds.refunds, name="money-refunds"),
    path("desk/money/refunds/<int:pk>/decide", refunds.decide, name="money-refund-decide"),
    path("desk/money/refunds/<int:pk>/carry-out", refunds.carry_out, name="money-refund-carry"),
    path("desk/money/day", day.day, name="money-day"),
    path("desk/money/day/<str:on>", day.day, name="money-day-of"),
    path("desk/money/export.csv", day.export, name="money-export"),
    path("desk/money/receivables", ledgers.aging, name="money-aging"),
    path("desk/money/exceptions", ledgers.to_look_at, name="money-exceptions"),
    path("desk/money/exceptions/<int:pk>", ledgers.resolve, name="money-exception"),
    path("desk/money/payouts", ledgers.payouts, name="money-payouts"),
    path("desk/money/payouts/<int:pk>", ledgers.payout, name="money-payout"),
    path("desk/money/overrides", ledgers.overrides, name="money-overrides"),
    path("desk/money/overrides.csv", ledgers.overrides_csv, name="money-overrides-csv"),
    path("desk/money/accounts/<int:pk>", paper.statement, PAGE, name="money-account"),
    path("desk/money/accounts/<int:pk>.pdf", paper.statement, PDF, name="money-account-pdf"),
]
