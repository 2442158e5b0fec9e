from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0004_city_notice'),
    ]

    operations = [
        migrations.AddField(
            model_name='street',
            name='names',
            field=models.JSONField(blank=True, default=dict),
        ),
    ]
