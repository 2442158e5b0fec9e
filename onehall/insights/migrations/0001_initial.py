"""Sums by day, and the moments whose sums no longer hold."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('places', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='RollUp',
            fields=[
                ('city', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, serialize=False, to='places.city')),
                ('basis', models.CharField(max_length=64)),
                ('built_at', models.DateTimeField()),
                ('proved_at', models.DateTimeField(null=True)),
                ('proved_day', models.DateField(null=True)),
                ('wrong_at', models.DateTimeField(null=True)),
                ('wrong_day', models.DateField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='DayFigure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('queue_id', models.BigIntegerField()),
                ('service_id', models.BigIntegerField(null=True)),
                ('opened', models.PositiveIntegerField(default=0)),
                ('reopened', models.PositiveIntegerField(default=0)),
                ('counted', models.PositiveIntegerField(default=0)),
                ('closed', models.PositiveIntegerField(default=0)),
                ('promised', models.PositiveIntegerField(default=0)),
                ('kept', models.PositiveIntegerField(default=0)),
                ('bare', models.PositiveIntegerField(default=0)),
                ('kind', models.PositiveSmallIntegerField(choices=[(1, 'Service'), (2, 'Area'), (3, 'Took')])),
                ('took', models.PositiveSmallIntegerField(null=True)),
                ('area', models.TextField(null=True)),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city')),
            ],
            options={
                'indexes': [models.Index(models.F('city'), models.F('kind'), models.F('day'), name='day_figure_read')],
            },
        ),
        migrations.CreateModel(
            name='StaleMoment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('city', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, to='places.city')),
            ],
            options={
                'indexes': [models.Index(models.F('city'), models.F('at'), name='stale_moment_city')],
            },
        ),
    ]
