"""What all residents are told, row by row; the database itself refuses to rewrite it."""

import django.db.models.deletion
from django.db import migrations, models


APPEND_ONLY = """
CREATE FUNCTION onehall_refuse_notice_change() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('onehall.erase', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'What residents were told can only grow: % is refused.', TG_OP;
END $$;
CREATE TRIGGER notice_only_grows BEFORE UPDATE OR DELETE ON service_requests_notice
FOR EACH ROW EXECUTE FUNCTION onehall_refuse_notice_change();
"""
UNDO = """
DROP TRIGGER notice_only_grows ON service_requests_notice;
DROP FUNCTION onehall_refuse_notice_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0004_city_notice'),
        ('service_requests', '0006_alert'),
    ]

    operations = [
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('by_id', models.BigIntegerField(null=True)),
                ('by_name', models.CharField(max_length=200)),
                ('doc', models.JSONField(default=dict)),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='places.city')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(models.F('city'), models.OrderBy(models.F('id'), descending=True), name='notice_of_city')],
            },
        ),
        migrations.RunSQL(APPEND_ONLY, UNDO),
    ]
