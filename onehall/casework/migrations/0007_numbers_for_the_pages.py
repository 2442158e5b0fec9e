"""The first number of a year makes its sequence, which the role of the pages may not do by itself."""

from django.db import migrations

OWN = """
ALTER FUNCTION onehall_next_number(bigint, int) SECURITY DEFINER;
ALTER FUNCTION onehall_next_number(bigint, int) SET search_path FROM CURRENT;
"""
BACK = """
ALTER FUNCTION onehall_next_number(bigint, int) SECURITY INVOKER;
ALTER FUNCTION onehall_next_number(bigint, int) RESET search_path;
"""


class Migration(migrations.Migration):
    """The function runs as its owner; its arguments are two numbers."""

    dependencies = [("casework", "0006_private_photos")]
    operations = [migrations.RunSQL(OWN, BACK)]
