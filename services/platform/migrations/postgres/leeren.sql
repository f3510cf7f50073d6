-- SPDX-License-Identifier: EUPL-1.2
-- Empties a training Mandant: every table and function of the services goes, the next migration makes them anew. The
-- mark is asked here, in the same transaction: no program error can point this at a real database.
DO $$
DECLARE
  eigene CONSTANT text[] := ARRAY['platform', 'eingang', 'geschaeftsgang', 'akten', 'portal'];
  stueck record;
BEGIN
  IF NOT EXISTS (SELECT FROM platform_einstellung WHERE name = 'mandant_art' AND wert = 'uebung') THEN
    RAISE EXCEPTION 'this database is not marked as a training one';
  END IF;
  FOR stueck IN SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() LOOP
    IF split_part(stueck.name, '_', 1) = ANY (eigene) THEN
      EXECUTE format('DROP TABLE %I CASCADE', stueck.name);
    END IF;
  END LOOP;
  FOR stueck IN SELECT p.oid::regprocedure AS name, p.proname FROM pg_proc p
    JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname = current_schema() LOOP
    IF split_part(stueck.proname, '_', 1) = ANY (eigene) THEN
      EXECUTE format('DROP FUNCTION %s CASCADE', stueck.name);
    END IF;
  END LOOP;
END $$;
