// SPDX-License-Identifier: EUPL-1.2
//! The rights predicate as a set: a person's objects, to drive lists and counts from when there are many documents
//! and few rights. Rows that are shown pass `service_platform::sichtbar!` as well; a test compares both.

/// CTE `meine(objekt)`: what person `$1` has any right on at `$2`.
macro_rules! meine {
    () => {
        concat!(
            "meine(objekt) AS (SELECT DISTINCT r.objekt FROM platform_wirksam s JOIN platform_recht r ON r.subjekt = s.subjekt \
             WHERE s.person = $1 AND ",
            service_platform::gilt!("$2"),
            ")"
        )
    };
}

/// CTEs after [`meine`] for the search: `orte(nr)`, whole places, and `einzeln(nr)`, single documents elsewhere.
macro_rules! meine_nummern {
    () => {
        "orte(nr) AS (SELECT o.nr FROM akten_ort o WHERE o.objekt IN (SELECT objekt FROM meine) OR 'mandant' IN (SELECT objekt FROM meine)), \
         einzeln(nr) AS (SELECT y.nr FROM meine m CROSS JOIN akten_dokument d CROSS JOIN akten_suche y WHERE d.akte_objekt = m.objekt AND y.dokument = d.id \
         UNION SELECT y.nr FROM meine m CROSS JOIN akten_dokument d CROSS JOIN akten_suche y WHERE d.objekt = m.objekt AND y.dokument = d.id)"
    };
}

pub(crate) use {meine, meine_nummern};
