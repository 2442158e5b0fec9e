
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('messaging', '0002_log_of_messages'),
    ]

    operations = [
        migrations.AddField(
            model_name='message',
            name='stop_url',
            field=models.TextField(db_default='', default='', help_text='Where a mail program ends such mail by one click.'),
        ),
    ]
