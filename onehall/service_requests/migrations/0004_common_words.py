"""A search for a word that thousands of cases have costs no more than one for a rare word."""

from importlib import import_module

from django.db import migrations

# The planner knows neither how many cases have a word nor what asking one row costs, and reads the newest
# cases one by one for a word that few have. So the rows of each source are taken from its index over words,
# up to `COMMON` of them; only a word that is more common than that is looked for from the newest case on,
# where hits are found soon.
FOUND = r"""
CREATE OR REPLACE FUNCTION onehall_found(
    city bigint, place_query text, service_ids bigint[], rest_query text, told_query text,
    name_query text, email_is text, phone_end text, former text,
    since timestamptz, until timestamptz, queues bigint[], most int
) RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER AS $found$
DECLARE
    common CONSTANT int := 20000;
    parts text[] := '{}';
    whole text[] := '{}';
    found bigint[] := '{}';
    part text;
    hits int;
    ids bigint[];
    cases text := 'SELECT c.id AS pk, c.opened_at AS told FROM casework_case c WHERE c.city_id = $1'
        || CASE WHEN queues IS NULL THEN '' ELSE ' AND c.queue_id = ANY($12)' END
        || CASE WHEN since IS NULL THEN '' ELSE ' AND c.opened_at >= $10' END
        || CASE WHEN until IS NULL THEN '' ELSE ' AND c.opened_at < $11' END;
    here text := ' AND c.place_words <> '''' AND to_tsvector(''simple''::regconfig, c.place_words)'
        || ' @@ to_tsquery(''simple''::regconfig, %s)';
    of_people text := 'SELECT r.case_id, p.id FROM people_person p'
        || ' JOIN service_requests_servicerequest r ON r.person_id = p.id WHERE p.city_id = $1 AND ';
BEGIN
    IF city <> coalesce(nullif(current_setting('onehall.city', true), '')::bigint, city) THEN
        RETURN;
    END IF;
    IF place_query IS NOT NULL THEN
        parts := parts || (cases || format(here, '$2'));
    END IF;
    IF service_ids IS NOT NULL AND rest_query IS NOT NULL THEN
        parts := parts || (cases || ' AND c.service_id = ANY($3)' || format(here, '$4'));
    END IF;
    IF told_query IS NOT NULL THEN
        parts := parts || ('SELECT r.case_id AS pk, r.created_at AS told FROM service_requests_servicerequest r'
            || ' WHERE r.city_id = $1 AND r.words <> '''''
            || ' AND to_tsvector(''simple''::regconfig, r.words) @@ to_tsquery(''simple''::regconfig, $5)'
            || CASE WHEN since IS NULL THEN '' ELSE ' AND r.created_at >= $10' END
            || CASE WHEN until IS NULL THEN '' ELSE ' AND r.created_at < $11' END);
    END IF;
    FOREACH part IN ARRAY parts LOOP
        EXECUTE 'WITH known AS MATERIALIZED (' || part || ' LIMIT $14) SELECT (SELECT count(*) FROM known),'
            || ' ARRAY(SELECT pk FROM known ORDER BY told DESC, pk DESC LIMIT $13)'
            INTO hits, ids
            USING city, place_query, service_ids, rest_query, told_query, name_query, email_is,
                  phone_end, former, since, until, queues, most, common + 1;
        IF hits > common THEN
            EXECUTE 'SELECT ARRAY(SELECT pk FROM (' || part || ' ORDER BY told DESC, pk DESC LIMIT $13) newest)'
                INTO ids
                USING city, place_query, service_ids, rest_query, told_query, name_query, email_is,
                      phone_end, former, since, until, queues, most;
        END IF;
        found := found || ids;
    END LOOP;
    IF service_ids IS NOT NULL AND rest_query IS NULL THEN
        whole := whole || (cases || ' AND c.service_id = ANY($3) ORDER BY c.opened_at DESC, c.id DESC LIMIT $13');
    END IF;
    IF name_query IS NOT NULL THEN
        whole := whole || (of_people || 'p.name <> '''' AND to_tsvector(''simple''::regconfig, p.name)'
            || ' @@ to_tsquery(''simple''::regconfig, $6) ORDER BY p.id DESC LIMIT $13');
    END IF;
    IF email_is IS NOT NULL THEN
        whole := whole || (of_people || 'p.email <> '''' AND lower(p.email) = $7'
            || ' ORDER BY p.id DESC LIMIT $13');
    END IF;
    IF phone_end IS NOT NULL THEN
        whole := whole || (of_people || 'p.phone <> '''''
            || ' AND reverse(regexp_replace(p.phone, ''\D'', '''', ''g'')) LIKE reverse($8) || ''%'''
            || ' ORDER BY p.id DESC LIMIT $13');
    END IF;
    IF former IS NOT NULL THEN
        whole := whole || ('SELECT r.case_id, r.id FROM service_requests_servicerequest r'
            || ' WHERE r.city_id = $1 AND r.source <> '''' AND r.source_id = $9'
            || ' ORDER BY r.id DESC LIMIT $13');
    END IF;
    FOREACH part IN ARRAY whole LOOP
        EXECUTE 'SELECT ARRAY(SELECT one.first FROM (' || part || ') one(first, second))'
            INTO ids
            USING city, place_query, service_ids, rest_query, told_query, name_query, email_is,
                  phone_end, former, since, until, queues, most;
        found := found || ids;
    END LOOP;
    RETURN QUERY SELECT DISTINCT unnest(found);
END $found$;
ALTER FUNCTION onehall_found SET search_path FROM CURRENT;
ALTER FUNCTION onehall_found SET enable_seqscan = off;
ALTER FUNCTION onehall_found SET max_parallel_workers_per_gather = 0;
"""


BEFORE = import_module("onehall.service_requests.migrations.0002_found_by_words").FOUND


class Migration(migrations.Migration):
    dependencies = [("service_requests", "0003_bulk_acts")]

    operations = [migrations.RunSQL(FOUND, f"DROP FUNCTION onehall_found;{BEFORE}")]
