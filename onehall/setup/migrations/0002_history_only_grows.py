"""Who changed what is never rewritten: the database itself refuses it."""

from django.db import migrations

APPEND_ONLY = """
CREATE FUNCTION onehall_refuse_setup_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('onehall.erase', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'The history of the set-up can only grow: % is refused.', TG_OP;
END $$;
CREATE TRIGGER setup_entry_only_grows BEFORE UPDATE OR DELETE ON setup_changeentry
FOR EACH ROW EXECUTE FUNCTION onehall_refuse_setup_change();
CREATE TRIGGER setup_publication_only_grows BEFORE UPDATE OR DELETE ON setup_publication
FOR EACH ROW EXECUTE FUNCTION onehall_refuse_setup_change();
"""


class Migration(migrations.Migration):
    """Triggers on the entries and on the publications."""

    dependencies = [("setup", "0001_initial")]
    operations = [
        migrations.RunSQL(
            APPEND_ONLY,
            "DROP TRIGGER setup_entry_only_grows ON setup_changeentry;"
            "DROP TRIGGER setup_publication_only_grows ON setup_publication;"
            "DROP FUNCTION onehall_refuse_setup_change()",
        )
    ]
