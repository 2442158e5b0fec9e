from django.db import migrations, models

KINDS = ["added", "changed", "ended", "returned", "handed", "invited", "password"]


class Migration(migrations.Migration):
    """That a password was set stands among the changes of a person."""

    dependencies = [("people", "0005_found_by_name_and_number")]

    operations = [
        migrations.AlterField(
            model_name="staffchange",
            name="kind",
            field=models.CharField(
                choices=[(kind, kind.capitalize()) for kind in KINDS], max_length=12
            ),
        ),
        migrations.RemoveConstraint(model_name="staffchange", name="staff_change_kind_known"),
        migrations.AddConstraint(
            model_name="staffchange",
            constraint=models.CheckConstraint(
                condition=models.Q(kind__in=KINDS), name="staff_change_kind_known"
            ),
        ),
    ]
