"""A published flow document is what its cases were promised: the database refuses to change it."""

from django.db import migrations

NEVER = """
CREATE FUNCTION onehall_refuse_new_document() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.doc IS DISTINCT FROM OLD.doc OR NEW.sha256 <> OLD.sha256
       OR NEW.number <> OLD.number OR NEW.flow_id <> OLD.flow_id THEN
        RAISE EXCEPTION 'A flow version never changes; publish a new one.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER flow_version_never_changes BEFORE UPDATE ON catalog_flowversion
FOR EACH ROW EXECUTE FUNCTION onehall_refuse_new_document();
"""


class Migration(migrations.Migration):
    """A trigger; deleting a whole city is still possible."""

    dependencies = [("catalog", "0002_reply_templates")]
    operations = [
        migrations.RunSQL(
            NEVER,
            "DROP TRIGGER flow_version_never_changes ON catalog_flowversion;"
            "DROP FUNCTION onehall_refuse_new_document()",
        )
    ]
