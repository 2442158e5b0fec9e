
import django.db.models.deletion
import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0003_street_aliases'),
        ('service_requests', '0005_made_histories'),
    ]

    operations = [
        migrations.CreateModel(
            name='Alert',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=24, unique=True)),
                ('email', models.EmailField(max_length=254)),
                ('language', models.CharField(max_length=12)),
                ('said', models.JSONField(default=dict)),
                ('point', models.CharField(blank=True, max_length=40)),
                ('often', models.CharField(choices=[('now', 'Now'), ('day', 'Day')], max_length=4)),
                ('created_at', models.DateTimeField()),
                ('confirmed_at', models.DateTimeField(blank=True, null=True)),
                ('looked_at', models.DateTimeField()),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city')),
            ],
            options={
                'ordering': ['id'],
                'indexes': [models.Index(condition=models.Q(('confirmed_at__isnull', False)), fields=['city', 'often', 'looked_at'], name='alert_to_look_at'), models.Index(models.F('city'), django.db.models.functions.text.Upper('email'), name='alert_of_address'), models.Index(condition=models.Q(('confirmed_at', None)), fields=['created_at'], name='alert_open')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('due_at', None), ('often', 'now')), models.Q(('due_at__isnull', False), ('often', 'day')), _connector='OR'), name='alert_daily_has_a_time', violation_error_message='A daily mail has its time, and no other has one.')],
            },
        ),
    ]
