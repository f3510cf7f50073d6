-- SPDX-License-Identifier: EUPL-1.2
-- Audit: one chain per instance, Akte or Sendung; rows are only ever inserted.
CREATE TABLE platform_audit (
  chain TEXT NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  actor TEXT NOT NULL,
  act TEXT NOT NULL,
  object TEXT NOT NULL,
  data TEXT NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (chain, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_audit_object ON platform_audit (object, at);
CREATE INDEX platform_audit_at ON platform_audit (at);
CREATE TABLE platform_audit_head (
  chain TEXT NOT NULL PRIMARY KEY,
  seq INTEGER NOT NULL,
  hash TEXT NOT NULL,
  changed INTEGER NOT NULL,
  sealed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_audit_head_unsealed ON platform_audit_head (sealed) WHERE sealed = 0;
-- Seals chain the heads that changed: root = Merkle root over (chain, seq, hash), hash = SHA-256(previous, root).
CREATE TABLE platform_audit_seal (
  number INTEGER NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  heads TEXT NOT NULL,
  root TEXT NOT NULL,
  hash TEXT NOT NULL
) STRICT;

-- Messages to other core services; a row stays until the receiver's commit took it.
CREATE TABLE platform_outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL UNIQUE,
  queue TEXT NOT NULL,
  body TEXT NOT NULL,
  created INTEGER NOT NULL,
  sent INTEGER
) STRICT;
CREATE TABLE platform_inbox (
  id BLOB NOT NULL,
  consumer TEXT NOT NULL,
  at INTEGER NOT NULL,
  answer TEXT,
  PRIMARY KEY (consumer, id)
) STRICT, WITHOUT ROWID;

-- Events for others (CloudEvents), from the effect's commit until they were handed on; seq is their order.
CREATE TABLE platform_ereignis (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id BLOB NOT NULL,
  typ TEXT NOT NULL,
  subjekt TEXT NOT NULL,
  daten TEXT NOT NULL,
  zeit INTEGER NOT NULL
) STRICT;
-- Who gets them by HTTP (Standard Webhooks). The secret is no column: it lies in a file named by the id.
CREATE TABLE platform_webhook (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  url TEXT NOT NULL,
  -- Types wanted, with spaces between; a '*' at the end stands for the rest.
  typen TEXT NOT NULL,
  -- 'aktiv', 'gestoert' (gave up, an operator decides), 'abgeschaltet' (gets nothing any more).
  stand TEXT NOT NULL,
  -- Failed tries of the event that is next, and when it is tried again; in the future also while one sends.
  versuche INTEGER NOT NULL DEFAULT 0,
  naechster INTEGER NOT NULL DEFAULT 0,
  fehler TEXT,
  fehler_seit INTEGER,
  zugestellt INTEGER NOT NULL DEFAULT 0,
  letzter_erfolg INTEGER,
  angelegt INTEGER NOT NULL,
  angelegt_von BLOB NOT NULL
) STRICT;
-- What each of them still has to get, in this order.
CREATE TABLE platform_webhook_post (
  hook BLOB NOT NULL REFERENCES platform_webhook (id),
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  typ TEXT NOT NULL,
  koerper TEXT NOT NULL,
  PRIMARY KEY (hook, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE platform_person (
  id BLOB NOT NULL PRIMARY KEY,
  kennung TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  amt TEXT NOT NULL,
  passwort TEXT,
  aktiv INTEGER NOT NULL,
  fehlversuche INTEGER NOT NULL DEFAULT 0,
  gesperrt_bis INTEGER NOT NULL DEFAULT 0,
  -- Where notices go, and whether the person wants the one in the morning.
  mail TEXT,
  tageshinweise INTEGER NOT NULL DEFAULT 1,
  -- Name in the city's directory: whoever logs in there is this person.
  verzeichnisname TEXT UNIQUE,
  -- What the import says: 1 when it keeps this person, their Stelle, and what they are in beyond it (comma between).
  eingelesen INTEGER NOT NULL DEFAULT 0,
  stelle TEXT,
  gruppen_eigen TEXT NOT NULL DEFAULT '',
  rollen_eigen TEXT NOT NULL DEFAULT ''
) STRICT;
-- Who a person is at a login provider; one person is one identity of each.
CREATE TABLE platform_identitaet (
  aussteller TEXT NOT NULL,
  sub TEXT NOT NULL,
  person BLOB NOT NULL REFERENCES platform_person (id),
  seit INTEGER NOT NULL,
  PRIMARY KEY (aussteller, sub),
  UNIQUE (person, aussteller)
) STRICT, WITHOUT ROWID;
-- What may be used once: a login by the directory, a logout token. Forgotten when it would no longer be taken anyway.
CREATE TABLE platform_einmal (
  name TEXT NOT NULL PRIMARY KEY,
  bis INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_einmal_bis ON platform_einmal (bis);
-- What a person is in rights: 'person:<id>', 'gruppe:<name>', 'rolle:<name>'. quelle says who gave it: 'hand' or
-- 'Verzeichnis', which takes back only its own.
CREATE TABLE platform_subjekt (
  person BLOB NOT NULL REFERENCES platform_person (id),
  subjekt TEXT NOT NULL,
  quelle TEXT NOT NULL DEFAULT 'hand',
  PRIMARY KEY (person, subjekt, quelle)
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_subjekt_nach ON platform_subjekt (subjekt, person);
-- Who stands in for whom; process '*' is all. behaelt: the absent person goes on with group work.
CREATE TABLE platform_vertretung (
  id BLOB NOT NULL PRIMARY KEY,
  person BLOB NOT NULL REFERENCES platform_person (id),
  vertreter BLOB NOT NULL REFERENCES platform_person (id),
  von INTEGER NOT NULL,
  bis INTEGER NOT NULL,
  process TEXT NOT NULL,
  behaelt INTEGER NOT NULL,
  grund TEXT NOT NULL,
  angelegt INTEGER NOT NULL,
  angelegt_von BLOB NOT NULL
) STRICT;
CREATE INDEX platform_vertretung_person ON platform_vertretung (person, bis);
CREATE INDEX platform_vertretung_vertreter ON platform_vertretung (vertreter, bis);
-- What holds at a moment, made from the two tables above: fuer is the person the subject belongs to. Only this table
-- is asked for rights and for tasks.
CREATE TABLE platform_wirksam (
  person BLOB NOT NULL REFERENCES platform_person (id),
  subjekt TEXT NOT NULL,
  fuer BLOB NOT NULL REFERENCES platform_person (id),
  von INTEGER NOT NULL,
  bis INTEGER NOT NULL,
  process TEXT NOT NULL,
  PRIMARY KEY (person, subjekt, fuer, process, von)
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_wirksam_nach ON platform_wirksam (subjekt, person);
CREATE INDEX platform_wirksam_fuer ON platform_wirksam (fuer);
-- Grants: objekt is 'mandant', 'korb:<name>', 'einheit:<kennzeichen>', 'akte:<id>', 'dokument:<id>', 'ablauf:<id>'.
-- recht: 1 sehen, 2 bearbeiten, 3 zeichnen, 4 verwalten. quelle says why, e.g. 'aufgabe:<process>:<id>'.
CREATE TABLE platform_recht (
  subjekt TEXT NOT NULL,
  objekt TEXT NOT NULL,
  recht INTEGER NOT NULL,
  von INTEGER NOT NULL,
  bis INTEGER NOT NULL,
  quelle TEXT NOT NULL,
  PRIMARY KEY (objekt, subjekt, recht, quelle)
) STRICT, WITHOUT ROWID;
CREATE INDEX platform_recht_quelle ON platform_recht (quelle);
CREATE TABLE platform_sitzung (
  token TEXT NOT NULL PRIMARY KEY,
  person BLOB NOT NULL REFERENCES platform_person (id),
  csrf TEXT NOT NULL,
  art TEXT NOT NULL,
  angelegt INTEGER NOT NULL,
  gesehen INTEGER NOT NULL,
  ablauf INTEGER NOT NULL,
  -- By which provider the person came in, and its name for its own session; it may end ours.
  aussteller TEXT,
  sid TEXT
) STRICT;
CREATE INDEX platform_sitzung_ablauf ON platform_sitzung (ablauf);
CREATE INDEX platform_sitzung_sid ON platform_sitzung (aussteller, sid);
-- The organisation as "eakte init import" reads it; aktiv 0: closed, kept because files and people refer to it. Without
-- the setting 'organisation' = 'eigene' the sample organisation that comes with the program holds, and these are empty.
CREATE TABLE platform_amt (
  nummer TEXT NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  uebergeordnet TEXT NOT NULL,
  aktiv INTEGER NOT NULL
) STRICT;
-- Groups of the city's own, and own titles of those that the program knows.
CREATE TABLE platform_gruppe (
  name TEXT NOT NULL PRIMARY KEY,
  titel TEXT NOT NULL,
  aktiv INTEGER NOT NULL
) STRICT;
CREATE TABLE platform_gremium (
  name TEXT NOT NULL PRIMARY KEY,
  rang TEXT NOT NULL,
  aktiv INTEGER NOT NULL
) STRICT;
-- What a person on this post is in; lists with comma between.
CREATE TABLE platform_stelle (
  kennung TEXT NOT NULL PRIMARY KEY,
  bezeichnung TEXT NOT NULL,
  amt TEXT NOT NULL,
  uebergeordnet TEXT NOT NULL,
  gruppen TEXT NOT NULL,
  rollen TEXT NOT NULL,
  aktiv INTEGER NOT NULL
) STRICT;
-- Where invoices with this Leitweg-ID go.
CREATE TABLE platform_leitweg (
  leitweg_id TEXT NOT NULL PRIMARY KEY,
  amt TEXT NOT NULL,
  einheit TEXT NOT NULL,
  bezeichnung TEXT NOT NULL,
  aktiv INTEGER NOT NULL
) STRICT;
-- Small settings that a city changes at run time, and the demo clock.
CREATE TABLE platform_einstellung (
  name TEXT NOT NULL PRIMARY KEY,
  wert TEXT NOT NULL
) STRICT;
-- Nothing in the audit trail can be changed or removed by SQL of the services.
CREATE TRIGGER platform_audit_no_update BEFORE UPDATE ON platform_audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
CREATE TRIGGER platform_audit_no_delete BEFORE DELETE ON platform_audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END;
