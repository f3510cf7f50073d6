// SPDX-License-Identifier: EUPL-1.2
//! Every statement of this service.

use service_platform::{statements, viele};

/// A job of a stopped instance waits until the instance goes on.
macro_rules! wieder {
    ($set:literal) => {
        concat!(
            "UPDATE geschaeftsgang_auftrag SET stand = CASE WHEN EXISTS (SELECT 1 FROM geschaeftsgang_instanz i WHERE i.id = geschaeftsgang_auftrag.instanz AND i.angehalten = 1) THEN 'angehalten' ELSE 'bereit' END, ",
            $set
        )
    };
}

/// Columns of [`crate::aufgaben::Zeile`], from `geschaeftsgang_aufgabe a`; `AUFGABEN_LOAD` has them too.
macro_rules! aufgabe {
    ($rest:literal) => {
        concat!(
            "SELECT a.id, a.version, a.instanz, a.element_instanz, a.process, a.element, a.name, a.formular, a.titel, a.gruppe, \
             a.bearbeiter, (SELECT p.name FROM platform_person p WHERE p.id = a.bearbeiter), a.faellig, a.seit, a.dokument, \
             a.daten, a.entwurf, a.erledigt, (SELECT p.name FROM platform_person p WHERE p.id = a.erledigt_von), a.mahnung ",
            $rest
        )
    };
}
/// Columns of [`crate::wiedervorlage::Zeile`].
macro_rules! vorlage {
    ($rest:literal) => {
        concat!(
            "SELECT w.id, w.bezug, w.titel, w.datum, w.grund, w.an, (SELECT p.name FROM platform_person p JOIN platform_subjekt s ON s.person = p.id WHERE s.subjekt = w.an AND w.an LIKE 'person:%'), \
             w.amt, w.von, (SELECT p.name FROM platform_person p WHERE p.id = w.von), w.angelegt, w.stand, w.geaendert, w.instanz, \
             (SELECT a.id FROM geschaeftsgang_aufgabe a WHERE a.instanz = w.instanz AND a.erledigt IS NULL ORDER BY a.seit LIMIT 1) FROM geschaeftsgang_wiedervorlage w ",
            $rest
        )
    };
}
macro_rules! auftrag {
    () => {
        "id, instanz, element_instanz, element, typ, eingabe, attempt, failures, versuche, dringend"
    };
}
/// Columns of [`crate::fahrt::InstanzRow`].
macro_rules! instanz {
    ($rest:literal) => {
        concat!(
            "SELECT id, definition, process, parent, parent_element, sendung, dokument, titel, stand, state, verlauf_seq, gestartet, beendet, angehalten FROM geschaeftsgang_instanz ",
            $rest
        )
    };
}

/// Is there an active person who does work of this subject now? Whom somebody stands in for counts through the deputy.
macro_rules! besetzt {
    ($before:literal, $subjekt:literal, $process:literal, $now:literal) => {
        concat!(
            $before,
            "EXISTS (SELECT 1 FROM platform_wirksam w JOIN platform_person p ON p.id = w.person AND p.aktiv = 1 WHERE w.subjekt = ",
            $subjekt,
            " AND w.process IN ('*', ",
            $process,
            ") AND w.von <= ",
            $now,
            " AND w.bis > ",
            $now,
            ")"
        )
    };
}

/// Which work there is, by leaps through the index of candidates: `ablauf` has the processes of the subjects in `ich`,
/// `art` (where asked for) their elements. Each ends with NULL.
macro_rules! arten {
    ($ich:literal, $rest:literal) => {
        concat!(
            "WITH RECURSIVE ich (subjekt) AS (",
            $ich,
            "), ablauf (subjekt, process) AS (\
               SELECT i.subjekt, (SELECT min(k.process) FROM geschaeftsgang_kandidat k WHERE k.subjekt = i.subjekt) FROM ich i \
               UNION ALL SELECT a.subjekt, (SELECT min(k.process) FROM geschaeftsgang_kandidat k WHERE k.subjekt = a.subjekt AND k.process > a.process) FROM ablauf a WHERE a.process IS NOT NULL)",
            $rest
        )
    };
}

