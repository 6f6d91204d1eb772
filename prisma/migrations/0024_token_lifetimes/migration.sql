-- At each tenant's own authorization server, the one lifetime of access tokens becomes two, of the application's own and of
-- users'. Whatever was asked for, registered or limited holds for both.
SELECT set_config('app.scope', 'installation', true);

CREATE FUNCTION pg_temp.both_lifetimes(named jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE
  RETURN CASE WHEN named ? 'accessTokenLifetime'
    THEN (named - 'accessTokenLifetime') || jsonb_build_object(
      'applicationTokenLifetime', named -> 'accessTokenLifetime',
      'userTokenLifetime', named -> 'accessTokenLifetime')
    ELSE named END;

CREATE FUNCTION pg_temp.within(document jsonb, place text[]) RETURNS jsonb LANGUAGE sql IMMUTABLE
  RETURN CASE WHEN document #> place IS NULL
    THEN document
    ELSE jsonb_set(document, place, pg_temp.both_lifetimes(document #> place)) END;

UPDATE "key_manager" AS manager SET constraints = pg_temp.both_lifetimes(constraints)
  FROM "tenant" AS owner
 WHERE owner.id = manager.tenant_id AND manager.issuer LIKE '%/t/' || owner.slug || '/oidc';

UPDATE "key_mapping" AS mapping
   SET requested = pg_temp.within(requested, '{settings}'),
       registered = pg_temp.within(registered, '{settings}'),
       intent = pg_temp.within(intent, '{previous,settings}')
  FROM "key_manager" AS manager, "tenant" AS owner
 WHERE manager.tenant_id = mapping.tenant_id AND manager.id = mapping.key_manager_id
   AND owner.id = manager.tenant_id AND manager.issuer LIKE '%/t/' || owner.slug || '/oidc';
