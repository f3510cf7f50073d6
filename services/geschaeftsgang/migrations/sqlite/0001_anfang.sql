-- SPDX-License-Identifier: EUPL-1.2
CREATE TABLE geschaeftsgang_definition (
  id BLOB NOT NULL PRIMARY KEY,
  process TEXT NOT NULL,
  version INTEGER NOT NULL,
  name TEXT NOT NULL,
  xml TEXT NOT NULL,
  hash TEXT NOT NULL,
  deployed INTEGER NOT NULL,
  -- auslieferung (comes with the program) or stadt (deployed by the city)
  herkunft TEXT NOT NULL,
  UNIQUE (process, version)
) STRICT;
CREATE TABLE geschaeftsgang_tabelle (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  xml TEXT NOT NULL,
  hash TEXT NOT NULL,
  deployed INTEGER NOT NULL,
  -- auslieferung (comes with the program) or stadt (deployed by the city)
  herkunft TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;
-- One row per process instance; state is the interpreter's whole state.
CREATE TABLE geschaeftsgang_instanz (
  id BLOB NOT NULL PRIMARY KEY,
  definition BLOB NOT NULL REFERENCES geschaeftsgang_definition (id),
  process TEXT NOT NULL,
  schluessel TEXT UNIQUE,
  parent BLOB,
  parent_element INTEGER,
  sendung BLOB,
  dokument BLOB,
  titel TEXT NOT NULL,
  stand TEXT NOT NULL,
  state TEXT NOT NULL,
  verlauf_seq INTEGER NOT NULL,
  gestartet INTEGER NOT NULL,
  beendet INTEGER,
  -- An operator stopped it: no job goes out, no timer fires, no task is completed.
  angehalten INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX geschaeftsgang_instanz_sendung ON geschaeftsgang_instanz (sendung) WHERE sendung IS NOT NULL;
CREATE INDEX geschaeftsgang_instanz_dokument ON geschaeftsgang_instanz (dokument, gestartet) WHERE dokument IS NOT NULL;
CREATE INDEX geschaeftsgang_instanz_parent ON geschaeftsgang_instanz (parent, parent_element) WHERE parent IS NOT NULL;
CREATE INDEX geschaeftsgang_instanz_process ON geschaeftsgang_instanz (process, gestartet);
CREATE INDEX geschaeftsgang_instanz_stand ON geschaeftsgang_instanz (stand) WHERE parent IS NULL;
-- What runs and what ended on a version: lists of versions, moves, figures.
CREATE INDEX geschaeftsgang_instanz_definition ON geschaeftsgang_instanz (definition, beendet, id);
CREATE INDEX geschaeftsgang_instanz_beendet ON geschaeftsgang_instanz (beendet) WHERE beendet IS NOT NULL;
-- Append-only; nr is the order over all instances.
CREATE TABLE geschaeftsgang_verlauf (
  nr INTEGER NOT NULL PRIMARY KEY,
  instanz BLOB NOT NULL,
  seq INTEGER NOT NULL,
  at INTEGER NOT NULL,
  element TEXT NOT NULL,
  element_instanz INTEGER NOT NULL,
  ereignis TEXT NOT NULL,
  innen INTEGER NOT NULL,
  person BLOB,
  text TEXT,
  UNIQUE (instanz, seq)
) STRICT;
-- Timer start events of the newest versions; again: how often after the next time, NULL = for ever.
CREATE TABLE geschaeftsgang_starttermin (
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  due INTEGER NOT NULL,
  again INTEGER,
  PRIMARY KEY (process, element)
) STRICT;
CREATE INDEX geschaeftsgang_starttermin_due ON geschaeftsgang_starttermin (due);
-- Work for workers. stand: bereit, unterwegs, stoerung, angehalten.
CREATE TABLE geschaeftsgang_auftrag (
  id BLOB NOT NULL PRIMARY KEY,
  instanz BLOB NOT NULL,
  element_instanz INTEGER NOT NULL,
  element TEXT NOT NULL,
  name TEXT NOT NULL,
  typ TEXT NOT NULL,
  eingabe TEXT NOT NULL,
  stand TEXT NOT NULL,
  dringend INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  failures INTEGER NOT NULL,
  versuche INTEGER NOT NULL,
  bereit_ab INTEGER NOT NULL,
  frist INTEGER,
  ursache TEXT,
  angelegt INTEGER NOT NULL,
  letzter_versuch INTEGER,
  UNIQUE (instanz, element_instanz)
) STRICT;
CREATE INDEX geschaeftsgang_auftrag_bereit ON geschaeftsgang_auftrag (stand, typ, dringend, angelegt);
CREATE INDEX geschaeftsgang_auftrag_frist ON geschaeftsgang_auftrag (frist) WHERE stand = 'unterwegs';
-- Work for people.
CREATE TABLE geschaeftsgang_aufgabe (
  id BLOB NOT NULL PRIMARY KEY,
  version INTEGER NOT NULL,
  instanz BLOB NOT NULL,
  element_instanz INTEGER NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  name TEXT NOT NULL,
  formular TEXT NOT NULL,
  titel TEXT NOT NULL,
  gruppe TEXT NOT NULL,
  bearbeiter BLOB,
  -- In whose place the bearbeiter took it.
  vertritt BLOB,
  faellig TEXT,
  seit INTEGER NOT NULL,
  sendung BLOB,
  dokument BLOB,
  daten TEXT NOT NULL,
  entwurf TEXT NOT NULL,
  prioritaet INTEGER NOT NULL,
  erledigt INTEGER,
  erledigt_von BLOB,
  werte TEXT,
  -- The last stage of the ladder that was reached, as JSON.
  mahnung TEXT
) STRICT;
-- A task that is tried again after an incident belongs to the same running of its element: only one of them is open.
CREATE UNIQUE INDEX geschaeftsgang_aufgabe_offen ON geschaeftsgang_aufgabe (instanz, element_instanz) WHERE erledigt IS NULL;
CREATE INDEX geschaeftsgang_aufgabe_sendung ON geschaeftsgang_aufgabe (sendung) WHERE erledigt IS NULL AND sendung IS NOT NULL;
CREATE INDEX geschaeftsgang_aufgabe_seit ON geschaeftsgang_aufgabe (seit) WHERE erledigt IS NULL;
CREATE INDEX geschaeftsgang_aufgabe_erledigt ON geschaeftsgang_aufgabe (erledigt_von, erledigt) WHERE erledigt IS NOT NULL;
-- Who may do it; open rows carry what lists sort and count by, so that a page is one index range per subject. Numbers are
-- counted from here when somebody looks: a stored count would be one row that every step of a process writes.
CREATE TABLE geschaeftsgang_kandidat (
  aufgabe BLOB NOT NULL REFERENCES geschaeftsgang_aufgabe (id),
  subjekt TEXT NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  sortierung TEXT NOT NULL,
  PRIMARY KEY (aufgabe, subjekt)
) STRICT, WITHOUT ROWID;
CREATE INDEX geschaeftsgang_kandidat_element ON geschaeftsgang_kandidat (subjekt, process, element, sortierung);
-- Four eyes: whose earlier signature excludes them from this task. The trigger is the data layer's own wall:
-- no way into the table gets around it.
CREATE TABLE geschaeftsgang_ausschluss (
  aufgabe BLOB NOT NULL,
  element TEXT NOT NULL,
  PRIMARY KEY (aufgabe, element)
) STRICT, WITHOUT ROWID;
CREATE TABLE geschaeftsgang_zeichnung (
  aufgabe BLOB NOT NULL PRIMARY KEY,
  instanz BLOB NOT NULL,
  element TEXT NOT NULL,
  person BLOB NOT NULL,
  -- In whose place, when the person stood in for somebody.
  fuer BLOB,
  at INTEGER NOT NULL,
  hash TEXT NOT NULL,
  -- SHA-256 of the content the person saw.
  fassung TEXT
) STRICT, WITHOUT ROWID;
CREATE INDEX geschaeftsgang_zeichnung_instanz ON geschaeftsgang_zeichnung (instanz, element, person);
CREATE TRIGGER geschaeftsgang_vier_augen BEFORE INSERT ON geschaeftsgang_zeichnung
WHEN EXISTS (
  SELECT 1 FROM geschaeftsgang_ausschluss a
  JOIN geschaeftsgang_zeichnung z ON z.instanz = NEW.instanz AND z.element = a.element
    AND (z.person = NEW.person OR z.person = NEW.fuer OR z.fuer = NEW.person OR z.fuer = NEW.fuer)
  WHERE a.aufgabe = NEW.aufgabe)
BEGIN SELECT RAISE(ABORT, 'four-eyes'); END;
CREATE TRIGGER geschaeftsgang_zeichnung_fest BEFORE UPDATE ON geschaeftsgang_zeichnung
BEGIN SELECT RAISE(ABORT, 'signatures are append-only'); END;
CREATE TRIGGER geschaeftsgang_zeichnung_bleibt BEFORE DELETE ON geschaeftsgang_zeichnung
BEGIN SELECT RAISE(ABORT, 'signatures are append-only'); END;

-- What a signing task is bound to: 'dokument:<id>', or 'ablauf:<id>/<variable>'.
CREATE TABLE geschaeftsgang_gegenstand (
  aufgabe BLOB NOT NULL PRIMARY KEY,
  objekt TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX geschaeftsgang_gegenstand_objekt ON geschaeftsgang_gegenstand (objekt);
-- The content that counts now.
CREATE TABLE geschaeftsgang_fassung (
  objekt TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL,
  seit INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- A signature of an earlier content that counts for a later one too, because the change does not concern it.
CREATE TABLE geschaeftsgang_gilt_weiter (
  aufgabe BLOB NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (aufgabe, hash)
) STRICT, WITHOUT ROWID;
-- Signatures that count no more, since when, and the content that came instead.
CREATE TABLE geschaeftsgang_ungueltig (
  aufgabe BLOB NOT NULL PRIMARY KEY,
  seit INTEGER NOT NULL,
  hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- A signature is one of the content that counts, or none.
CREATE TRIGGER geschaeftsgang_zeichnung_fassung BEFORE INSERT ON geschaeftsgang_zeichnung
WHEN EXISTS (
  SELECT 1 FROM geschaeftsgang_gegenstand g LEFT JOIN geschaeftsgang_fassung f ON f.objekt = g.objekt
  WHERE g.aufgabe = NEW.aufgabe AND (NEW.fassung IS NULL OR f.hash <> NEW.fassung))
BEGIN SELECT RAISE(ABORT, 'stale-content'); END;
-- Other content: what was signed before counts no more.
CREATE TRIGGER geschaeftsgang_fassung_neu AFTER UPDATE OF hash ON geschaeftsgang_fassung WHEN NEW.hash <> OLD.hash BEGIN
  INSERT INTO geschaeftsgang_ungueltig (aufgabe, seit, hash)
  SELECT z.aufgabe, NEW.seit, NEW.hash FROM geschaeftsgang_gegenstand g JOIN geschaeftsgang_zeichnung z ON z.aufgabe = g.aufgabe
  WHERE g.objekt = NEW.objekt AND z.fassung <> NEW.hash
    AND NOT EXISTS (SELECT 1 FROM geschaeftsgang_gilt_weiter w WHERE w.aufgabe = z.aufgabe AND w.hash = NEW.hash)
  ON CONFLICT DO NOTHING;
END;
CREATE TRIGGER geschaeftsgang_ungueltig_fest BEFORE UPDATE ON geschaeftsgang_ungueltig
BEGIN SELECT RAISE(ABORT, 'signatures are append-only'); END;
CREATE TRIGGER geschaeftsgang_ungueltig_bleibt BEFORE DELETE ON geschaeftsgang_ungueltig
BEGIN SELECT RAISE(ABORT, 'signatures are append-only'); END;

-- The ladder of an open task: reminder and escalation, planned once, one stage after the other.
CREATE TABLE geschaeftsgang_mahnung (
  aufgabe BLOB NOT NULL PRIMARY KEY REFERENCES geschaeftsgang_aufgabe (id),
  instanz BLOB NOT NULL,
  -- When the next stage is due, and which of the plan it is.
  due INTEGER NOT NULL,
  stufe INTEGER NOT NULL,
  plan TEXT NOT NULL,
  ruht INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX geschaeftsgang_mahnung_due ON geschaeftsgang_mahnung (due) WHERE ruht = 0;
CREATE INDEX geschaeftsgang_mahnung_instanz ON geschaeftsgang_mahnung (instanz);
-- A task that is done or withdrawn reminds nobody, whichever way it went.
CREATE TRIGGER geschaeftsgang_mahnung_endet AFTER UPDATE OF erledigt ON geschaeftsgang_aufgabe WHEN NEW.erledigt IS NOT NULL BEGIN
  DELETE FROM geschaeftsgang_mahnung WHERE aufgabe = NEW.id;
END;
-- One mail per person and morning, whatever is asked how often; kept for two weeks.
CREATE TABLE geschaeftsgang_hinweis (
  tag TEXT NOT NULL,
  person BLOB NOT NULL,
  PRIMARY KEY (tag, person)
) STRICT;
-- Wiedervorlagen beside their processes, for lists: those not due yet are no tasks.
CREATE TABLE geschaeftsgang_wiedervorlage (
  id BLOB NOT NULL PRIMARY KEY,
  instanz BLOB NOT NULL,
  -- What it is about, as nachrichten::wiedervorlage::Bezug in text.
  bezug TEXT NOT NULL,
  titel TEXT NOT NULL,
  datum TEXT NOT NULL,
  grund TEXT NOT NULL,
  -- Whose it is: a subject as in rights.
  an TEXT NOT NULL,
  amt TEXT,
  von BLOB NOT NULL,
  angelegt INTEGER NOT NULL,
  -- offen, erledigt, abgesagt
  stand TEXT NOT NULL,
  geaendert INTEGER NOT NULL
) STRICT;
CREATE INDEX geschaeftsgang_wiedervorlage_an ON geschaeftsgang_wiedervorlage (an, datum) WHERE stand = 'offen';
CREATE INDEX geschaeftsgang_wiedervorlage_von ON geschaeftsgang_wiedervorlage (von, datum) WHERE stand = 'offen';
CREATE INDEX geschaeftsgang_wiedervorlage_bezug ON geschaeftsgang_wiedervorlage (bezug, datum);
CREATE INDEX geschaeftsgang_wiedervorlage_instanz ON geschaeftsgang_wiedervorlage (instanz);
CREATE TABLE geschaeftsgang_frist (
  instanz BLOB NOT NULL,
  timer INTEGER NOT NULL,
  due INTEGER NOT NULL,
  element TEXT NOT NULL,
  ruht INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (instanz, timer)
) STRICT, WITHOUT ROWID;
CREATE INDEX geschaeftsgang_frist_due ON geschaeftsgang_frist (due) WHERE ruht = 0;
CREATE TABLE geschaeftsgang_abo (
  instanz BLOB NOT NULL,
  abo INTEGER NOT NULL,
  art TEXT NOT NULL,
  name TEXT NOT NULL,
  schluessel TEXT,
  element TEXT NOT NULL,
  PRIMARY KEY (instanz, abo)
) STRICT, WITHOUT ROWID;
CREATE INDEX geschaeftsgang_abo_name ON geschaeftsgang_abo (art, name, schluessel);
CREATE TABLE geschaeftsgang_nachricht (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  schluessel TEXT,
  werte TEXT NOT NULL,
  bis INTEGER NOT NULL
) STRICT;
CREATE INDEX geschaeftsgang_nachricht_name ON geschaeftsgang_nachricht (name, schluessel);
CREATE TABLE geschaeftsgang_stoerung (
  instanz BLOB NOT NULL,
  element_instanz INTEGER NOT NULL,
  element TEXT NOT NULL,
  text TEXT NOT NULL,
  seit INTEGER NOT NULL,
  PRIMARY KEY (instanz, element_instanz)
) STRICT, WITHOUT ROWID;
-- Who looks after an incident.
CREATE TABLE geschaeftsgang_betreuung (
  job BLOB NOT NULL PRIMARY KEY,
  person BLOB NOT NULL,
  seit INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Acts of operators on many incidents, and which ones each took. How far it is, the jobs say. art: erneut, ueberspringen.
CREATE TABLE geschaeftsgang_einreihung (
  id BLOB NOT NULL PRIMARY KEY,
  zeit INTEGER NOT NULL,
  person BLOB NOT NULL,
  art TEXT NOT NULL,
  ursache TEXT NOT NULL,
  grund TEXT NOT NULL
) STRICT;
CREATE INDEX geschaeftsgang_einreihung_zeit ON geschaeftsgang_einreihung (zeit);
CREATE TABLE geschaeftsgang_einreihung_fall (
  einreihung BLOB NOT NULL,
  job BLOB NOT NULL,
  instanz BLOB NOT NULL,
  element_instanz INTEGER NOT NULL,
  name TEXT NOT NULL,
  -- Why the case was refused.
  fehler TEXT,
  PRIMARY KEY (einreihung, job)
) STRICT, WITHOUT ROWID;
-- Commands of people by idempotency key: a repeat gets the first answer.
CREATE TABLE geschaeftsgang_befehl (
  schluessel TEXT NOT NULL PRIMARY KEY,
  at INTEGER NOT NULL,
  antwort TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Example rows of a table, as JSON; a version without its own has those of the one before.
CREATE TABLE geschaeftsgang_beispiele (
  name TEXT NOT NULL,
  version INTEGER NOT NULL,
  zeilen TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT;
-- A new version waits for its second person. stand: wartet, veroeffentlicht, zurueckgezogen.
CREATE TABLE geschaeftsgang_vorschlag (
  id BLOB NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  xml TEXT NOT NULL,
  -- Example rows of a table, as JSON.
  beispiele TEXT NOT NULL,
  grund TEXT NOT NULL,
  person BLOB NOT NULL,
  at INTEGER NOT NULL,
  zweite_person INTEGER NOT NULL,
  stand TEXT NOT NULL,
  entschieden_von BLOB,
  entschieden INTEGER,
  entschieden_grund TEXT
) STRICT;
CREATE INDEX geschaeftsgang_vorschlag_wartet ON geschaeftsgang_vorschlag (at) WHERE stand = 'wartet';
-- Four eyes: what one person proposed another publishes; and only what was proposed, once.
CREATE TRIGGER geschaeftsgang_vorschlag_vier_augen BEFORE UPDATE ON geschaeftsgang_vorschlag
WHEN NEW.stand = 'veroeffentlicht' AND OLD.zweite_person = 1
  AND (NEW.entschieden_von IS NULL OR NEW.entschieden_von = OLD.person)
BEGIN SELECT RAISE(ABORT, 'four-eyes'); END;
CREATE TRIGGER geschaeftsgang_vorschlag_fest BEFORE UPDATE ON geschaeftsgang_vorschlag
WHEN OLD.stand <> 'wartet' OR NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.xml <> OLD.xml OR NEW.grund <> OLD.grund
  OR NEW.person <> OLD.person OR NEW.at <> OLD.at OR NEW.zweite_person <> OLD.zweite_person
BEGIN SELECT RAISE(ABORT, 'a proposal is not changed'); END;
CREATE TRIGGER geschaeftsgang_vorschlag_bleibt BEFORE DELETE ON geschaeftsgang_vorschlag
BEGIN SELECT RAISE(ABORT, 'a proposal is not changed'); END;
CREATE TRIGGER geschaeftsgang_vorschlag_neu BEFORE INSERT ON geschaeftsgang_vorschlag WHEN NEW.stand <> 'wartet'
BEGIN SELECT RAISE(ABORT, 'a proposal is not changed'); END;
