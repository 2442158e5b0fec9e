from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0004_counts_without_rows'),
        ('catalog', '0001_initial'),
        ('people', '0001_initial'),
        ('places', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(condition=models.Q(('unread_reply', True)), fields=['city', 'due_order', 'id'], include=('queue', 'is_open'), name='case_unread'),
        ),
    ]
