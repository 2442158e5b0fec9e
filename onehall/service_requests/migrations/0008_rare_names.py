"""A search for a name that few people have costs no more than one for a word that few cases have."""

from importlib import import_module

from django.db import migrations

BEFORE = import_module("onehall.service_requests.migrations.0004_common_words").FOUND

_OLD = """    IF name_query IS NOT NULL THEN
        whole := whole || (of_people || 'p.name <> '''' AND to_tsvector(''simple''::regconfig, p.name)'
            || ' @@ to_tsquery(''simple''::regconfig, $6) ORDER BY p.id DESC LIMIT $13');
    END IF;
"""
# Asked for the newest people, the planner walks through all there are from the last one on and looks at the name of
# each: found soon where it is common, after millions where nobody has it. So they are taken from the index over names
# first, as cases are.
_NEW = """    IF name_query IS NOT NULL THEN
        EXECUTE 'WITH known AS MATERIALIZED (SELECT p.id FROM people_person p WHERE p.city_id = $1 AND ' || named
            || ' LIMIT $14) SELECT (SELECT count(*) FROM known),'
            || ' ARRAY(SELECT r.case_id FROM (SELECT id FROM known ORDER BY id DESC LIMIT $13) newest'
            || ' JOIN service_requests_servicerequest r ON r.person_id = newest.id'
            || ' ORDER BY newest.id DESC LIMIT $13)'
            INTO hits, ids
            USING city, place_query, service_ids, rest_query, told_query, name_query, email_is,
                  phone_end, former, since, until, queues, most, common + 1;
        IF hits > common THEN
            whole := whole || (of_people || named || ' ORDER BY p.id DESC LIMIT $13');
        ELSE
            found := found || ids;
        END IF;
    END IF;
"""
_DECLARED = "    of_people text :="
_NAMED = r"""    named text := 'p.name <> '''' AND to_tsvector(''simple''::regconfig, p.name)'
        || ' @@ to_tsquery(''simple''::regconfig, $6)';
"""

FOUND = BEFORE.replace(_OLD, _NEW).replace(_DECLARED, _NAMED + _DECLARED)


class Migration(migrations.Migration):
    """The same people are found."""

    dependencies = [("service_requests", "0007_notice")]
    operations = [migrations.RunSQL(FOUND, BEFORE)]
