"""What the database itself enforces of money: entries sum to nought, and what is written down is not changed."""

from django.db import migrations

BALANCES = """
CREATE FUNCTION onehall_entry_balances() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    off bigint;
BEGIN
    SELECT sum(amount) INTO off FROM billing_journalline WHERE entry_id = NEW.entry_id;
    IF off <> 0 THEN
        RAISE EXCEPTION 'The entry % does not sum to nought: it is off by %.', NEW.entry_id, off
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER journal_entry_balances AFTER INSERT ON billing_journalline
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION onehall_entry_balances();
"""

ONLY_GROWS = """
CREATE FUNCTION onehall_money_only_grows() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% only grows: % is refused. Write another entry.', TG_TABLE_NAME, TG_OP;
END $$;
CREATE TRIGGER journal_only_grows BEFORE UPDATE OR DELETE ON billing_journalentry
FOR EACH ROW EXECUTE FUNCTION onehall_money_only_grows();
CREATE TRIGGER journal_only_grows BEFORE UPDATE OR DELETE ON billing_journalline
FOR EACH ROW EXECUTE FUNCTION onehall_money_only_grows();
CREATE TRIGGER allocations_only_grow BEFORE UPDATE OR DELETE ON billing_allocation
FOR EACH ROW EXECUTE FUNCTION onehall_money_only_grows();
CREATE TRIGGER adjustments_only_grow BEFORE UPDATE OR DELETE ON billing_adjustment
FOR EACH ROW EXECUTE FUNCTION onehall_money_only_grows();
"""


class Migration(migrations.Migration):
    """Functions and triggers."""

    dependencies = [("billing", "0001_initial")]
    operations = [
        migrations.RunSQL(
            BALANCES,
            "DROP TRIGGER journal_entry_balances ON billing_journalline;"
            "DROP FUNCTION onehall_entry_balances()",
        ),
        migrations.RunSQL(
            ONLY_GROWS,
            "DROP TRIGGER journal_only_grows ON billing_journalentry;"
            "DROP TRIGGER journal_only_grows ON billing_journalline;"
            "DROP TRIGGER allocations_only_grow ON billing_allocation;"
            "DROP TRIGGER adjustments_only_grow ON billing_adjustment;"
            "DROP FUNCTION onehall_money_only_grows()",
        ),
    ]