statements! {
    pub BESTAND = "SELECT (SELECT count(*) FROM geschaeftsgang_definition), (SELECT count(*) FROM geschaeftsgang_tabelle)";
    pub DEFINITION_IDS = "SELECT id FROM geschaeftsgang_definition ORDER BY process, version";
    pub DEFINITION = "SELECT id, process, version, xml, hash FROM geschaeftsgang_definition WHERE id = $1";
    pub DEFINITION_INSERT = "INSERT INTO geschaeftsgang_definition (id, process, version, name, xml, hash, deployed, herkunft) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    pub DEFINITION_LETZTE = "SELECT version, hash, herkunft FROM geschaeftsgang_definition WHERE process = $1 ORDER BY version DESC LIMIT 1";
    pub TABELLEN = "SELECT t.name, t.version, t.xml FROM geschaeftsgang_tabelle t WHERE t.version = (SELECT max(u.version) FROM geschaeftsgang_tabelle u WHERE u.name = t.name) ORDER BY t.name";
    pub TABELLE_INSERT = "INSERT INTO geschaeftsgang_tabelle (name, version, xml, hash, deployed, herkunft) VALUES ($1, $2, $3, $4, $5, $6)";
    pub TABELLE_LETZTE = "SELECT version, hash, herkunft FROM geschaeftsgang_tabelle WHERE name = $1 ORDER BY version DESC LIMIT 1";

    pub INSTANZ_READ = instanz!("WHERE id = $1");
    pub INSTANZ_OF_KEY = "SELECT id FROM geschaeftsgang_instanz WHERE schluessel = $1";
    pub INSTANZ_PARENT = "SELECT parent FROM geschaeftsgang_instanz WHERE id = $1";
    pub INSTANZ_OF_PARENT = "SELECT id FROM geschaeftsgang_instanz WHERE parent = $1 AND parent_element = $2 AND beendet IS NULL";
    pub INSTANZ_OF_DOKUMENT = "SELECT id FROM geschaeftsgang_instanz WHERE dokument = $1 ORDER BY beendet IS NOT NULL, gestartet DESC, id DESC LIMIT 1";
    pub INSTANZEN = instanz!("ORDER BY gestartet DESC LIMIT $1");
    pub INSTANZEN_OF_PROCESS = instanz!("WHERE process = $1 ORDER BY gestartet DESC LIMIT $2");
    pub INSTANZEN_OF_SENDUNG = instanz!("WHERE sendung = $1");
    pub VERLAUF = "SELECT v.at, v.element, v.ereignis, (SELECT p.name FROM platform_person p WHERE p.id = v.person), v.text FROM geschaeftsgang_verlauf v WHERE v.instanz = $1 ORDER BY v.seq LIMIT 2000";

    pub AUFTRAG_TYPEN = "SELECT typ, count(*) FROM geschaeftsgang_auftrag WHERE stand = 'bereit' AND bereit_ab <= $1 GROUP BY typ";
    pub AUFTRAG_UNTERWEGS = "SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand = 'unterwegs' AND typ = $1";
    pub AUFTRAG_CLAIM = concat!("UPDATE geschaeftsgang_auftrag SET stand = 'unterwegs', attempt = attempt + 1, frist = $3, letzter_versuch = $2 WHERE id IN (SELECT id FROM geschaeftsgang_auftrag WHERE stand = 'bereit' AND typ = $1 AND bereit_ab <= $2 ORDER BY dringend DESC, angelegt LIMIT $4) RETURNING ", auftrag!())
        => concat!("UPDATE geschaeftsgang_auftrag SET stand = 'unterwegs', attempt = attempt + 1, frist = $3, letzter_versuch = $2 WHERE id IN (SELECT id FROM geschaeftsgang_auftrag WHERE stand = 'bereit' AND typ = $1 AND bereit_ab <= $2 ORDER BY dringend DESC, angelegt LIMIT $4 FOR UPDATE SKIP LOCKED) RETURNING ", auftrag!());
    pub AUFTRAG_OHNE_DIENST = "UPDATE geschaeftsgang_auftrag SET stand = 'stoerung', ursache = $3, letzter_versuch = $2, frist = NULL WHERE typ = $1 AND stand = 'bereit' AND bereit_ab <= $2 RETURNING instanz, element, element_instanz";
    pub AUFTRAG_STOERUNG_OF = "SELECT element_instanz, ursache FROM geschaeftsgang_auftrag WHERE instanz = $1 AND stand = 'stoerung'";
    pub AUFTRAG_OF_ELEMENT = "SELECT id FROM geschaeftsgang_auftrag WHERE instanz = $1 AND element_instanz = $2";
    pub AUFTRAG_CLAIM_ONE = concat!("UPDATE geschaeftsgang_auftrag SET stand = 'unterwegs', attempt = attempt + 1, letzter_versuch = $2 WHERE id = $1 AND stand IN ('bereit', 'unterwegs') RETURNING ", auftrag!());
    pub AUFTRAG_AGAIN = wieder!("failures = $2, bereit_ab = $3, ursache = $4, frist = NULL WHERE id = $1");
    pub AUFTRAG_STOERUNG = "UPDATE geschaeftsgang_auftrag SET stand = 'stoerung', failures = $2, ursache = $3, frist = NULL WHERE id = $1 RETURNING instanz, element, element_instanz";
    pub AUFTRAG_GESTOERT = "SELECT attempt FROM geschaeftsgang_auftrag WHERE instanz = $1 AND element_instanz = $2 AND stand = 'stoerung'";
    pub AUFTRAG_UNPUBLISHED = wieder!("bereit_ab = $2, frist = NULL WHERE id = $1 AND stand = 'unterwegs'");
    pub AUFTRAG_LATE = concat!("SELECT ", auftrag!(), " FROM geschaeftsgang_auftrag WHERE stand = 'unterwegs' AND frist < $1 LIMIT 100");
    pub AUFTRAG_RELEASE = wieder!("bereit_ab = $1, frist = NULL WHERE stand = 'unterwegs'");
    pub AUFTRAG_RETRY = wieder!("failures = 0, bereit_ab = $2, frist = NULL WHERE id = $1 AND stand = 'stoerung' RETURNING instanz, element_instanz");
    pub AUFTRAG_OF_SENDUNG = "SELECT j.typ, j.stand, j.ursache FROM geschaeftsgang_auftrag j JOIN geschaeftsgang_instanz i ON i.id = j.instanz WHERE i.sendung = $1";
    pub AUFTRAG_NACH_TYP = "SELECT typ, count(*) FROM geschaeftsgang_auftrag GROUP BY typ ORDER BY typ";

    pub AUFGABE_OF_ELEMENT = "SELECT id, element FROM geschaeftsgang_aufgabe WHERE instanz = $1 AND element_instanz = $2 AND erledigt IS NULL";
    pub AUFGABE_READ = aufgabe!("FROM geschaeftsgang_aufgabe a WHERE a.id = $1");
    pub AUFGABE_CLAIM = "UPDATE geschaeftsgang_aufgabe SET bearbeiter = $3, vertritt = $4, version = version + 1 WHERE id = $1 AND version = $2 AND erledigt IS NULL AND (bearbeiter IS NULL OR bearbeiter = $3 OR bearbeiter = $4) RETURNING version";
    pub AUFGABE_RELEASE = "UPDATE geschaeftsgang_aufgabe SET bearbeiter = NULL, vertritt = NULL, version = version + 1 WHERE id = $1 AND version = $2 AND erledigt IS NULL AND bearbeiter = $3 RETURNING version";
    pub AUFGABE_DELEGATE = "UPDATE geschaeftsgang_aufgabe SET bearbeiter = $4, vertritt = NULL, version = version + 1 WHERE id = $1 AND version = $2 AND erledigt IS NULL AND (bearbeiter IS NULL OR bearbeiter = $3 OR bearbeiter = $5) RETURNING version";
    pub KANDIDAT_DAZU = "INSERT INTO geschaeftsgang_kandidat (aufgabe, subjekt, process, element, sortierung) SELECT aufgabe, $2, process, element, sortierung FROM geschaeftsgang_kandidat WHERE aufgabe = $1 LIMIT 1 ON CONFLICT DO NOTHING";
    pub PERSON_AKTIV = "SELECT name FROM platform_person WHERE id = $1 AND aktiv = 1";
    pub AUFGABE_DRAFT = "UPDATE geschaeftsgang_aufgabe SET entwurf = $2 WHERE id = $1 AND erledigt IS NULL";
    pub AUSGESCHLOSSEN = "SELECT z.element FROM geschaeftsgang_ausschluss a JOIN geschaeftsgang_zeichnung z ON z.instanz = $2 AND z.element = a.element AND (z.person = $3 OR z.fuer = $3 OR z.person = $4 OR z.fuer = $4) WHERE a.aufgabe = $1 LIMIT 1";
    pub PERSON_KENNUNG = "SELECT id FROM platform_person WHERE kennung = $1 AND aktiv = 1";
    pub PERSON_NAME = "SELECT name FROM platform_person WHERE id = $1";
    pub KANDIDAT_ALS = "SELECT s.fuer FROM geschaeftsgang_kandidat k JOIN geschaeftsgang_aufgabe t ON t.id = k.aufgabe JOIN platform_wirksam s ON s.subjekt = k.subjekt WHERE k.aufgabe = $1 AND s.person = $2 AND s.von <= $3 AND s.bis > $3 AND s.process IN ('*', k.process) ORDER BY CASE WHEN s.fuer = coalesce(t.vertritt, t.bearbeiter) THEN 0 WHEN s.fuer = $2 THEN 1 ELSE 2 END, s.fuer";
    // How many tasks of each kind: up to `ZAEHLT_BIS`.
    pub MEINE_ZAEHLER = arten!("SELECT DISTINCT w.subjekt FROM platform_wirksam w WHERE w.person = $1 AND w.von <= $2 AND w.bis > $2", ", \
        art (subjekt, process, element) AS (SELECT a.subjekt, a.process, (SELECT min(k.element) FROM geschaeftsgang_kandidat k WHERE k.subjekt = a.subjekt AND k.process = a.process) FROM ablauf a WHERE a.process IS NOT NULL \
          UNION ALL SELECT a.subjekt, a.process, (SELECT min(k.element) FROM geschaeftsgang_kandidat k WHERE k.subjekt = a.subjekt AND k.process = a.process AND k.element > a.element) FROM art a WHERE a.element IS NOT NULL) \
        SELECT a.subjekt, a.process, a.element, (SELECT count(*) FROM (SELECT 1 FROM geschaeftsgang_kandidat z WHERE z.subjekt = a.subjekt AND z.process = a.process AND z.element = a.element LIMIT $3) n), min(CASE WHEN s.fuer = s.person THEN '' ELSE p.name END) \
        FROM art a JOIN platform_wirksam s ON s.subjekt = a.subjekt JOIN platform_person p ON p.id = s.fuer \
        WHERE a.element IS NOT NULL AND s.person = $1 AND s.von <= $2 AND s.bis > $2 AND s.process IN ('*', a.process) GROUP BY a.subjekt, a.process, a.element ORDER BY a.process, a.element, a.subjekt");
    pub FAELLIG_ZAEHLER = "SELECT count(*) FROM (SELECT 1 FROM geschaeftsgang_kandidat WHERE subjekt = $1 AND process = $2 AND element = $3 AND sortierung >= $4 AND sortierung < $5 LIMIT $6) n";
    pub LISTE = aufgabe!("FROM geschaeftsgang_kandidat k JOIN geschaeftsgang_aufgabe a ON a.id = k.aufgabe WHERE k.subjekt = $1 AND k.process = $2 AND k.element = $3 AND k.sortierung > $4 ORDER BY k.sortierung LIMIT $5");
    pub MEINE = aufgabe!("FROM geschaeftsgang_aufgabe a WHERE a.bearbeiter = $1 AND a.erledigt IS NULL ORDER BY a.seit LIMIT $2");
    pub ERLEDIGTE = aufgabe!("FROM geschaeftsgang_aufgabe a WHERE a.erledigt_von = $1 AND a.erledigt IS NOT NULL ORDER BY a.erledigt DESC LIMIT $2");
    pub OFFENE_OF_SENDUNG = "SELECT id, element, gruppe, dokument, instanz, daten FROM geschaeftsgang_aufgabe WHERE sendung = $1 AND erledigt IS NULL";
    pub OFFENE_OF_INSTANZ = "SELECT id FROM geschaeftsgang_aufgabe WHERE instanz = $1 AND erledigt IS NULL ORDER BY seit";
    pub SORTIERUNG = "SELECT sortierung FROM geschaeftsgang_kandidat WHERE aufgabe = $1 LIMIT 1";

    pub FRIST_RUHT = "UPDATE geschaeftsgang_frist SET ruht = $2 WHERE instanz = $1";
    pub FRIST_DUE = "SELECT instanz, timer FROM geschaeftsgang_frist WHERE due <= $1 AND ruht = 0 ORDER BY due, instanz, timer LIMIT 100";
    pub FRIST_NEXT = "SELECT min(due) FROM (SELECT min(due) AS due FROM geschaeftsgang_frist WHERE ruht = 0 UNION ALL SELECT min(due) FROM geschaeftsgang_starttermin UNION ALL SELECT min(due) FROM geschaeftsgang_mahnung WHERE ruht = 0) x";
    pub MAHNUNG_SETZEN = "INSERT INTO geschaeftsgang_mahnung (aufgabe, instanz, due, stufe, plan, ruht) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (aufgabe) DO UPDATE SET due = excluded.due, stufe = excluded.stufe, plan = excluded.plan";
    pub MAHNUNG_WEITER = "UPDATE geschaeftsgang_mahnung SET due = $3, stufe = $4 WHERE aufgabe = $1 AND stufe = $2";
    pub MAHNUNG_ENDE = "DELETE FROM geschaeftsgang_mahnung WHERE aufgabe = $1";
    pub MAHNUNG_RUHT = "UPDATE geschaeftsgang_mahnung SET ruht = $2 WHERE instanz = $1";
    pub MAHNUNG_DUE = "SELECT aufgabe, instanz FROM geschaeftsgang_mahnung WHERE due <= $1 AND ruht = 0 ORDER BY due, aufgabe LIMIT 100";
    pub MAHNUNG = "SELECT due, stufe, plan, ruht FROM geschaeftsgang_mahnung WHERE aufgabe = $1";
    pub MAHNUNG_VERMERK = "UPDATE geschaeftsgang_aufgabe SET mahnung = $2 WHERE id = $1";
    pub AUFGABE_GREIFEN = aufgabe!("FROM geschaeftsgang_aufgabe a WHERE a.id = $1 AND a.erledigt IS NULL") => aufgabe!("FROM geschaeftsgang_aufgabe a WHERE a.id = $1 AND a.erledigt IS NULL FOR UPDATE SKIP LOCKED");
    pub AUFGABE_FREI = "UPDATE geschaeftsgang_aufgabe SET bearbeiter = NULL, vertritt = NULL, version = version + 1 WHERE id = $1 AND bearbeiter IS NOT NULL";
    pub AUFGABE_VERLEGEN = "UPDATE geschaeftsgang_aufgabe SET faellig = $3, mahnung = NULL, version = version + 1 WHERE id = $1 AND version = $2 AND erledigt IS NULL RETURNING version";
    pub KANDIDAT_VERLEGEN = "UPDATE geschaeftsgang_kandidat SET sortierung = $2 || substr(sortierung, 11) WHERE aufgabe = $1";
    pub KANDIDATEN = "SELECT subjekt FROM geschaeftsgang_kandidat WHERE aufgabe = $1 ORDER BY subjekt";
    pub BESETZT = besetzt!("SELECT count(*) WHERE ", "$1", "$2", "$3");
    pub LEERE_GRUPPEN = concat!(arten!("SELECT min(k.subjekt) FROM geschaeftsgang_kandidat k UNION ALL SELECT (SELECT min(k.subjekt) FROM geschaeftsgang_kandidat k WHERE k.subjekt > i.subjekt) FROM ich i WHERE i.subjekt IS NOT NULL", " \
        SELECT a.subjekt, a.process, (SELECT count(*) FROM (SELECT 1 FROM geschaeftsgang_kandidat z WHERE z.subjekt = a.subjekt AND z.process = a.process LIMIT $2) n) FROM ablauf a WHERE a.process IS NOT NULL AND NOT "), besetzt!("", "a.subjekt", "a.process", "$1"), " ORDER BY a.subjekt, a.process LIMIT 500");
    pub VERWAIST = concat!("SELECT k.aufgabe, a.instanz FROM geschaeftsgang_kandidat k JOIN geschaeftsgang_aufgabe a ON a.id = k.aufgabe WHERE k.subjekt = $1 AND k.process = $2 AND NOT EXISTS (SELECT 1 FROM geschaeftsgang_kandidat o WHERE o.aufgabe = k.aufgabe AND ", besetzt!("", "o.subjekt", "o.process", "$3"), ") ORDER BY k.sortierung LIMIT 50");
    pub HINWEIS_PERSONEN = "SELECT id, name, mail FROM platform_person WHERE aktiv = 1 AND mail IS NOT NULL AND tageshinweise = 1 ORDER BY kennung LIMIT 100000";
    pub HINWEIS_STAND = "SELECT a.name, a.element, x.fuer, CASE WHEN a.faellig < $3 THEN 0 WHEN a.faellig = $3 THEN 1 ELSE 2 END, count(*) FROM (SELECT k.aufgabe AS aufgabe, min(CASE WHEN s.fuer = s.person THEN '' ELSE p.name END) AS fuer FROM platform_wirksam s JOIN platform_person p ON p.id = s.fuer JOIN geschaeftsgang_kandidat k ON k.subjekt = s.subjekt WHERE s.person = $1 AND s.von <= $2 AND s.bis > $2 AND s.process IN ('*', k.process) GROUP BY k.aufgabe) x JOIN geschaeftsgang_aufgabe a ON a.id = x.aufgabe WHERE a.erledigt IS NULL AND (a.bearbeiter IS NULL OR a.bearbeiter = $1) GROUP BY 1, 2, 3, 4 ORDER BY 3, 1, 2, 4"
        => "SELECT a.name, a.element, x.fuer, CASE WHEN a.faellig < $3 THEN 0::bigint WHEN a.faellig = $3 THEN 1::bigint ELSE 2::bigint END, count(*) FROM (SELECT k.aufgabe AS aufgabe, min(CASE WHEN s.fuer = s.person THEN '' ELSE p.name END) AS fuer FROM platform_wirksam s JOIN platform_person p ON p.id = s.fuer JOIN geschaeftsgang_kandidat k ON k.subjekt = s.subjekt WHERE s.person = $1 AND s.von <= $2 AND s.bis > $2 AND s.process IN ('*', k.process) GROUP BY k.aufgabe) x JOIN geschaeftsgang_aufgabe a ON a.id = x.aufgabe WHERE a.erledigt IS NULL AND (a.bearbeiter IS NULL OR a.bearbeiter = $1) GROUP BY 1, 2, 3, 4 ORDER BY 3, 1, 2, 4";
    pub HINWEIS_NEHMEN = "INSERT INTO geschaeftsgang_hinweis (tag, person) VALUES ($1, $2) ON CONFLICT DO NOTHING";
    pub HINWEIS_ALT = "DELETE FROM geschaeftsgang_hinweis WHERE tag < $1";
    pub HINWEIS_AUFGABEN = "SELECT id, element, name, faellig FROM geschaeftsgang_aufgabe WHERE instanz = $1 AND erledigt IS NULL ORDER BY seit, id";
    pub HINWEIS_AUFGABE = "SELECT name, faellig FROM geschaeftsgang_aufgabe WHERE id = $1 AND erledigt IS NULL";
    pub HINWEIS_EMPFAENGER = "SELECT p.name, p.mail, min(CASE WHEN s.fuer = s.person THEN '' ELSE f.name END) FROM geschaeftsgang_aufgabe a JOIN geschaeftsgang_kandidat k ON k.aufgabe = a.id JOIN platform_wirksam s ON s.subjekt = k.subjekt JOIN platform_person p ON p.id = s.person JOIN platform_person f ON f.id = s.fuer WHERE a.id = $1 AND p.aktiv = 1 AND p.mail IS NOT NULL AND s.von <= $2 AND s.bis > $2 AND s.process IN ('*', k.process) AND NOT EXISTS (SELECT 1 FROM geschaeftsgang_ausschluss x JOIN geschaeftsgang_zeichnung z ON z.instanz = a.instanz AND z.element = x.element AND (z.person IN (s.person, s.fuer) OR z.fuer IN (s.person, s.fuer)) WHERE x.aufgabe = a.id) GROUP BY p.name, p.mail ORDER BY p.mail";
    pub WIEDERVORLAGE_INSERT = "INSERT INTO geschaeftsgang_wiedervorlage (id, instanz, bezug, titel, datum, grund, an, amt, von, angelegt, stand, geaendert) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'offen', $10)";
    pub WIEDERVORLAGE = vorlage!("WHERE w.id = $1");
    pub WIEDERVORLAGE_OF_INSTANZ = "SELECT id FROM geschaeftsgang_wiedervorlage WHERE instanz = $1";
    pub WIEDERVORLAGE_SETZEN = "UPDATE geschaeftsgang_wiedervorlage SET datum = $2, grund = $3, an = $4, stand = $5, geaendert = $6 WHERE id = $1 AND stand = 'offen'";
    pub WIEDERVORLAGEN_MEINE = vorlage!("WHERE w.stand = 'offen' AND (w.von = $1 OR w.an IN (SELECT s.subjekt FROM platform_wirksam s WHERE s.person = $1 AND s.von <= $2 AND s.bis > $2 AND s.process IN ('*', 'wiedervorlage'))) ORDER BY w.datum, w.id LIMIT 500");
    pub WIEDERVORLAGEN_ZU = vorlage!("WHERE w.bezug IN (SELECT value FROM json_each($1)) ORDER BY CASE WHEN w.stand = 'offen' THEN 0 ELSE 1 END, w.datum, w.id LIMIT 200")
        => vorlage!("WHERE w.bezug IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY CASE WHEN w.stand = 'offen' THEN 0 ELSE 1 END, w.datum, w.id LIMIT 200");
    pub WIEDERVORLAGE_MEINE = "SELECT count(*) FROM geschaeftsgang_wiedervorlage w WHERE w.id = $1 AND (w.von = $2 OR w.an IN (SELECT s.subjekt FROM platform_wirksam s WHERE s.person = $2 AND s.von <= $3 AND s.bis > $3 AND s.process IN ('*', 'wiedervorlage')))";
    pub ABO_EXISTIERT = "SELECT count(*) FROM geschaeftsgang_abo WHERE instanz = $1 AND art = 'message'";
    pub PERSON_AMT = "SELECT name, amt FROM platform_person WHERE id = $1 AND aktiv = 1";
    pub STARTTERMIN_INSERT = "INSERT INTO geschaeftsgang_starttermin (process, element, due, again) VALUES ($1, $2, $3, $4)";
    pub STARTTERMIN_CLEAR = "DELETE FROM geschaeftsgang_starttermin WHERE process = $1";
    pub STARTTERMIN_TAKE = "DELETE FROM geschaeftsgang_starttermin WHERE process = $1 AND element = $2 AND due = $3";
    pub STARTTERMIN_DUE = "SELECT process, element, due, again FROM geschaeftsgang_starttermin WHERE due <= $1 ORDER BY due, process, element LIMIT 100";
    pub ABO_MESSAGE = "SELECT instanz, min(abo), CAST(CASE WHEN schluessel IS NULL THEN 0 ELSE 1 END AS BIGINT) AS mit FROM geschaeftsgang_abo WHERE art = 'message' AND name = $1 AND (schluessel = $2 OR schluessel IS NULL) GROUP BY instanz, mit ORDER BY mit DESC, instanz LIMIT 2";
    pub ABO_TAKE = "DELETE FROM geschaeftsgang_abo WHERE instanz = $1 AND abo = $2";
    pub ABO_GENAU = "SELECT instanz, abo, element FROM geschaeftsgang_abo WHERE art = 'message' AND name = $1 AND schluessel = $2 LIMIT 2";
    pub ABOS_OF_INSTANZ = "SELECT name, abo, element FROM geschaeftsgang_abo WHERE instanz = $1 AND art = 'message' ORDER BY name, abo";
    pub WIRKT_MIT = "SELECT count(*) FROM (SELECT 1 AS n FROM geschaeftsgang_aufgabe a JOIN platform_wirksam s ON s.subjekt = 'gruppe:' || a.gruppe WHERE a.instanz = $1 AND s.person = $2 AND s.von <= $3 AND s.bis > $3 AND s.process IN ('*', a.process) UNION ALL SELECT 1 FROM geschaeftsgang_zeichnung z WHERE z.instanz = $1 AND z.person = $2) x";
    pub ABO_SIGNAL = "SELECT DISTINCT instanz FROM geschaeftsgang_abo WHERE art = 'signal' AND name = $1";
    pub NACHRICHT_INSERT = "INSERT INTO geschaeftsgang_nachricht (id, name, schluessel, werte, bis) VALUES ($1, $2, $3, $4, $5)";
    pub NACHRICHT_FIND = "SELECT id, schluessel, werte, bis FROM geschaeftsgang_nachricht WHERE name = $1 AND (schluessel = $2 OR CAST($2 AS TEXT) IS NULL) AND bis > $3 ORDER BY bis, id LIMIT 1";
    pub NACHRICHT_DELETE = "DELETE FROM geschaeftsgang_nachricht WHERE id = $1";
    pub STOERUNG_TEXTE = "SELECT s.text FROM geschaeftsgang_stoerung s JOIN geschaeftsgang_instanz i ON i.id = s.instanz WHERE i.sendung = $1";
    pub BEFEHL_FIND = "SELECT antwort FROM geschaeftsgang_befehl WHERE schluessel = $1";

    pub ANGEHALTEN = "SELECT angehalten FROM geschaeftsgang_instanz WHERE id = $1" => "SELECT angehalten FROM geschaeftsgang_instanz WHERE id = $1 FOR UPDATE";
    pub ANHALTEN = "UPDATE geschaeftsgang_instanz SET angehalten = $2 WHERE id = $1 AND angehalten <> $2 AND beendet IS NULL";
    pub KINDER = "SELECT id FROM geschaeftsgang_instanz WHERE parent = $1 AND beendet IS NULL ORDER BY id";
    pub AUFTRAG_ANHALTEN = "UPDATE geschaeftsgang_auftrag SET stand = 'angehalten' WHERE instanz = $1 AND stand = 'bereit'";
    pub AUFTRAG_WEITER = "UPDATE geschaeftsgang_auftrag SET stand = 'bereit', bereit_ab = $2 WHERE instanz = $1 AND stand = 'angehalten'";
    pub UMZUG_DEFINITION = "SELECT id FROM geschaeftsgang_definition WHERE process = $1 AND version = $2";
    pub UMZUG_INSTANZEN = "SELECT id FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet IS NULL ORDER BY id";
    pub UMZUG_SETZEN = "UPDATE geschaeftsgang_instanz SET definition = $2 WHERE id = $1";
    pub UMZUG_AUFTRAG = "UPDATE geschaeftsgang_auftrag SET element = $3, name = $4 WHERE instanz = $1 AND element_instanz = $2";
    pub UMZUG_AUFGABE = "UPDATE geschaeftsgang_aufgabe SET element = $3, name = $4, version = version + 1 WHERE instanz = $1 AND element_instanz = $2 AND erledigt IS NULL";
    pub UMZUG_KANDIDAT = "UPDATE geschaeftsgang_kandidat SET element = $3 WHERE aufgabe IN (SELECT id FROM geschaeftsgang_aufgabe WHERE instanz = $1 AND element_instanz = $2 AND erledigt IS NULL)";
    pub BESTAND_LISTE = "SELECT d.process, d.version, d.name, d.deployed, (SELECT count(*) FROM geschaeftsgang_instanz i WHERE i.definition = d.id AND i.beendet IS NULL), (SELECT count(*) FROM geschaeftsgang_instanz i WHERE i.definition = d.id AND i.beendet IS NOT NULL) FROM geschaeftsgang_definition d ORDER BY d.process, d.version";
    pub SPUR_INSTANZEN = instanz!("ORDER BY gestartet, id");
    pub SPUR_STOERUNGEN = "SELECT instanz, element_instanz FROM geschaeftsgang_auftrag WHERE stand = 'stoerung'";
    pub SPUR_VERLAUF = "SELECT at, element, element_instanz, ereignis, innen FROM geschaeftsgang_verlauf ORDER BY nr";
    pub ABGLEICH_INSTANZEN = "SELECT id, parent, sendung, process, state FROM geschaeftsgang_instanz WHERE id > $1 ORDER BY id LIMIT 500";
    // Processes whose booking is under way: its note may be there before the answer.
    pub ABGLEICH_UEBERGIBT = "SELECT DISTINCT instanz FROM geschaeftsgang_auftrag WHERE typ LIKE 'uebergabe.%'";
    pub ABGLEICH_BELEGT = "SELECT DISTINCT object FROM platform_audit WHERE act = 'Buchung übergeben'";
    pub ABGLEICH_OFFEN = "SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand <> 'stoerung'";
    pub ABGLEICH_QUARANTAENE = "SELECT count(DISTINCT sendung) FROM geschaeftsgang_aufgabe WHERE erledigt IS NULL AND element LIKE 'Quarantaene%'";
    pub ABGLEICH_NENNT = "SELECT count(*) FROM geschaeftsgang_instanz WHERE beendet IS NULL AND state LIKE $1";
    pub KENNZAHL_STAND = "SELECT stand, count(*) FROM geschaeftsgang_instanz WHERE parent IS NULL GROUP BY stand";
    pub KENNZAHL_ALTER = "SELECT count(*) FROM geschaeftsgang_aufgabe WHERE erledigt IS NULL AND seit > $1 AND seit <= $2";
    pub KENNZAHL_STOERUNG = "SELECT (SELECT count(*) FROM geschaeftsgang_auftrag WHERE stand = 'stoerung') + (SELECT count(*) FROM geschaeftsgang_stoerung)";
    pub MESS_AUFTRAG = "SELECT typ, stand, count(*), min(angelegt) FROM geschaeftsgang_auftrag GROUP BY typ, stand";
    pub MESS_AUFGABEN = "SELECT count(*) FROM geschaeftsgang_aufgabe WHERE erledigt IS NULL";
    pub MESS_INSTANZ = "SELECT stand, count(*) FROM geschaeftsgang_instanz WHERE parent IS NULL AND stand IN ('aktiv', 'stoerung') GROUP BY stand";
    pub KENNZAHL_GESTARTET = "SELECT gestartet FROM geschaeftsgang_instanz WHERE parent IS NULL AND gestartet >= $1 LIMIT 200000";
    pub KENNZAHL_BEENDET = "SELECT beendet FROM geschaeftsgang_instanz WHERE parent IS NULL AND beendet >= $1 LIMIT 200000";
}

