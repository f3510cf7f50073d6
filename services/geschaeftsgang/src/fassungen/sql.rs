// SPDX-License-Identifier: EUPL-1.2
//! Statements about versions, proposals, example rows and figures.

use service_platform::statements;

macro_rules! vorschlag {
    ($rest:literal) => {
        concat!(
            "SELECT v.id, v.name, v.grund, v.person, (SELECT p.name FROM platform_person p WHERE p.id = v.person), v.at, v.stand, \
             v.zweite_person, (SELECT p.name FROM platform_person p WHERE p.id = v.entschieden_von), v.entschieden, \
             v.entschieden_grund FROM geschaeftsgang_vorschlag v ",
            $rest
        )
    };
}

statements! {
    pub FASSUNG = "SELECT id, version, name, xml FROM geschaeftsgang_definition WHERE process = $1 AND version = $2";
    pub FASSUNG_LETZTE = "SELECT id, version, name, xml FROM geschaeftsgang_definition WHERE process = $1 ORDER BY version DESC LIMIT 1";
    pub FASSUNGEN = "SELECT d.process, d.version, d.name, d.deployed, (SELECT count(*) FROM geschaeftsgang_instanz i WHERE i.definition = d.id AND i.beendet IS NULL), (SELECT count(*) FROM geschaeftsgang_instanz i WHERE i.definition = d.id AND i.beendet IS NOT NULL) FROM geschaeftsgang_definition d WHERE d.process = $1 ORDER BY d.version";
    pub GELIEFERT = "SELECT count(*) FROM geschaeftsgang_definition WHERE process = $1 AND herkunft = 'auslieferung'";
    pub GRUPPE_PERSONEN = "SELECT count(*) FROM platform_wirksam WHERE subjekt = $1 AND von <= $2 AND bis > $2";
    pub LAUFEND = "SELECT count(*) FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet IS NULL";
    pub TABELLE = "SELECT version, xml FROM geschaeftsgang_tabelle WHERE name = $1 AND version = $2";
    pub TABELLE_JETZT = "SELECT version, xml FROM geschaeftsgang_tabelle WHERE name = $1 ORDER BY version DESC LIMIT 1";
    pub TABELLEN_LISTE = "SELECT name, version, deployed, CAST(CASE WHEN herkunft = 'auslieferung' THEN 1 ELSE 0 END AS BIGINT) FROM geschaeftsgang_tabelle ORDER BY name, version";
    pub BEISPIELE = "SELECT version, zeilen FROM geschaeftsgang_beispiele WHERE name = $1 AND version <= $2 ORDER BY version DESC LIMIT 1";
    pub BEISPIELE_SETZEN = "INSERT INTO geschaeftsgang_beispiele (name, version, zeilen) VALUES ($1, $2, $3) ON CONFLICT (name, version) DO UPDATE SET zeilen = excluded.zeilen";

    pub VORSCHLAG_INSERT = "INSERT INTO geschaeftsgang_vorschlag (id, name, xml, beispiele, grund, person, at, zweite_person, stand) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'wartet')";
    pub VORSCHLAEGE = vorschlag!("WHERE v.stand = 'wartet' ORDER BY v.at, v.id LIMIT 200");
    pub VORSCHLAG = vorschlag!("WHERE v.id = $1");
    pub VORSCHLAG_TEXT = "SELECT xml, beispiele FROM geschaeftsgang_vorschlag WHERE id = $1";
    pub VORSCHLAG_BEISPIELE = "UPDATE geschaeftsgang_vorschlag SET beispiele = $2 WHERE id = $1 AND stand = 'wartet'";
    pub VORSCHLAG_ENTSCHEIDEN = "UPDATE geschaeftsgang_vorschlag SET stand = $2, entschieden_von = $3, entschieden = $4, entschieden_grund = $5 WHERE id = $1 AND stand = 'wartet'";

    // The newest running and the newest ended instances of a version, bounded; each step of them once, by the index
    // of the history; then half and nine tenths by rank. $1 version, $2 from when, $3 bound.
    pub ZAHLEN_DAUER = "WITH beendete AS (SELECT id FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet >= $2 ORDER BY beendet DESC LIMIT $3), \
        laufende AS (SELECT id FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet IS NULL ORDER BY beendet DESC, id DESC LIMIT $3), \
        gemeint AS (SELECT id FROM beendete UNION ALL SELECT id FROM laufende), \
        schritt AS (SELECT v.element, min(CASE WHEN v.ereignis = 'erreicht' THEN v.at END) AS erreicht, max(CASE WHEN v.ereignis = 'erledigt' THEN v.at END) AS erledigt \
            FROM gemeint g JOIN geschaeftsgang_verlauf v ON v.instanz = g.id WHERE v.innen = 0 AND v.ereignis IN ('erreicht', 'erledigt') \
            GROUP BY v.instanz, v.element_instanz, v.element), \
        gereiht AS (SELECT element, erledigt - erreicht AS dauer, row_number() OVER (PARTITION BY element ORDER BY erledigt - erreicht) AS rang, \
            count(*) OVER (PARTITION BY element) AS anzahl FROM schritt WHERE erledigt >= $2 AND erreicht IS NOT NULL) \
        SELECT element, anzahl, min(CASE WHEN rang * 2 >= anzahl THEN dauer END), min(CASE WHEN rang * 10 >= anzahl * 9 THEN dauer END) \
        FROM gereiht GROUP BY element, anzahl ORDER BY element";
    // The spans themselves, newest first: working days are counted by the calendar, not by the database.
    pub ZAHLEN_SPANNEN = "WITH beendete AS (SELECT id FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet >= $2 ORDER BY beendet DESC LIMIT $3), \
        laufende AS (SELECT id FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet IS NULL ORDER BY beendet DESC, id DESC LIMIT $3), \
        gemeint AS (SELECT id FROM beendete UNION ALL SELECT id FROM laufende), \
        schritt AS (SELECT v.element, min(CASE WHEN v.ereignis = 'erreicht' THEN v.at END) AS erreicht, max(CASE WHEN v.ereignis = 'erledigt' THEN v.at END) AS erledigt \
            FROM gemeint g JOIN geschaeftsgang_verlauf v ON v.instanz = g.id WHERE v.innen = 0 AND v.ereignis IN ('erreicht', 'erledigt') \
            GROUP BY v.instanz, v.element_instanz, v.element) \
        SELECT element, erreicht, erledigt FROM schritt WHERE erledigt >= $2 AND erreicht IS NOT NULL ORDER BY erledigt DESC LIMIT $4";
    pub ZAHLEN_BEENDET = "SELECT count(*) FROM (SELECT 1 AS eins FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet >= $2 LIMIT $3) x";
    pub ZAHLEN_STAENDE = "SELECT id, state FROM geschaeftsgang_instanz WHERE definition = $1 AND beendet IS NULL AND id < $2 ORDER BY beendet DESC, id DESC LIMIT $3";
    pub ZAHLEN_STOERUNGEN = "SELECT j.element, count(*) FROM geschaeftsgang_auftrag j JOIN geschaeftsgang_instanz i ON i.id = j.instanz WHERE j.stand = 'stoerung' AND i.definition = $1 GROUP BY j.element";
}
