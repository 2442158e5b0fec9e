"""Rows of billing. Amounts are integers of the smallest unit of the city's currency.

What is owed is said by the journal alone; `owed` on bills and their lines is its sum, written by `posting` in the same
transaction and compared with it by the proof every night.
"""

from onehall.billing.back_models import ApiCall as ApiCall
from onehall.billing.back_models import ApiKey as ApiKey
from onehall.billing.back_models import LedgerProof as LedgerProof
from onehall.billing.bill_models import Account as Account
from onehall.billing.bill_models import Adjustment as Adjustment
from onehall.billing.bill_models import AdjustmentKind as AdjustmentKind
from onehall.billing.bill_models import BillingSetup as BillingSetup
from onehall.billing.bill_models import Charge as Charge
from onehall.billing.bill_models import ChargeKind as ChargeKind
from onehall.billing.bill_models import Invoice as Invoice
from onehall.billing.bill_models import Series as Series
from onehall.billing.ledger_models import EntryKind as EntryKind
from onehall.billing.ledger_models import JournalEntry as JournalEntry
from onehall.billing.ledger_models import JournalLine as JournalLine
from onehall.billing.payment_models import Allocation as Allocation
from onehall.billing.payment_models import Attempt as Attempt
from onehall.billing.payment_models import AttemptPart as AttemptPart
from onehall.billing.payment_models import AttemptStatus as AttemptStatus
from onehall.billing.payment_models import Payment as Payment
from onehall.billing.payment_models import PaymentException as PaymentException
from onehall.billing.payment_models import PaymentMethod as PaymentMethod
from onehall.billing.payment_models import ProviderEvent as ProviderEvent
from onehall.billing.plan_models import Instalment as Instalment
from onehall.billing.plan_models import PaymentPlan as PaymentPlan
from onehall.billing.plan_models import PlanPause as PlanPause
from onehall.billing.plan_models import PlanRequest as PlanRequest
from onehall.billing.refund_models import Chargeback as Chargeback
from onehall.billing.refund_models import Refund as Refund
from onehall.billing.refund_models import RefundLine as RefundLine
from onehall.billing.refund_models import RefundStatus as RefundStatus
from onehall.billing.till_models import DayClose as DayClose
from onehall.billing.till_models import Drawer as Drawer
from onehall.billing.till_models import Payout as Payout
from onehall.billing.till_models import PayoutItem as PayoutItem