viele! {
    pub INSTANZEN_LOAD: geschaeftsgang_instanz (id uuid) = "SELECT i.id, i.definition, i.process, i.parent, i.parent_element, i.sendung, i.dokument, i.titel, i.stand, i.state, i.verlauf_seq, i.gestartet, i.beendet, i.angehalten FROM geschaeftsgang_instanz i WHERE i.id IN (SELECT r.id FROM " + rows + ") ORDER BY i.id" + lock "i";
    pub INSTANZEN_OF_KEY: geschaeftsgang_instanz (schluessel text) = "SELECT i.schluessel, i.id FROM geschaeftsgang_instanz i WHERE i.schluessel IN (SELECT r.schluessel FROM " + rows + ")";
    pub INSTANZ_INSERT: geschaeftsgang_instanz (id uuid, definition uuid, process text, schluessel text, parent uuid, parent_element int, sendung uuid, dokument uuid, titel text, stand text, state text, verlauf_seq int, gestartet int, beendet int, angehalten int) = "";
    pub INSTANZ_UPDATE: geschaeftsgang_instanz (id uuid, stand text, state text, verlauf_seq int, beendet int) = "UPDATE geschaeftsgang_instanz SET stand = r.stand, state = r.state, verlauf_seq = r.verlauf_seq, beendet = r.beendet FROM " + rows + " WHERE geschaeftsgang_instanz.id = r.id";
    pub VERLAUF_INSERT: geschaeftsgang_verlauf (instanz uuid, seq int, at int, element text, element_instanz int, ereignis text, innen int, person uuid, text text) = "";

    pub AUFTRAG_INSERT: geschaeftsgang_auftrag (instanz uuid, id uuid, element_instanz int, element text, name text, typ text, eingabe text, stand text, dringend int, attempt int, failures int, versuche int, bereit_ab int, angelegt int) = "";
    pub INSTANZEN_OF_AUFTRAEGE: geschaeftsgang_auftrag (id uuid) = "SELECT i.id, i.definition, i.process, i.parent, i.parent_element, i.sendung, i.dokument, i.titel, i.stand, i.state, i.verlauf_seq, i.gestartet, i.beendet, i.angehalten FROM geschaeftsgang_instanz i WHERE i.id IN (SELECT j.instanz FROM geschaeftsgang_auftrag j WHERE j.id IN (SELECT r.id FROM " + rows + ")) ORDER BY i.id" + lock "i";
    // A late owner's attempt number is not the current one.
    pub AUFTRAEGE_TAKE: geschaeftsgang_auftrag (id uuid, attempt int) = "SELECT j.id, j.instanz, j.element_instanz, j.element, j.typ, j.eingabe, j.attempt, j.failures, j.versuche, j.dringend FROM geschaeftsgang_auftrag j WHERE (j.id, j.attempt) IN (SELECT r.id, r.attempt FROM " + rows + ") AND j.stand = 'unterwegs' ORDER BY j.instanz" + lock "j";
    // What a trace is called after: the Sendung, else the instance itself.
    pub TRACE_ROOTS: geschaeftsgang_instanz (id uuid) = "SELECT i.id, coalesce(i.sendung, i.id) FROM geschaeftsgang_instanz i WHERE i.id IN (SELECT r.id FROM " + rows + ")";
    pub AUFTRAG_DELETE: geschaeftsgang_auftrag (instanz uuid, id uuid) = "DELETE FROM geschaeftsgang_auftrag WHERE id IN (SELECT r.id FROM " + rows + ")";
    pub AUFTRAG_CANCEL: geschaeftsgang_auftrag (instanz uuid, element_instanz int) = "DELETE FROM geschaeftsgang_auftrag WHERE (instanz, element_instanz) IN (SELECT r.instanz, r.element_instanz FROM " + rows + ")";

    pub INSTANZEN_OF_AUFGABEN: geschaeftsgang_aufgabe (id uuid) = "SELECT i.id, i.definition, i.process, i.parent, i.parent_element, i.sendung, i.dokument, i.titel, i.stand, i.state, i.verlauf_seq, i.gestartet, i.beendet, i.angehalten FROM geschaeftsgang_instanz i WHERE i.id IN (SELECT a.instanz FROM geschaeftsgang_aufgabe a WHERE a.id IN (SELECT r.id FROM " + rows + ")) ORDER BY i.id" + lock "i";
    // What it takes to complete tasks, last first: the task, in whose place (id and name), whether the answer was given
    // already, and whose signature stands in the way.
    pub AUFGABEN_LOAD: geschaeftsgang_aufgabe (aufgabe uuid, person uuid, schluessel text, zeit int) = "WITH bitte AS MATERIALIZED (SELECT r.aufgabe, r.person, r.schluessel, (SELECT s.fuer FROM geschaeftsgang_kandidat k JOIN geschaeftsgang_aufgabe t ON t.id = k.aufgabe JOIN platform_wirksam s ON s.subjekt = k.subjekt WHERE k.aufgabe = r.aufgabe AND s.person = r.person AND s.von <= r.zeit AND s.bis > r.zeit AND s.process IN ('*', k.process) ORDER BY CASE WHEN s.fuer = coalesce(t.vertritt, t.bearbeiter) THEN 0 WHEN s.fuer = s.person THEN 1 ELSE 2 END, s.fuer LIMIT 1) AS fuer FROM " + rows + ") SELECT a.id, a.version, a.instanz, a.element_instanz, a.process, a.element, a.name, a.formular, a.titel, a.gruppe, a.bearbeiter, (SELECT p.name FROM platform_person p WHERE p.id = a.bearbeiter), a.faellig, a.seit, a.dokument, a.daten, a.entwurf, a.erledigt, (SELECT p.name FROM platform_person p WHERE p.id = a.erledigt_von), a.mahnung, b.fuer, (SELECT p.name FROM platform_person p WHERE p.id = b.fuer), (SELECT count(*) FROM geschaeftsgang_befehl x WHERE x.schluessel = b.schluessel), (SELECT x.element FROM geschaeftsgang_ausschluss x JOIN geschaeftsgang_zeichnung z ON z.instanz = a.instanz AND z.element = x.element AND (z.person IN (b.person, b.fuer) OR z.fuer IN (b.person, b.fuer)) WHERE x.aufgabe = a.id LIMIT 1), b.person FROM bitte b JOIN geschaeftsgang_aufgabe a ON a.id = b.aufgabe ORDER BY a.instanz" + lock "a";
    pub AUFGABE_INSERT: geschaeftsgang_aufgabe (id uuid, version int, instanz uuid, element_instanz int, process text, element text, name text, formular text, titel text, gruppe text, faellig text, seit int, sendung uuid, dokument uuid, daten text, entwurf text, prioritaet int) = "";
    pub AUFGABE_WITHDRAW: geschaeftsgang_aufgabe (id uuid, erledigt int) = "UPDATE geschaeftsgang_aufgabe SET erledigt = r.erledigt, version = version + 1 FROM " + rows + " WHERE geschaeftsgang_aufgabe.id = r.id";
    pub AUFGABE_DONE: geschaeftsgang_aufgabe (id uuid, erledigt int, von uuid, werte text) = "UPDATE geschaeftsgang_aufgabe SET erledigt = r.erledigt, erledigt_von = r.von, werte = r.werte, version = version + 1 FROM " + rows + " WHERE geschaeftsgang_aufgabe.id = r.id";
    pub KANDIDAT_INSERT: geschaeftsgang_kandidat (aufgabe uuid, subjekt text, process text, element text, sortierung text) = "ON CONFLICT DO NOTHING";
    pub KANDIDAT_DELETE: geschaeftsgang_kandidat (aufgabe uuid) = "DELETE FROM geschaeftsgang_kandidat WHERE aufgabe IN (SELECT r.aufgabe FROM " + rows + ")";
    pub AUSSCHLUSS_INSERT: geschaeftsgang_ausschluss (aufgabe uuid, element text) = "ON CONFLICT DO NOTHING";
    pub ZEICHNUNG_INSERT: geschaeftsgang_zeichnung (aufgabe uuid, instanz uuid, element text, person uuid, at int, hash text, fuer uuid, fassung text) = "";
    pub BEFEHL_INSERT: geschaeftsgang_befehl (schluessel text, at int, antwort text) = "";

    pub FRIST_INSERT: geschaeftsgang_frist (instanz uuid, timer int, due int, element text, ruht int) = "";
    pub FRIST_DELETE: geschaeftsgang_frist (instanz uuid, timer int) = "DELETE FROM geschaeftsgang_frist WHERE (instanz, timer) IN (SELECT r.instanz, r.timer FROM " + rows + ")";
    // Whoever deletes a timer's row fires it.
    pub FRIST_TAKE: geschaeftsgang_frist (instanz uuid, timer int) = "DELETE FROM geschaeftsgang_frist WHERE (instanz, timer) IN (SELECT r.instanz, r.timer FROM " + rows + ") RETURNING instanz, timer";
    pub ABO_INSERT: geschaeftsgang_abo (instanz uuid, abo int, art text, name text, schluessel text, element text) = "";
    pub ABO_DELETE: geschaeftsgang_abo (instanz uuid, abo int) = "DELETE FROM geschaeftsgang_abo WHERE (instanz, abo) IN (SELECT r.instanz, r.abo FROM " + rows + ")";
    pub STOERUNG_INSERT: geschaeftsgang_stoerung (instanz uuid, element_instanz int, element text, text text, seit int) = "ON CONFLICT (instanz, element_instanz) DO UPDATE SET text = excluded.text, seit = excluded.seit";
    pub STOERUNG_DELETE: geschaeftsgang_stoerung (instanz uuid, element_instanz int) = "DELETE FROM geschaeftsgang_stoerung WHERE (instanz, element_instanz) IN (SELECT r.instanz, r.element_instanz FROM " + rows + ")";
}
