from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('casework', '0008_presence'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='case',
            index=models.Index(models.F('city'), models.F('closed_at'), models.F('id'), condition=models.Q(('closed_at__isnull', False)), name='case_closed'),
        ),
    ]
