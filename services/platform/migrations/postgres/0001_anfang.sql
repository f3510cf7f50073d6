-- SPDX-License-Identifier: EUPL-1.2
-- Audit: one chain per instance, Akte or Sendung; rows are only ever inserted.
CREATE TABLE platform_audit (
  chain TEXT NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  object TEXT NOT NULL,
  data TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (chain, seq)
);
CREATE INDEX platform_audit_object ON platform_audit (object, at);
CREATE INDEX platform_audit_at ON platform_audit (at);
CREATE TABLE platform_audit_head (
  chain TEXT NOT NULL PRIMARY KEY,
  seq BIGINT NOT NULL,
  hash TEXT NOT NULL,
  changed BIGINT NOT NULL,
  sealed BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX platform_audit_head_unsealed ON platform_audit_head (sealed) WHERE sealed = 0;
-- Seals chain the heads that changed: root = Merkle root over (chain, seq, hash), hash = SHA-256(previous, root).
CREATE TABLE platform_audit_seal (
  number BIGINT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  heads TEXT NOT NULL,
  root TEXT NOT NULL,
  hash TEXT NOT NULL
);

-- Messages to other core services; a row stays until the receiver's commit took it.
CREATE TABLE platform_outbox (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id UUID NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  created BIGINT NOT NULL,
  sent BIGINT
);
CREATE TABLE platform_inbox (
  id UUID NOT NULL,
  consumer TEXT NOT NULL,
  at BIGINT NOT NULL,
  answer TEXT,
  PRIMARY KEY (consumer, id)
);

-- Events for others (CloudEvents), from the effect's commit until they were handed on; seq is their order.
CREATE TABLE platform_ereignis (
  seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  id UUID NOT NULL,
  typ TEXT NOT NULL,
  subjekt TEXT NOT NULL,
  daten TEXT NOT NULL,
  zeit BIGINT NOT NULL
)
-- A row lives for a second; without this the dead ones lie in the way of the next look.
WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
-- Who gets them by HTTP (Standard Webhooks). The secret is no column: it lies in a file named by the id.
CREATE TABLE platform_webhook (
  id UUID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  -- Types wanted, with spaces between; a '*' at the end stands for the rest.
  typen TEXT NOT NULL,
  -- 'aktiv', 'gestoert' (gave up, an operator decides), 'abgeschaltet' (gets nothing any more).
  stand TEXT NOT NULL,
  -- Failed tries of the event that is next, and when it is tried again; in the future also while one sends.
  versuche BIGINT NOT NULL DEFAULT 0,
  naechster BIGINT NOT NULL DEFAULT 0,
  fehler TEXT,
  fehler_seit BIGINT,
  zugestellt BIGINT NOT NULL DEFAULT 0,
  letzter_erfolg BIGINT,
  angelegt BIGINT NOT NULL,
  angelegt_von UUID NOT NULL
);
-- What each of them still has to get, in this order.
CREATE TABLE platform_webhook_post (
  hook UUID NOT NULL REFERENCES platform_webhook (id),
  seq BIGINT NOT NULL,
  id UUID NOT NULL,
  typ TEXT NOT NULL,
  koerper TEXT NOT NULL,
  PRIMARY KEY (hook, seq)
);

CREATE TABLE platform_person (
  id UUID NOT NULL PRIMARY KEY,
  kennung TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  amt TEXT NOT NULL,
  passwort TEXT,
  aktiv BIGINT NOT NULL,
  fehlversuche BIGINT NOT NULL DEFAULT 0,
  gesperrt_bis BIGINT NOT NULL DEFAULT 0,
  -- Where notices go, and whether the person wants the one in the morning.
  mail TEXT,
  tageshinweise BIGINT NOT NULL DEFAULT 1,
  -- Name in the city's directory: whoever logs in there is this person.
  verzeichnisname TEXT UNIQUE,
  -- What the import says: 1 when it keeps this person, their Stelle, and what they are in beyond it (comma between).
  eingelesen BIGINT NOT NULL DEFAULT 0,
  stelle TEXT,
  gruppen_eigen TEXT NOT NULL DEFAULT '',
  rollen_eigen TEXT NOT NULL DEFAULT ''
);
-- Who a person is at a login provider; one person is one identity of each.
CREATE TABLE platform_identitaet (
  aussteller TEXT NOT NULL,
  sub TEXT NOT NULL,
  person UUID NOT NULL REFERENCES platform_person (id),
  seit BIGINT NOT NULL,
  PRIMARY KEY (aussteller, sub),
  UNIQUE (person, aussteller)
);
-- What may be used once: a login by the directory, a logout token. Forgotten when it would no longer be taken anyway.
CREATE TABLE platform_einmal (
  name TEXT NOT NULL PRIMARY KEY,
  bis BIGINT NOT NULL
);
CREATE INDEX platform_einmal_bis ON platform_einmal (bis);
-- What a person is in rights: 'person:<id>', 'gruppe:<name>', 'rolle:<name>'. quelle says who gave it: 'hand' or
-- 'Verzeichnis', which takes back only its own.
CREATE TABLE platform_subjekt (
  person UUID NOT NULL REFERENCES platform_person (id),
  subjekt TEXT NOT NULL,
  quelle TEXT NOT NULL DEFAULT 'hand',
  PRIMARY KEY (person, subjekt, quelle)
);
CREATE INDEX platform_subjekt_nach ON platform_subjekt (subjekt, person);
-- Who stands in for whom; process '*' is all. behaelt: the absent person goes on with group work.
CREATE TABLE platform_vertretung (
  id UUID NOT NULL PRIMARY KEY,
  person UUID NOT NULL REFERENCES platform_person (id),
  vertreter UUID NOT NULL REFERENCES platform_person (id),
  von BIGINT NOT NULL,
  bis BIGINT NOT NULL,
  process TEXT NOT NULL,
  behaelt BIGINT NOT NULL,
  grund TEXT NOT NULL,
  angelegt BIGINT NOT NULL,
  angelegt_von UUID NOT NULL
);
CREATE INDEX platform_vertretung_person ON platform_vertretung (person, bis);
CREATE INDEX platform_vertretung_vertreter ON platform_vertretung (vertreter, bis);
-- What holds at a moment, made from the two tables above: fuer is the person the subject belongs to. Only this table
-- is asked for rights and for tasks.
CREATE TABLE platform_wirksam (
  person UUID NOT NULL REFERENCES platform_person (id),
  subjekt TEXT NOT NULL,
  fuer UUID NOT NULL REFERENCES platform_person (id),
  von BIGINT NOT NULL,
  bis BIGINT NOT NULL,
  process TEXT NOT NULL,
  PRIMARY KEY (person, subjekt, fuer, process, von)
);
CREATE INDEX platform_wirksam_nach ON platform_wirksam (subjekt, person);
CREATE INDEX platform_wirksam_fuer ON platform_wirksam (fuer);
-- Grants: objekt is 'mandant', 'korb:<name>', 'einheit:<kennzeichen>', 'akte:<id>', 'dokument:<id>', 'ablauf:<id>'.
-- recht: 1 sehen, 2 bearbeiten, 3 zeichnen, 4 verwalten. quelle says why, e.g. 'aufgabe:<process>:<id>'.
CREATE TABLE platform_recht (
  subjekt TEXT NOT NULL,
  objekt TEXT NOT NULL,
  recht BIGINT NOT NULL,
  von BIGINT NOT NULL,
  bis BIGINT NOT NULL,
  quelle TEXT NOT NULL,
  PRIMARY KEY (objekt, subjekt, recht, quelle)
);
CREATE INDEX platform_recht_quelle ON platform_recht (quelle);
CREATE TABLE platform_sitzung (
  token TEXT NOT NULL PRIMARY KEY,
  person UUID NOT NULL REFERENCES platform_person (id),
  csrf TEXT NOT NULL,
  art TEXT NOT NULL,
  angelegt BIGINT NOT NULL,
  gesehen BIGINT NOT NULL,
  ablauf BIGINT NOT NULL,
  -- By which provider the person came in, and its name for its own session; it may end ours.
  aussteller TEXT,
  sid TEXT
);
CREATE INDEX platform_sitzung_ablauf ON platform_sitzung (ablauf);
CREATE INDEX platform_sitzung_sid ON platform_sitzung (aussteller, sid);
-- The organisation as "eakte init import" reads it; aktiv 0: closed, kept because files and people refer to it. Without
-- the setting 'organisation' = 'eigene' the sample organisation that comes with the program holds, and these are empty.
CREATE TABLE platform_amt (
  nummer TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  uebergeordnet TEXT NOT NULL,
  aktiv BIGINT NOT NULL
);
-- Groups of the city's own, and own titles of those that the program knows.
CREATE TABLE platform_gruppe (
  name TEXT NOT NULL PRIMARY KEY,
  titel TEXT NOT NULL,
  aktiv BIGINT NOT NULL
);
CREATE TABLE platform_gremium (
  name TEXT NOT NULL PRIMARY KEY,
  rang TEXT NOT NULL,
  aktiv BIGINT NOT NULL
);
-- What a person on this post is in; lists with comma between.
CREATE TABLE platform_stelle (
  kennung TEXT NOT NULL PRIMARY KEY,
  bezeichnung TEXT NOT NULL,
  amt TEXT NOT NULL,
  uebergeordnet TEXT NOT NULL,
  gruppen TEXT NOT NULL,
  rollen TEXT NOT NULL,
  aktiv BIGINT NOT NULL
);
-- Where invoices with this Leitweg-ID go.
CREATE TABLE platform_leitweg (
  leitweg_id TEXT NOT NULL PRIMARY KEY,
  amt TEXT NOT NULL,
  einheit TEXT NOT NULL,
  bezeichnung TEXT NOT NULL,
  aktiv BIGINT NOT NULL
);
-- Small settings that a city changes at run time, and the demo clock.
CREATE TABLE platform_einstellung (
  name TEXT NOT NULL PRIMARY KEY,
  wert TEXT NOT NULL
);
-- Nothing in the audit trail can be changed or removed by SQL of the services.
CREATE FUNCTION platform_append_only() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$;
CREATE TRIGGER platform_audit_no_change BEFORE UPDATE OR DELETE ON platform_audit
  FOR EACH ROW EXECUTE FUNCTION platform_append_only();
