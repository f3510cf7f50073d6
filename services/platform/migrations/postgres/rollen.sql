-- SPDX-License-Identifier: EUPL-1.2
-- Who may touch which table: "eakte migrate" runs this after the migrations, as often as one likes. A core service has
-- its own tables (prefix) and what it needs of the platform's; nobody but the owner changes a table, and nobody at all
-- the audit trail. eakte_betrieb is what "eakte serve" and the commands log in as: a member of all, it acts as one of
-- them. Workers have no role. Passwords are the DBA's: ALTER ROLE eakte_akten PASSWORD '…', or certificates.
DO $$
DECLARE
  kern CONSTANT text[] := ARRAY['eingang', 'geschaeftsgang', 'akten', 'portal'];
  dienst text;
  tabelle text;
  praefix text;
BEGIN
  -- Two at once would trip over each other.
  PERFORM pg_advisory_xact_lock(7410);
  FOREACH dienst IN ARRAY kern || ARRAY['betrieb'] LOOP
    -- Roles belong to the whole server: another database of it may make them at this moment.
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'eakte_' || dienst) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I LOGIN', 'eakte_' || dienst);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', current_schema(), 'eakte_' || dienst);
  END LOOP;
  FOREACH dienst IN ARRAY kern LOOP
    IF NOT EXISTS (
      SELECT FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid JOIN pg_roles b ON b.oid = m.member
      WHERE g.rolname = 'eakte_' || dienst AND b.rolname = 'eakte_betrieb'
    ) THEN
      BEGIN
        EXECUTE format('GRANT %I TO eakte_betrieb', 'eakte_' || dienst);
      EXCEPTION WHEN unique_violation OR internal_error THEN NULL;
      END;
    END IF;
  END LOOP;
  FOR tabelle IN SELECT tablename FROM pg_tables WHERE schemaname = current_schema() AND tablename LIKE '%\_%' LOOP
    praefix := split_part(tabelle, '_', 1);
    CONTINUE WHEN NOT praefix = ANY (kern || ARRAY['platform']);
    -- From nothing: what this file no longer gives is gone.
    EXECUTE format('REVOKE ALL ON %I FROM PUBLIC, eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_portal, eakte_betrieb', tabelle);
    IF praefix = ANY (kern) THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO %I', tabelle, 'eakte_' || praefix);
    END IF;
  END LOOP;
END $$;

-- Each effect with its audit entry; entries are never changed.
GRANT SELECT, INSERT ON platform_audit TO eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_portal;
GRANT SELECT, INSERT, UPDATE ON platform_audit_head TO eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_portal;
GRANT SELECT, INSERT ON platform_audit_seal TO eakte_geschaeftsgang;
-- How core services speak where waiting is allowed: the receiver's commit removes the row.
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_outbox TO eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_portal;
GRANT SELECT, INSERT, UPDATE ON platform_inbox TO eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_portal;
-- Persons, substitutions and sessions are the portal's; the others read who is who, but no password.
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_person, platform_subjekt, platform_vertretung, platform_wirksam,
  platform_sitzung TO eakte_portal;
GRANT SELECT (id, kennung, name, amt, aktiv, mail, tageshinweise) ON platform_person
  TO eakte_eingang, eakte_geschaeftsgang, eakte_akten;
GRANT SELECT ON platform_subjekt, platform_vertretung, platform_wirksam TO eakte_eingang, eakte_geschaeftsgang, eakte_akten;
-- Grants on Akten and Ablaeufe come with them.
GRANT SELECT ON platform_recht TO eakte_eingang, eakte_portal;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_recht TO eakte_geschaeftsgang, eakte_akten;
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_einstellung TO eakte_portal;
-- The organisation is kept by the portal's side and read by all.
GRANT SELECT, INSERT, UPDATE, DELETE ON platform_amt, platform_gruppe, platform_gremium, platform_stelle, platform_leitweg
  TO eakte_portal;
GRANT SELECT ON platform_amt, platform_gruppe, platform_gremium, platform_stelle, platform_leitweg
  TO eakte_eingang, eakte_geschaeftsgang, eakte_akten;
GRANT SELECT ON platform_einstellung TO eakte_eingang, eakte_geschaeftsgang, eakte_akten;
-- A backup reads where numbers go on.
GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO eakte_betrieb;
GRANT SELECT ON platform_migration TO eakte_eingang, eakte_geschaeftsgang, eakte_akten, eakte_portal;
