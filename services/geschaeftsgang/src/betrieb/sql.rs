// SPDX-License-Identifier: EUPL-1.2
//! Statements of the operators' page.

use service_platform::statements;

/// An act with how far it is: a case without job and without stop is done. $1 and the rest choose the acts.
macro_rules! einreihung {
    ($where:literal, $rest:literal) => {
        concat!(
            "SELECT e.id, e.zeit, coalesce((SELECT p.name FROM platform_person p WHERE p.id = e.person), ''), e.art, e.ursache, e.grund, count(*), \
             sum(CASE WHEN f.fehler IS NULL AND s.instanz IS NULL AND a.stand <> 'stoerung' THEN 1 ELSE 0 END), \
             sum(CASE WHEN f.fehler IS NULL AND (s.instanz IS NOT NULL OR a.stand = 'stoerung') THEN 1 ELSE 0 END), \
             sum(CASE WHEN f.fehler IS NULL THEN 0 ELSE 1 END) \
             FROM geschaeftsgang_einreihung e JOIN geschaeftsgang_einreihung_fall f ON f.einreihung = e.id \
             LEFT JOIN geschaeftsgang_auftrag a ON a.id = f.job \
             LEFT JOIN geschaeftsgang_stoerung s ON s.instanz = f.instanz AND s.element_instanz = f.element_instanz WHERE ",
            $where,
            " GROUP BY e.id, e.zeit, e.person, e.art, e.ursache, e.grund ",
            $rest
        )
    };
}

/// Entries of the trail, newest first, older than ($2, $3, $4) and not before $1; `$rest` narrows them further.
macro_rules! protokoll {
    ($find:literal, $rest:literal) => {
        concat!(
            "SELECT a.chain, a.seq, a.at, a.actor, a.act, a.object, a.data, a.hash FROM platform_audit a \
             WHERE a.at >= $1 AND a.at <= $2 AND (a.at, a.chain, a.seq) < ($2, $3, $4) AND ($5 = '' OR a.actor = $5) \
             AND ($6 = '' OR ",
            $find,
            "(lower(a.act), $6) > 0)",
            $rest,
            " ORDER BY a.at DESC, a.chain DESC, a.seq DESC LIMIT $7"
        )
    };
}

statements! {
    pub PROTOKOLL = protokoll!("instr", "") => protokoll!("strpos", "");
    pub PROTOKOLL_OBJEKT = protokoll!("instr", " AND a.object = $8") => protokoll!("strpos", " AND a.object = $8");
    pub PERSON = "SELECT id FROM platform_person WHERE kennung = $1";
    pub NAME = "SELECT name FROM platform_person WHERE id = $1";
    pub GROESSE = "SELECT p.page_count * s.page_size FROM pragma_page_count() p, pragma_page_size() s"
        => "SELECT pg_database_size(current_database())";
    pub AUFTRAEGE = "SELECT a.id, a.instanz, a.element_instanz, i.process, a.element, a.name, a.ursache, a.angelegt, a.letzter_versuch, a.failures FROM geschaeftsgang_auftrag a JOIN geschaeftsgang_instanz i ON i.id = a.instanz WHERE a.stand = 'stoerung' ORDER BY a.angelegt, a.id LIMIT $1";
    pub STOPPS = "SELECT s.instanz, s.element_instanz, i.process, s.element, s.text, s.seit FROM geschaeftsgang_stoerung s JOIN geschaeftsgang_instanz i ON i.id = s.instanz ORDER BY s.seit, s.instanz LIMIT $1";
    pub BEI = "SELECT b.job, p.name FROM geschaeftsgang_betreuung b JOIN platform_person p ON p.id = b.person";
    pub BETREUEN = "INSERT INTO geschaeftsgang_betreuung (job, person, seit) VALUES ($1, $2, $3) ON CONFLICT (job) DO UPDATE SET person = excluded.person, seit = excluded.seit";
    pub BETREUUNG_ENDE = "DELETE FROM geschaeftsgang_betreuung WHERE job = $1";
    pub ALTE_BETREUUNG = "DELETE FROM geschaeftsgang_betreuung WHERE seit < $1";
    pub BETREUER = "SELECT p.id, p.name FROM platform_person p WHERE p.aktiv = 1 AND EXISTS (SELECT 1 FROM platform_subjekt s WHERE s.person = p.id AND s.subjekt = 'rolle:Betrieb') ORDER BY p.name, p.id LIMIT 500";
    pub EINREIHUNG = "INSERT INTO geschaeftsgang_einreihung (id, zeit, person, art, ursache, grund) VALUES ($1, $2, $3, $4, $5, $6)";
    pub FALL = "INSERT INTO geschaeftsgang_einreihung_fall (einreihung, job, instanz, element_instanz, name, fehler) VALUES ($1, $2, $3, $4, $5, $6)";
    pub FAELLE = "SELECT f.job, f.instanz, f.name, f.fehler, coalesce(a.stand, CASE WHEN s.instanz IS NULL THEN NULL ELSE 'stoerung' END), coalesce(s.text, a.ursache) FROM geschaeftsgang_einreihung_fall f LEFT JOIN geschaeftsgang_auftrag a ON a.id = f.job LEFT JOIN geschaeftsgang_stoerung s ON s.instanz = f.instanz AND s.element_instanz = f.element_instanz WHERE f.einreihung = $1 ORDER BY f.job";
    pub EINREIHUNGEN = einreihung!("e.zeit >= $1", "ORDER BY e.zeit DESC, e.id LIMIT 10");
    pub EINREIHUNG_LESEN = einreihung!("e.id = $1", "");
    pub ALTE_FAELLE = "DELETE FROM geschaeftsgang_einreihung_fall WHERE einreihung IN (SELECT id FROM geschaeftsgang_einreihung WHERE zeit < $1)";
    pub ALTE_EINREIHUNGEN = "DELETE FROM geschaeftsgang_einreihung WHERE zeit < $1";
    pub AUFTRAG_ZEIGEN = "SELECT id, instanz, typ, name, stand, failures, ursache, eingabe FROM geschaeftsgang_auftrag WHERE id = $1";
    pub AUFTRAG_VERSUCH = "SELECT stand, attempt FROM geschaeftsgang_auftrag WHERE id = $1";
}
