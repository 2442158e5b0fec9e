"""Photos of services that show them to nobody else carry that mark, and can not be made public."""

from django.db import migrations, models

MARK = """
UPDATE casework_photo p SET is_private = true, is_public = false
FROM casework_case c JOIN catalog_service s ON s.id = c.service_id
WHERE c.id = p.case_id AND p.request_id IS NOT NULL AND s.doc #>> '{photos,public}' = 'private'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0005_unread_replies'),
        ('catalog', '0001_initial'),
        ('places', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='photo',
            name='is_private',
            field=models.BooleanField(default=False),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='photo',
            constraint=models.CheckConstraint(condition=models.Q(('is_private', False), ('is_public', False), _connector='OR'), name='photo_private_is_never_public', violation_error_message='A private photo is never shown to others.'),
        ),
    ]
