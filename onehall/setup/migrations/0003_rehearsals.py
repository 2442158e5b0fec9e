"""Rehearsals of drafts."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('places', '0002_city_publishing'),
        ('setup', '0002_history_only_grows'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rehearsal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fingerprint', models.CharField(max_length=16)),
                ('days', models.PositiveSmallIntegerField()),
                ('state', models.CharField(choices=[('waiting', 'Waiting'), ('running', 'Running'), ('done', 'Done'), ('outdated', 'Outdated'), ('failed', 'Failed')], default='waiting', max_length=12)),
                ('asked_at', models.DateTimeField()),
                ('asked_by_name', models.CharField(max_length=200)),
                ('beat_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('total', models.PositiveIntegerField(default=0)),
                ('played', models.PositiveIntegerField(default=0)),
                ('left_out', models.PositiveIntegerField(default=0)),
                ('error', models.CharField(blank=True, max_length=60)),
                ('report', models.JSONField(blank=True, null=True)),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city')),
                ('draft', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='rehearsals', to='setup.draft')),
            ],
            options={
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['city', 'draft', '-id'], name='setup_rehearsal_draft')],
            },
        ),
    ]
