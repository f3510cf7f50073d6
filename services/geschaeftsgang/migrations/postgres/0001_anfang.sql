-- SPDX-License-Identifier: EUPL-1.2
CREATE TABLE geschaeftsgang_definition (
  id UUID NOT NULL PRIMARY KEY,
  process TEXT NOT NULL,
  version BIGINT NOT NULL,
  name TEXT NOT NULL,
  xml TEXT NOT NULL,
  hash TEXT NOT NULL,
  deployed BIGINT NOT NULL,
  -- auslieferung (comes with the program) or stadt (deployed by the city)
  herkunft TEXT NOT NULL,
  UNIQUE (process, version)
);
CREATE TABLE geschaeftsgang_tabelle (
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  xml TEXT NOT NULL,
  hash TEXT NOT NULL,
  deployed BIGINT NOT NULL,
  -- auslieferung (comes with the program) or stadt (deployed by the city)
  herkunft TEXT NOT NULL,
  PRIMARY KEY (name, version)
);
-- One row per process instance; state is the interpreter's whole state.
CREATE TABLE geschaeftsgang_instanz (
  id UUID NOT NULL PRIMARY KEY,
  definition UUID NOT NULL REFERENCES geschaeftsgang_definition (id),
  process TEXT NOT NULL,
  schluessel TEXT UNIQUE,
  parent UUID,
  parent_element BIGINT,
  sendung UUID,
  dokument UUID,
  titel TEXT NOT NULL,
  stand TEXT NOT NULL,
  state TEXT NOT NULL,
  verlauf_seq BIGINT NOT NULL,
  gestartet BIGINT NOT NULL,
  beendet BIGINT,
  -- An operator stopped it: no job goes out, no timer fires, no task is completed.
  angehalten BIGINT NOT NULL DEFAULT 0
);
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
  nr BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  instanz UUID NOT NULL,
  seq BIGINT NOT NULL,
  at BIGINT NOT NULL,
  element TEXT NOT NULL,
  element_instanz BIGINT NOT NULL,
  ereignis TEXT NOT NULL,
  innen BIGINT NOT NULL,
  person UUID,
  text TEXT,
  UNIQUE (instanz, seq)
);
-- Timer start events of the newest versions; again: how often after the next time, NULL = for ever.
CREATE TABLE geschaeftsgang_starttermin (
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  due BIGINT NOT NULL,
  again BIGINT,
  PRIMARY KEY (process, element)
);
CREATE INDEX geschaeftsgang_starttermin_due ON geschaeftsgang_starttermin (due);
-- Work for workers. stand: bereit, unterwegs, stoerung, angehalten.
CREATE TABLE geschaeftsgang_auftrag (
  id UUID NOT NULL PRIMARY KEY,
  instanz UUID NOT NULL,
  element_instanz BIGINT NOT NULL,
  element TEXT NOT NULL,
  name TEXT NOT NULL,
  typ TEXT NOT NULL,
  eingabe TEXT NOT NULL,
  stand TEXT NOT NULL,
  dringend BIGINT NOT NULL,
  attempt BIGINT NOT NULL,
  failures BIGINT NOT NULL,
  versuche BIGINT NOT NULL,
  bereit_ab BIGINT NOT NULL,
  frist BIGINT,
  ursache TEXT,
  angelegt BIGINT NOT NULL,
  letzter_versuch BIGINT,
  UNIQUE (instanz, element_instanz)
);
CREATE INDEX geschaeftsgang_auftrag_bereit ON geschaeftsgang_auftrag (stand, typ, dringend, angelegt);
CREATE INDEX geschaeftsgang_auftrag_frist ON geschaeftsgang_auftrag (frist) WHERE stand = 'unterwegs';
-- Work for people.
CREATE TABLE geschaeftsgang_aufgabe (
  id UUID NOT NULL PRIMARY KEY,
  version BIGINT NOT NULL,
  instanz UUID NOT NULL,
  element_instanz BIGINT NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  name TEXT NOT NULL,
  formular TEXT NOT NULL,
  titel TEXT NOT NULL,
  gruppe TEXT NOT NULL,
  bearbeiter UUID,
  -- In whose place the bearbeiter took it.
  vertritt UUID,
  faellig TEXT,
  seit BIGINT NOT NULL,
  sendung UUID,
  dokument UUID,
  daten TEXT NOT NULL,
  entwurf TEXT NOT NULL,
  prioritaet BIGINT NOT NULL,
  erledigt BIGINT,
  erledigt_von UUID,
  werte TEXT,
  -- The last stage of the ladder that was reached, as JSON.
  mahnung TEXT
);
-- A task that is tried again after an incident belongs to the same running of its element: only one of them is open.
CREATE UNIQUE INDEX geschaeftsgang_aufgabe_offen ON geschaeftsgang_aufgabe (instanz, element_instanz) WHERE erledigt IS NULL;
CREATE INDEX geschaeftsgang_aufgabe_sendung ON geschaeftsgang_aufgabe (sendung) WHERE erledigt IS NULL AND sendung IS NOT NULL;
CREATE INDEX geschaeftsgang_aufgabe_seit ON geschaeftsgang_aufgabe (seit) WHERE erledigt IS NULL;
CREATE INDEX geschaeftsgang_aufgabe_erledigt ON geschaeftsgang_aufgabe (erledigt_von, erledigt) WHERE erledigt IS NOT NULL;
-- Who may do it; open rows carry what lists sort and count by, so that a page is one index range per subject. Numbers are
-- counted from here when somebody looks: a stored count would be one row that every step of a process writes.
CREATE TABLE geschaeftsgang_kandidat (
  aufgabe UUID NOT NULL REFERENCES geschaeftsgang_aufgabe (id),
  subjekt TEXT NOT NULL,
  process TEXT NOT NULL,
  element TEXT NOT NULL,
  sortierung TEXT NOT NULL,
  PRIMARY KEY (aufgabe, subjekt)
)
-- A queue: what is done lies in front of what waits, and every list walks over it until it is swept away.
WITH (autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX geschaeftsgang_kandidat_element ON geschaeftsgang_kandidat (subjekt, process, element, sortierung);
-- Four eyes: whose earlier signature excludes them from this task. The trigger is the data layer's own wall:
-- no way into the table gets around it.
CREATE TABLE geschaeftsgang_ausschluss (
  aufgabe UUID NOT NULL,
  element TEXT NOT NULL,
  PRIMARY KEY (aufgabe, element)
);
CREATE TABLE geschaeftsgang_zeichnung (
  aufgabe UUID NOT NULL PRIMARY KEY,
  instanz UUID NOT NULL,
  element TEXT NOT NULL,
  person UUID NOT NULL,
  -- In whose place, when the person stood in for somebody.
  fuer UUID,
  at BIGINT NOT NULL,
  hash TEXT NOT NULL,
  -- SHA-256 of the content the person saw.
  fassung TEXT
);
CREATE INDEX geschaeftsgang_zeichnung_instanz ON geschaeftsgang_zeichnung (instanz, element, person);

-- What a signing task is bound to: 'dokument:<id>', or 'ablauf:<id>/<variable>'.
CREATE TABLE geschaeftsgang_gegenstand (
  aufgabe UUID NOT NULL PRIMARY KEY,
  objekt TEXT NOT NULL
);
CREATE INDEX geschaeftsgang_gegenstand_objekt ON geschaeftsgang_gegenstand (objekt);
-- The content that counts now.
CREATE TABLE geschaeftsgang_fassung (
  objekt TEXT NOT NULL PRIMARY KEY,
  hash TEXT NOT NULL,
  seit BIGINT NOT NULL
);
-- A signature of an earlier content that counts for a later one too, because the change does not concern it.
CREATE TABLE geschaeftsgang_gilt_weiter (
  aufgabe UUID NOT NULL,
  hash TEXT NOT NULL,
  PRIMARY KEY (aufgabe, hash)
);
-- Signatures that count no more, since when, and the content that came instead.
CREATE TABLE geschaeftsgang_ungueltig (
  aufgabe UUID NOT NULL PRIMARY KEY,
  seit BIGINT NOT NULL,
  hash TEXT NOT NULL
);

-- The ladder of an open task: reminder and escalation, planned once, one stage after the other.
CREATE TABLE geschaeftsgang_mahnung (
  aufgabe UUID NOT NULL PRIMARY KEY REFERENCES geschaeftsgang_aufgabe (id),
  instanz UUID NOT NULL,
  -- When the next stage is due, and which of the plan it is.
  due BIGINT NOT NULL,
  stufe BIGINT NOT NULL,
  plan TEXT NOT NULL,
  ruht BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX geschaeftsgang_mahnung_due ON geschaeftsgang_mahnung (due) WHERE ruht = 0;
CREATE INDEX geschaeftsgang_mahnung_instanz ON geschaeftsgang_mahnung (instanz);
-- A task that is done or withdrawn reminds nobody, whichever way it went.
CREATE FUNCTION geschaeftsgang_mahnung_endet() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  DELETE FROM geschaeftsgang_mahnung WHERE aufgabe = NEW.id;
  RETURN NULL;
END $$;
CREATE TRIGGER geschaeftsgang_mahnung_endet AFTER UPDATE OF erledigt ON geschaeftsgang_aufgabe
  FOR EACH ROW WHEN (NEW.erledigt IS NOT NULL) EXECUTE FUNCTION geschaeftsgang_mahnung_endet();
-- One mail per person and morning, whatever is asked how often; kept for two weeks.
CREATE TABLE geschaeftsgang_hinweis (
  tag TEXT NOT NULL,
  person UUID NOT NULL,
  PRIMARY KEY (tag, person)
);
-- Wiedervorlagen beside their processes, for lists: those not due yet are no tasks.
CREATE TABLE geschaeftsgang_wiedervorlage (
  id UUID NOT NULL PRIMARY KEY,
  instanz UUID NOT NULL,
  -- What it is about, as nachrichten::wiedervorlage::Bezug in text.
  bezug TEXT NOT NULL,
  titel TEXT NOT NULL,
  datum TEXT NOT NULL,
  grund TEXT NOT NULL,
  -- Whose it is: a subject as in rights.
  an TEXT NOT NULL,
  amt TEXT,
  von UUID NOT NULL,
  angelegt BIGINT NOT NULL,
  -- offen, erledigt, abgesagt
  stand TEXT NOT NULL,
  geaendert BIGINT NOT NULL
);
CREATE INDEX geschaeftsgang_wiedervorlage_an ON geschaeftsgang_wiedervorlage (an, datum) WHERE stand = 'offen';
CREATE INDEX geschaeftsgang_wiedervorlage_von ON geschaeftsgang_wiedervorlage (von, datum) WHERE stand = 'offen';
CREATE INDEX geschaeftsgang_wiedervorlage_bezug ON geschaeftsgang_wiedervorlage (bezug, datum);
CREATE INDEX geschaeftsgang_wiedervorlage_instanz ON geschaeftsgang_wiedervorlage (instanz);
CREATE TABLE geschaeftsgang_frist (
  instanz UUID NOT NULL,
  timer BIGINT NOT NULL,
  due BIGINT NOT NULL,
  element TEXT NOT NULL,
  ruht BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (instanz, timer)
);
CREATE INDEX geschaeftsgang_frist_due ON geschaeftsgang_frist (due) WHERE ruht = 0;
CREATE TABLE geschaeftsgang_abo (
  instanz UUID NOT NULL,
  abo BIGINT NOT NULL,
  art TEXT NOT NULL,
  name TEXT NOT NULL,
  schluessel TEXT,
  element TEXT NOT NULL,
  PRIMARY KEY (instanz, abo)
);
CREATE INDEX geschaeftsgang_abo_name ON geschaeftsgang_abo (art, name, schluessel);
CREATE TABLE geschaeftsgang_nachricht (
  id UUID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  schluessel TEXT,
  werte TEXT NOT NULL,
  bis BIGINT NOT NULL
);
CREATE INDEX geschaeftsgang_nachricht_name ON geschaeftsgang_nachricht (name, schluessel);
CREATE TABLE geschaeftsgang_stoerung (
  instanz UUID NOT NULL,
  element_instanz BIGINT NOT NULL,
  element TEXT NOT NULL,
  text TEXT NOT NULL,
  seit BIGINT NOT NULL,
  PRIMARY KEY (instanz, element_instanz)
);
-- Who looks after an incident.
CREATE TABLE geschaeftsgang_betreuung (
  job UUID NOT NULL PRIMARY KEY,
  person UUID NOT NULL,
  seit BIGINT NOT NULL
);
-- Acts of operators on many incidents, and which ones each took. How far it is, the jobs say. art: erneut, ueberspringen.
CREATE TABLE geschaeftsgang_einreihung (
  id UUID NOT NULL PRIMARY KEY,
  zeit BIGINT NOT NULL,
  person UUID NOT NULL,
  art TEXT NOT NULL,
  ursache TEXT NOT NULL,
  grund TEXT NOT NULL
);
CREATE INDEX geschaeftsgang_einreihung_zeit ON geschaeftsgang_einreihung (zeit);
CREATE TABLE geschaeftsgang_einreihung_fall (
  einreihung UUID NOT NULL,
  job UUID NOT NULL,
  instanz UUID NOT NULL,
  element_instanz BIGINT NOT NULL,
  name TEXT NOT NULL,
  -- Why the case was refused.
  fehler TEXT,
  PRIMARY KEY (einreihung, job)
);
-- Commands of people by idempotency key: a repeat gets the first answer.
CREATE TABLE geschaeftsgang_befehl (
  schluessel TEXT NOT NULL PRIMARY KEY,
  at BIGINT NOT NULL,
  antwort TEXT NOT NULL
);
CREATE FUNCTION geschaeftsgang_vier_augen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF EXISTS (
    SELECT 1 FROM geschaeftsgang_ausschluss a
    JOIN geschaeftsgang_zeichnung z ON z.instanz = NEW.instanz AND z.element = a.element
      AND (z.person = NEW.person OR z.person = NEW.fuer OR z.fuer = NEW.person OR z.fuer = NEW.fuer)
    WHERE a.aufgabe = NEW.aufgabe) THEN
    RAISE EXCEPTION 'four-eyes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER geschaeftsgang_vier_augen BEFORE INSERT ON geschaeftsgang_zeichnung
  FOR EACH ROW EXECUTE FUNCTION geschaeftsgang_vier_augen();
CREATE FUNCTION geschaeftsgang_fest() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'signatures are append-only'; END $$;
CREATE TRIGGER geschaeftsgang_zeichnung_fest BEFORE UPDATE OR DELETE ON geschaeftsgang_zeichnung
  FOR EACH ROW EXECUTE FUNCTION geschaeftsgang_fest();
-- A signature is one of the content that counts, or none. The share lock lets no other content in until this one is kept.
CREATE FUNCTION geschaeftsgang_zeichnung_fassung() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE gegenstand TEXT; jetzt TEXT;
BEGIN
  SELECT objekt INTO gegenstand FROM geschaeftsgang_gegenstand WHERE aufgabe = NEW.aufgabe;
  IF FOUND THEN
    SELECT hash INTO jetzt FROM geschaeftsgang_fassung WHERE objekt = gegenstand FOR SHARE;
    IF NEW.fassung IS NULL OR jetzt <> NEW.fassung THEN
      RAISE EXCEPTION 'stale-content';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER geschaeftsgang_zeichnung_fassung BEFORE INSERT ON geschaeftsgang_zeichnung
  FOR EACH ROW EXECUTE FUNCTION geschaeftsgang_zeichnung_fassung();
-- Other content: what was signed before counts no more.
CREATE FUNCTION geschaeftsgang_fassung_neu() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  INSERT INTO geschaeftsgang_ungueltig (aufgabe, seit, hash)
  SELECT z.aufgabe, NEW.seit, NEW.hash FROM geschaeftsgang_gegenstand g JOIN geschaeftsgang_zeichnung z ON z.aufgabe = g.aufgabe
  WHERE g.objekt = NEW.objekt AND z.fassung <> NEW.hash
    AND NOT EXISTS (SELECT 1 FROM geschaeftsgang_gilt_weiter w WHERE w.aufgabe = z.aufgabe AND w.hash = NEW.hash)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER geschaeftsgang_fassung_neu AFTER UPDATE OF hash ON geschaeftsgang_fassung
  FOR EACH ROW WHEN (NEW.hash <> OLD.hash) EXECUTE FUNCTION geschaeftsgang_fassung_neu();
CREATE TRIGGER geschaeftsgang_ungueltig_fest BEFORE UPDATE OR DELETE ON geschaeftsgang_ungueltig
  FOR EACH ROW EXECUTE FUNCTION geschaeftsgang_fest();

-- Example rows of a table, as JSON; a version without its own has those of the one before.
CREATE TABLE geschaeftsgang_beispiele (
  name TEXT NOT NULL,
  version BIGINT NOT NULL,
  zeilen TEXT NOT NULL,
  PRIMARY KEY (name, version)
);
-- A new version waits for its second person. stand: wartet, veroeffentlicht, zurueckgezogen.
CREATE TABLE geschaeftsgang_vorschlag (
  id UUID NOT NULL PRIMARY KEY,
  name TEXT NOT NULL,
  xml TEXT NOT NULL,
  -- Example rows of a table, as JSON.
  beispiele TEXT NOT NULL,
  grund TEXT NOT NULL,
  person UUID NOT NULL,
  at BIGINT NOT NULL,
  zweite_person BIGINT NOT NULL,
  stand TEXT NOT NULL,
  entschieden_von UUID,
  entschieden BIGINT,
  entschieden_grund TEXT
);
CREATE INDEX geschaeftsgang_vorschlag_wartet ON geschaeftsgang_vorschlag (at) WHERE stand = 'wartet';
-- Four eyes: what one person proposed another publishes; and only what was proposed, once.
CREATE FUNCTION geschaeftsgang_vorschlag_fest() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.stand <> 'wartet' THEN RAISE EXCEPTION 'a proposal is not changed'; END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' OR OLD.stand <> 'wartet' OR NEW.id <> OLD.id OR NEW.name <> OLD.name OR NEW.xml <> OLD.xml
    OR NEW.grund <> OLD.grund OR NEW.person <> OLD.person OR NEW.at <> OLD.at
    OR NEW.zweite_person <> OLD.zweite_person THEN
    RAISE EXCEPTION 'a proposal is not changed';
  END IF;
  IF NEW.stand = 'veroeffentlicht' AND OLD.zweite_person = 1
    AND (NEW.entschieden_von IS NULL OR NEW.entschieden_von = OLD.person) THEN
    RAISE EXCEPTION 'four-eyes';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER geschaeftsgang_vorschlag_fest BEFORE INSERT OR UPDATE OR DELETE ON geschaeftsgang_vorschlag
  FOR EACH ROW EXECUTE FUNCTION geschaeftsgang_vorschlag_fest();
