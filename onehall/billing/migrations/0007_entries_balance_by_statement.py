"""The balance of entries is looked at once for each statement that writes lines: an entry is written by one."""

from django.db import migrations

BY_STATEMENT = """
DROP TRIGGER journal_entry_balances ON billing_journalline;
CREATE OR REPLACE FUNCTION onehall_entry_balances() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    wrong record;
BEGIN
    SELECT entry_id, sum(amount) AS off INTO wrong FROM written GROUP BY entry_id HAVING sum(amount) <> 0 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'The entry % does not sum to nought: it is off by %.', wrong.entry_id, wrong.off
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER journal_entry_balances AFTER INSERT ON billing_journalline
REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION onehall_entry_balances();
"""

BY_LINE = """
DROP TRIGGER journal_entry_balances ON billing_journalline;
CREATE OR REPLACE FUNCTION onehall_entry_balances() RETURNS trigger
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


class Migration(migrations.Migration):
    """A function and its trigger, made anew."""

    dependencies = [("billing", "0006_names_looked_for")]
    operations = [migrations.RunSQL(BY_STATEMENT, BY_LINE)]
