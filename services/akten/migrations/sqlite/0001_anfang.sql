-- SPDX-License-Identifier: EUPL-1.2
-- The record: Aktenplan, Akte, Vorgang, Dokument. Field names follow xdomea 4.0, so that an export is a projection.
CREATE TABLE akten_einheit (
  kennzeichen TEXT NOT NULL PRIMARY KEY,
  titel TEXT NOT NULL,
  amt TEXT NOT NULL,
  aufbewahrung INTEGER,
  aussonderung TEXT NOT NULL DEFAULT 'B',
  gueltig_ab TEXT NOT NULL,
  gueltig_bis TEXT
) STRICT;
-- The subjects of an office: they get the Akten of their office wherever it files.
CREATE TABLE akten_amt (
  amt TEXT NOT NULL,
  subjekt TEXT NOT NULL,
  recht INTEGER NOT NULL,
  PRIMARY KEY (amt, subjekt)
) STRICT;
-- Counters of Aktenzeichen; they only rise.
CREATE TABLE akten_zaehler (
  name TEXT NOT NULL PRIMARY KEY,
  wert INTEGER NOT NULL
) STRICT;
CREATE TABLE akten_akte (
  id BLOB NOT NULL PRIMARY KEY,
  einheit TEXT NOT NULL REFERENCES akten_einheit (kennzeichen),
  jahr INTEGER NOT NULL,
  nummer INTEGER NOT NULL,
  aktenzeichen TEXT NOT NULL UNIQUE,
  titel TEXT NOT NULL,
  amt TEXT NOT NULL,
  medium TEXT NOT NULL DEFAULT 'elektronisch',
  geheimhaltung TEXT NOT NULL DEFAULT '',
  datenschutzstufe TEXT NOT NULL DEFAULT '',
  laufzeit_von TEXT NOT NULL,
  laufzeit_bis TEXT,
  zda INTEGER NOT NULL DEFAULT 0,
  zda_am TEXT,
  aufbewahrung INTEGER,
  aussonderung TEXT NOT NULL,
  angelegt INTEGER NOT NULL,
  einheit_objekt TEXT NOT NULL,
  objekt TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (einheit, jahr, nummer)
) STRICT;
CREATE UNIQUE INDEX akten_akte_titel ON akten_akte (einheit, jahr, titel) WHERE zda = 0;
CREATE TABLE akten_vorgang (
  id BLOB NOT NULL PRIMARY KEY,
  akte BLOB NOT NULL REFERENCES akten_akte (id),
  nummer INTEGER NOT NULL,
  titel TEXT NOT NULL,
  laufzeit_von TEXT NOT NULL,
  laufzeit_bis TEXT,
  zda INTEGER NOT NULL DEFAULT 0,
  zda_am TEXT,
  -- New post of its title takes a closed Vorgang up again until this day.
  wiederaufnahme_bis TEXT,
  angelegt INTEGER NOT NULL,
  version INTEGER NOT NULL DEFAULT 1,
  UNIQUE (akte, nummer)
) STRICT;
CREATE UNIQUE INDEX akten_vorgang_titel ON akten_vorgang (akte, titel) WHERE zda = 0;
-- ort_objekt is 'korb:<name>' until the document is filed, then 'einheit:<kennzeichen>'.
-- What lists need stands first: a list never reads the JSON behind it.
CREATE TABLE akten_dokument (
  id BLOB NOT NULL PRIMARY KEY,
  erfasst INTEGER NOT NULL,
  ort_objekt TEXT NOT NULL,
  akte_objekt TEXT,
  objekt TEXT NOT NULL UNIQUE,
  titel TEXT NOT NULL,
  dokumentart TEXT,
  zugang TEXT NOT NULL,
  stand TEXT NOT NULL,
  -- Confidential: marked on its way in or by a person; filing does not take it away.
  vertraulich INTEGER NOT NULL DEFAULT 0,
  aktenzeichen TEXT,
  akte BLOB REFERENCES akten_akte (id),
  vorgang BLOB REFERENCES akten_vorgang (id),
  sendung BLOB NOT NULL,
  teil INTEGER NOT NULL,
  kanal TEXT NOT NULL,
  art TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  media_type TEXT NOT NULL,
  freigabe TEXT,
  freigegeben_von TEXT,
  version INTEGER NOT NULL DEFAULT 1,
  seiten TEXT NOT NULL,
  vorschlag TEXT,
  fakten TEXT,
  befunde_teil TEXT NOT NULL,
  befunde TEXT NOT NULL
) STRICT;
CREATE INDEX akten_dokument_neu ON akten_dokument (erfasst, id);
CREATE INDEX akten_dokument_ort ON akten_dokument (ort_objekt, erfasst, id);
CREATE INDEX akten_dokument_akte ON akten_dokument (akte_objekt, erfasst, id);
CREATE INDEX akten_dokument_sendung ON akten_dokument (sendung, teil);
CREATE INDEX akten_dokument_az ON akten_dokument (aktenzeichen, id);
CREATE INDEX akten_dokument_vorgang ON akten_dokument (vorgang, zugang);
-- A rendition never changes; a new one gets the next version.
CREATE TABLE akten_rendition (
  dokument BLOB NOT NULL REFERENCES akten_dokument (id),
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  hash TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size INTEGER NOT NULL,
  erstellt INTEGER NOT NULL,
  PRIMARY KEY (dokument, name, version)
) STRICT;
CREATE TRIGGER akten_rendition_fest BEFORE UPDATE ON akten_rendition BEGIN SELECT RAISE(ABORT, 'a rendition never changes'); END;
-- Who refers to a blob, as what, and until when (NULL: without end). The last reference deletes it.
CREATE TABLE akten_blob (
  hash TEXT NOT NULL,
  wer TEXT NOT NULL,
  art TEXT NOT NULL,
  bis TEXT,
  PRIMARY KEY (hash, wer, art)
) STRICT;
CREATE INDEX akten_blob_wer ON akten_blob (wer);
-- Normalised keys of the duplicate check; not unique, because a finding is never an act.
CREATE TABLE akten_rechnung (
  dokument BLOB NOT NULL PRIMARY KEY REFERENCES akten_dokument (id),
  nummer TEXT NOT NULL,
  betrag TEXT NOT NULL,
  steuer TEXT NOT NULL,
  name TEXT NOT NULL
) STRICT;
CREATE INDEX akten_rechnung_gleich ON akten_rechnung (nummer, betrag);
-- Search: rights, filters and facets of a hit as small numbers; nr rises with the time of capture.
CREATE TABLE akten_ort (
  nr INTEGER PRIMARY KEY AUTOINCREMENT,
  objekt TEXT NOT NULL UNIQUE
) STRICT;
CREATE TABLE akten_fach (
  nr INTEGER PRIMARY KEY AUTOINCREMENT,
  art TEXT NOT NULL,
  amt TEXT NOT NULL,
  UNIQUE (art, amt)
) STRICT;
-- tag is the Zugang as a number: 20261120.
CREATE TABLE akten_suche (
  nr INTEGER PRIMARY KEY AUTOINCREMENT,
  ort INTEGER NOT NULL,
  fach INTEGER NOT NULL,
  tag INTEGER NOT NULL,
  dokument BLOB NOT NULL UNIQUE REFERENCES akten_dokument (id)
) STRICT;
CREATE INDEX akten_suche_fach ON akten_suche (fach, ort, tag);
CREATE TABLE akten_text (
  dokument BLOB NOT NULL PRIMARY KEY REFERENCES akten_dokument (id),
  text TEXT NOT NULL
) STRICT;
-- Words that occur, for suggestions; form is the spelling seen first.
CREATE TABLE akten_wort (
  wort TEXT NOT NULL PRIMARY KEY,
  form TEXT NOT NULL
) STRICT;
-- Tokens made in Rust: 'w<word>' in order, 's<stem>' once each.
CREATE VIRTUAL TABLE akten_volltext USING fts5 (tokens, content = '', contentless_delete = 1, columnsize = 1, tokenize = 'ascii');
-- Lists are driven from a person's grants.
CREATE INDEX IF NOT EXISTS platform_recht_subjekt ON platform_recht (subjekt, objekt);
