from django.db import migrations


class Migration(migrations.Migration):
    """Names as words, and phone numbers by their last digits, for the search of the staff."""

    dependencies = [("people", "0004_bodies")]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX person_name_words ON people_person"
            " USING gin (to_tsvector('simple'::regconfig, name)) WHERE name <> ''",
            "DROP INDEX person_name_words",
        ),
        migrations.RunSQL(
            "CREATE INDEX person_phone_end ON people_person"
            r" (city_id, reverse(regexp_replace(phone, '\D', '', 'g')) text_pattern_ops)"
            " WHERE phone <> ''",
            "DROP INDEX person_phone_end",
        ),
    ]
