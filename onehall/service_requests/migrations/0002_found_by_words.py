"""What the staff search by: words that residents wrote, numbers of former systems, and the search itself."""

from django.db import migrations

# It runs as its owner: below the policies of row-level security no index over words can be used. So it
# asks itself whose rows it may read, and gives keys alone, which the caller looks up under the policies.
FOUND = r"""
CREATE FUNCTION onehall_found(
    city bigint, place_query text, service_ids bigint[], rest_query text, told_query text,
    name_query text, email_is text, phone_end text, former text,
    since timestamptz, until timestamptz, queues bigint[], most int
) RETURNS SETOF bigint LANGUAGE plpgsql STABLE SECURITY DEFINER AS $found$
DECLARE
    parts text[] := '{}';
    cases text := 'SELECT c.id FROM casework_case c WHERE c.city_id = $1'
        || CASE WHEN queues IS NULL THEN '' ELSE ' AND c.queue_id = ANY($12)' END
        || CASE WHEN since IS NULL THEN '' ELSE ' AND c.opened_at >= $10' END
        || CASE WHEN until IS NULL THEN '' ELSE ' AND c.opened_at < $11' END;
    here text := ' AND c.place_words <> '''' AND to_tsvector(''simple''::regconfig, c.place_words)'
        || ' @@ to_tsquery(''simple''::regconfig, %s)';
    newest text := ' ORDER BY c.opened_at DESC, c.id DESC LIMIT $13';
    of_people text := 'SELECT r.case_id FROM people_person p'
        || ' JOIN service_requests_servicerequest r ON r.person_id = p.id WHERE p.city_id = $1 AND ';
BEGIN
    IF city <> coalesce(nullif(current_setting('onehall.city', true), '')::bigint, city) THEN
        RETURN;
    END IF;
    IF place_query IS NOT NULL THEN
        parts := parts || (cases || format(here, '$2') || newest);
    END IF;
    IF service_ids IS NOT NULL THEN
        parts := parts || (cases || ' AND c.service_id = ANY($3)'
            || CASE WHEN rest_query IS NULL THEN '' ELSE format(here, '$4') END || newest);
    END IF;
    IF told_query IS NOT NULL THEN
        parts := parts || ('SELECT r.case_id FROM service_requests_servicerequest r'
            || ' WHERE r.city_id = $1 AND r.words <> '''''
            || ' AND to_tsvector(''simple''::regconfig, r.words) @@ to_tsquery(''simple''::regconfig, $5)'
            || CASE WHEN since IS NULL THEN '' ELSE ' AND r.created_at >= $10' END
            || CASE WHEN until IS NULL THEN '' ELSE ' AND r.created_at < $11' END
            || ' ORDER BY r.id DESC LIMIT $13');
    END IF;
    IF name_query IS NOT NULL THEN
        parts := parts || (of_people || 'p.name <> '''' AND to_tsvector(''simple''::regconfig, p.name)'
            || ' @@ to_tsquery(''simple''::regconfig, $6) ORDER BY p.id DESC LIMIT $13');
    END IF;
    IF email_is IS NOT NULL THEN
        parts := parts || (of_people || 'p.email <> '''' AND lower(p.email) = $7'
            || ' ORDER BY p.id DESC LIMIT $13');
    END IF;
    IF phone_end IS NOT NULL THEN
        parts := parts || (of_people || 'p.phone <> '''''
            || ' AND reverse(regexp_replace(p.phone, ''\D'', '''', ''g'')) LIKE reverse($8) || ''%'''
            || ' ORDER BY p.id DESC LIMIT $13');
    END IF;
    IF former IS NOT NULL THEN
        parts := parts || ('SELECT r.case_id FROM service_requests_servicerequest r'
            || ' WHERE r.city_id = $1 AND r.source <> '''' AND r.source_id = $9'
            || ' ORDER BY r.id DESC LIMIT $13');
    END IF;
    IF cardinality(parts) > 0 THEN
        RETURN QUERY EXECUTE '(' || array_to_string(parts, ') UNION (') || ')'
            USING city, place_query, service_ids, rest_query, told_query, name_query, email_is,
                  phone_end, former, since, until, queues, most;
    END IF;
END $found$;
ALTER FUNCTION onehall_found SET search_path FROM CURRENT;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("service_requests", "0001_initial"),
        ("people", "0005_found_by_name_and_number"),
        ("casework", "0015_orders_and_views"),
    ]

    operations = [
        migrations.RunSQL(
            "CREATE INDEX request_words ON service_requests_servicerequest"
            " USING gin (to_tsvector('simple'::regconfig, words)) WHERE words <> ''",
            "DROP INDEX request_words",
        ),
        migrations.RunSQL(
            "CREATE INDEX request_former_number ON service_requests_servicerequest"
            " (city_id, source_id) WHERE source <> ''",
            "DROP INDEX request_former_number",
        ),
        migrations.RunSQL(FOUND, "DROP FUNCTION onehall_found"),
    ]
