-- SPDX-License-Identifier: EUPL-1.2
-- The record: Aktenplan, Akte, Vorgang, Dokument. Field names follow xdomea 4.0, so that an export is a projection.
CREATE TABLE akten_einheit (
  kennzeichen TEXT NOT NULL PRIMARY KEY,
  titel TEXT NOT NULL,
  amt TEXT NOT NULL,
  aufbewahrung BIGINT,
  aussonderung TEXT NOT NULL DEFAULT 'B',
  gueltig_ab TEXT NOT NULL,
  gueltig_bis TEXT
);
-- The subjects of an office: they get the Akten of their office wherever it files.
CREATE TABLE akten_amt (
  amt TEXT NOT NULL,
  subjekt TEXT NOT NULL,
  recht BIGINT NOT NULL,
  PRIMARY KEY (amt, subjekt)
);
-- Counters of Aktenzeichen; they only rise.
CREATE TABLE akten_zaehler (
  name TEXT NOT NULL PRIMARY KEY,
  wert BIGINT NOT NULL
);
CREATE TABLE akten_akte (
  id UUID NOT NULL PRIMARY KEY,
  einheit TEXT NOT NULL REFERENCES akten_einheit (kennzeichen),
  jahr BIGINT NOT NULL,
  nummer BIGINT NOT NULL,
  aktenzeichen TEXT COLLATE "C" NOT NULL UNIQUE,
  titel TEXT NOT NULL,
  amt TEXT NOT NULL,
  medium TEXT NOT NULL DEFAULT 'elektronisch',
  geheimhaltung TEXT NOT NULL DEFAULT '',
  datenschutzstufe TEXT NOT NULL DEFAULT '',
  laufzeit_von TEXT NOT NULL,
  laufzeit_bis TEXT,
  zda BIGINT NOT NULL DEFAULT 0,
  zda_am TEXT,
  aufbewahrung BIGINT,
  aussonderung TEXT NOT NULL,
  angelegt BIGINT NOT NULL,
  einheit_objekt TEXT NOT NULL,
  objekt TEXT NOT NULL UNIQUE,
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (einheit, jahr, nummer)
);
CREATE UNIQUE INDEX akten_akte_titel ON akten_akte (einheit, jahr, titel) WHERE zda = 0;
CREATE TABLE akten_vorgang (
  id UUID NOT NULL PRIMARY KEY,
  akte UUID NOT NULL REFERENCES akten_akte (id),
  nummer BIGINT NOT NULL,
  titel TEXT NOT NULL,
  laufzeit_von TEXT NOT NULL,
  laufzeit_bis TEXT,
  zda BIGINT NOT NULL DEFAULT 0,
  zda_am TEXT,
  -- New post of its title takes a closed Vorgang up again until this day.
  wiederaufnahme_bis TEXT,
  angelegt BIGINT NOT NULL,
  version BIGINT NOT NULL DEFAULT 1,
  UNIQUE (akte, nummer)
);
CREATE UNIQUE INDEX akten_vorgang_titel ON akten_vorgang (akte, titel) WHERE zda = 0;
-- ort_objekt is 'korb:<name>' until the document is filed, then 'einheit:<kennzeichen>'.
-- What lists need stands first: a list never reads the JSON behind it.
CREATE TABLE akten_dokument (
  id UUID NOT NULL PRIMARY KEY,
  erfasst BIGINT NOT NULL,
  ort_objekt TEXT NOT NULL,
  akte_objekt TEXT,
  objekt TEXT NOT NULL UNIQUE,
  titel TEXT NOT NULL,
  dokumentart TEXT,
  zugang TEXT NOT NULL,
  stand TEXT NOT NULL,
  -- Confidential: marked on its way in or by a person; filing does not take it away.
  vertraulich BIGINT NOT NULL DEFAULT 0,
  aktenzeichen TEXT COLLATE "C",
  akte UUID REFERENCES akten_akte (id),
  vorgang UUID REFERENCES akten_vorgang (id),
  sendung UUID NOT NULL,
  teil BIGINT NOT NULL,
  kanal TEXT NOT NULL,
  art TEXT NOT NULL,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  media_type TEXT NOT NULL,
  freigabe TEXT,
  freigegeben_von TEXT,
  version BIGINT NOT NULL DEFAULT 1,
  seiten TEXT NOT NULL,
  vorschlag TEXT,
  fakten TEXT,
  befunde_teil TEXT NOT NULL,
  befunde TEXT NOT NULL
);
CREATE INDEX akten_dokument_neu ON akten_dokument (erfasst, id);
CREATE INDEX akten_dokument_ort ON akten_dokument (ort_objekt, erfasst, id);
CREATE INDEX akten_dokument_akte ON akten_dokument (akte_objekt, erfasst, id);
CREATE INDEX akten_dokument_sendung ON akten_dokument (sendung, teil);
CREATE INDEX akten_dokument_az ON akten_dokument (aktenzeichen, id);
CREATE INDEX akten_dokument_vorgang ON akten_dokument (vorgang, zugang);
-- A rendition never changes; a new one gets the next version.
CREATE TABLE akten_rendition (
  dokument UUID NOT NULL REFERENCES akten_dokument (id),
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  hash TEXT NOT NULL,
  media_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  erstellt BIGINT NOT NULL,
  PRIMARY KEY (dokument, name, version)
);
CREATE FUNCTION akten_fest() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'a rendition never changes'; END $$;
CREATE TRIGGER akten_rendition_fest BEFORE UPDATE ON akten_rendition FOR EACH ROW EXECUTE FUNCTION akten_fest();
-- Who refers to a blob, as what, and until when (NULL: without end). The last reference deletes it.
CREATE TABLE akten_blob (
  hash TEXT NOT NULL,
  wer TEXT NOT NULL,
  art TEXT NOT NULL,
  bis TEXT,
  PRIMARY KEY (hash, wer, art)
);
CREATE INDEX akten_blob_wer ON akten_blob (wer);
-- Normalised keys of the duplicate check; not unique, because a finding is never an act.
CREATE TABLE akten_rechnung (
  dokument UUID NOT NULL PRIMARY KEY REFERENCES akten_dokument (id),
  nummer TEXT NOT NULL,
  betrag TEXT NOT NULL,
  steuer TEXT NOT NULL,
  name TEXT NOT NULL
);
CREATE INDEX akten_rechnung_gleich ON akten_rechnung (nummer, betrag);
-- Search: rights, filters and facets of a hit as small numbers; nr rises with the time of capture.
CREATE TABLE akten_ort (
  nr BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  objekt TEXT NOT NULL UNIQUE
);
CREATE TABLE akten_fach (
  nr BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  art TEXT NOT NULL,
  amt TEXT NOT NULL,
  UNIQUE (art, amt)
);
-- tag is the Zugang as a number: 20261120.
CREATE TABLE akten_suche (
  nr BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ort BIGINT NOT NULL,
  fach BIGINT NOT NULL,
  tag BIGINT NOT NULL,
  dokument UUID NOT NULL UNIQUE REFERENCES akten_dokument (id)
);
CREATE INDEX akten_suche_fach ON akten_suche (fach, ort, tag);
CREATE TABLE akten_text (
  dokument UUID NOT NULL PRIMARY KEY REFERENCES akten_dokument (id),
  text TEXT NOT NULL
);
-- Words that occur, for suggestions; form is the spelling seen first.
CREATE TABLE akten_wort (
  wort TEXT COLLATE "C" NOT NULL PRIMARY KEY,
  form TEXT NOT NULL
);
-- Tokens made in Rust: 'w<word>' in order, 's<stem>' once each.
CREATE TABLE akten_volltext (
  nr BIGINT NOT NULL PRIMARY KEY,
  tokens TSVECTOR NOT NULL
);
CREATE INDEX akten_volltext_tokens ON akten_volltext USING gin (tokens);
-- Lists are driven from a person's grants.
CREATE INDEX IF NOT EXISTS platform_recht_subjekt ON platform_recht (subjekt, objekt);
