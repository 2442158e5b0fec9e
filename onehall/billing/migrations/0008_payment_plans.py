"""Bills paid in parts by dates: plans are never changed, only ended, and their instalments stay."""

import django.db.models.deletion
from django.db import migrations, models


ONLY_ENDS = """
CREATE FUNCTION onehall_plan_only_ends() RETURNS trigger
LANGUAGE plpgsql AS $$
DECLARE
    ending text[] := ARRAY['ended', 'ended_at', 'ended_on', 'end_mark', 'end_by_id', 'end_by_name', 'end_reason'];
BEGIN
    IF TG_OP = 'DELETE' OR OLD.ended_at IS NOT NULL OR to_jsonb(NEW) - ending <> to_jsonb(OLD) - ending THEN
        RAISE EXCEPTION 'A payment plan is not changed: it ends once, and another is made.';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER plan_only_ends BEFORE UPDATE OR DELETE ON billing_paymentplan
FOR EACH ROW EXECUTE FUNCTION onehall_plan_only_ends();
CREATE TRIGGER instalments_only_grow BEFORE UPDATE OR DELETE ON billing_instalment
FOR EACH ROW EXECUTE FUNCTION onehall_money_only_grows();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0007_entries_balance_by_statement'),
        ('casework', '0026_map_sums_by_area_and_time'),
        ('places', '0006_city_retention'),
    ]

    operations = [
        migrations.CreateModel(
            name='PlanPause',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('since', models.DateField()),
            ],
        ),
        migrations.CreateModel(
            name='PlanRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(help_text='Made by the form, so that a double tap asks once.')),
                ('count', models.PositiveSmallIntegerField()),
                ('every', models.CharField(max_length=12)),
                ('words', models.CharField(blank=True, max_length=1000)),
                ('email', models.CharField(max_length=254)),
                ('language', models.CharField(default='en', max_length=12)),
                ('consent', models.CharField(help_text='The version of the text agreed to.', max_length=20)),
                ('asked_at', models.DateTimeField()),
                ('decided_at', models.DateTimeField(null=True)),
                ('approved', models.BooleanField(null=True)),
                ('answer', models.CharField(blank=True, max_length=1000)),
                ('by_id', models.BigIntegerField(null=True)),
                ('by_name', models.CharField(blank=True, max_length=120)),
            ],
        ),
        migrations.AddField(
            model_name='invoice',
            name='stood_days',
            field=models.PositiveSmallIntegerField(db_default=0, default=0, help_text='For how long ended plans kept its penalties from going on.'),
        ),
        migrations.CreateModel(
            name='PaymentPlan',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(help_text='Made by the form, so that a double tap makes one plan.')),
                ('amount', models.BigIntegerField(help_text="What was owed at the start, the plan's fee with it.")),
                ('every', models.CharField(max_length=12)),
                ('grace_days', models.PositiveSmallIntegerField()),
                ('missed', models.CharField(help_text='What a missed instalment means.', max_length=8)),
                ('less', models.BooleanField(default=False)),
                ('mark', models.BigIntegerField(default=0)),
                ('email', models.CharField(blank=True, max_length=254)),
                ('language', models.CharField(default='en', max_length=12)),
                ('consent', models.CharField(blank=True, help_text='The version of the text agreed to; none by staff.', max_length=20)),
                ('consented_at', models.DateTimeField(null=True)),
                ('started_at', models.DateTimeField()),
                ('started_on', models.DateField()),
                ('by_id', models.BigIntegerField(null=True)),
                ('by_name', models.CharField(blank=True, max_length=120)),
                ('by_roles', models.CharField(blank=True, max_length=200)),
                ('reason', models.CharField(blank=True, max_length=500)),
                ('ended', models.CharField(blank=True, max_length=8)),
                ('ended_at', models.DateTimeField(null=True)),
                ('ended_on', models.DateField(null=True)),
                ('end_mark', models.BigIntegerField(help_text='The last allocation before its end.', null=True)),
                ('end_by_id', models.BigIntegerField(null=True)),
                ('end_by_name', models.CharField(blank=True, max_length=120)),
                ('end_reason', models.CharField(blank=True, max_length=500)),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city')),
                ('follows', models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followed', to='billing.paymentplan')),
                ('invoice', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plans', to='billing.invoice')),
            ],
        ),
        migrations.CreateModel(
            name='Instalment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('due_on', models.DateField()),
                ('amount', models.BigIntegerField()),
                ('city', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city')),
                ('plan', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='instalments', to='billing.paymentplan')),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.AddField(
            model_name='invoice',
            name='plan',
            field=models.ForeignKey(db_index=False, help_text='By which it is paid in parts; none once that ended.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='billing.paymentplan'),
        ),
        migrations.AddIndex(
            model_name='invoice',
            index=models.Index(condition=models.Q(('plan__isnull', False)), fields=['city', 'kind', 'due_on'], name='invoice_on_a_plan'),
        ),
        migrations.AddField(
            model_name='planpause',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='casework.case'),
        ),
        migrations.AddField(
            model_name='planpause',
            name='city',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city'),
        ),
        migrations.AddField(
            model_name='planpause',
            name='plan',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='pauses', to='billing.paymentplan'),
        ),
        migrations.AddField(
            model_name='planrequest',
            name='city',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to='places.city'),
        ),
        migrations.AddField(
            model_name='planrequest',
            name='invoice',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='plan_requests', to='billing.invoice'),
        ),
        migrations.AddField(
            model_name='paymentplan',
            name='request',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='plan', to='billing.planrequest'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.UniqueConstraint(fields=('plan', 'number'), name='instalment_number_once'),
        ),
        migrations.AddConstraint(
            model_name='instalment',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='instalment_has_an_amount'),
        ),
        migrations.AddConstraint(
            model_name='planpause',
            constraint=models.UniqueConstraint(fields=('plan', 'case'), name='plan_pause_once_for_a_case'),
        ),
        migrations.AddIndex(
            model_name='planrequest',
            index=models.Index(condition=models.Q(('decided_at', None)), fields=['city', 'asked_at', 'id'], name='plan_request_open'),
        ),
        migrations.AddConstraint(
            model_name='planrequest',
            constraint=models.UniqueConstraint(fields=('city', 'key'), name='plan_request_key_unique'),
        ),
        migrations.AddConstraint(
            model_name='planrequest',
            constraint=models.UniqueConstraint(condition=models.Q(('decided_at', None)), fields=('invoice',), name='plan_request_one_open_for_a_bill'),
        ),
        migrations.AddConstraint(
            model_name='planrequest',
            constraint=models.CheckConstraint(condition=models.Q(('every__in', ('week', 'two_weeks', 'month'))), name='plan_request_every_known'),
        ),
        migrations.AddConstraint(
            model_name='planrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved', None), ('decided_at', None)), models.Q(('approved__isnull', False), ('decided_at__isnull', False)), _connector='OR'), name='plan_request_decided_one_way'),
        ),
        migrations.AddConstraint(
            model_name='planrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved', False), _negated=True), models.Q(('answer', ''), _negated=True), _connector='OR'), name='plan_request_refused_in_words'),
        ),
        migrations.AddIndex(
            model_name='paymentplan',
            index=models.Index(fields=['city', '-id'], name='plan_newest'),
        ),
        migrations.AddIndex(
            model_name='paymentplan',
            index=models.Index(condition=models.Q(('ended_at', None)), fields=['city', 'id'], name='plan_running'),
        ),
        migrations.AddIndex(
            model_name='paymentplan',
            index=models.Index(condition=models.Q(('ended_at__isnull', False)), fields=['city', 'ended', '-id'], name='plan_ended'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.UniqueConstraint(fields=('city', 'key'), name='plan_key_unique_per_city'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('invoice',), name='plan_one_running_for_a_bill'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(('amount__gt', 0)), name='plan_has_an_amount'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(('every__in', ('week', 'two_weeks', 'month'))), name='plan_every_known'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(('missed__in', ('end', 'staff'))), name='plan_missed_known'),
        ),
        migrations.AddConstraint(
            model_name='paymentplan',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended', ''), ('ended_at', None), ('ended_on', None)), models.Q(('ended__in', ['broken', 'ended']), ('ended_at__isnull', False), ('ended_on__isnull', False), models.Q(('end_reason', ''), _negated=True)), _connector='OR'), name='plan_ended_in_words'),
        ),
        migrations.RunSQL(
            ONLY_ENDS,
            'DROP TRIGGER plan_only_ends ON billing_paymentplan;'
            'DROP TRIGGER instalments_only_grow ON billing_instalment;'
            'DROP FUNCTION onehall_plan_only_ends()',
        ),
    ]
