// SPDX-License-Identifier: EUPL-1.2
//! The kinds of work a person sees as lists, and which tasks belong to each.

use nachrichten::aufgaben::{AufgabenFilter, Zaehler};

/// A list of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Art {
    Scan,
    Rechnung,
    Vorlage,
    Umlauf,
    Klaerung,
    Post,
    Wiedervorlage,
    /// Tasks of processes that the city drew itself.
    Weitere,
}

impl Art {
    pub const ALLE: [Self; 8] = [
        Self::Scan,
        Self::Rechnung,
        Self::Vorlage,
        Self::Umlauf,
        Self::Klaerung,
        Self::Post,
        Self::Wiedervorlage,
        Self::Weitere,
    ];

    /// Kind of a task: in our own processes an element whose id contains `klaerung` is Klärung, else the process decides.
    pub fn von(process: &str, element: &str) -> Self {
        let element = element.to_lowercase();
        let own = Self::ALLE.iter().any(|a| a.processes().contains(&process));
        if !own {
            return Self::Weitere;
        }
        if element.contains("klaerung") || element.contains("quarantaene") {
            return Self::Klaerung;
        }
        match process {
            "rechnung" => Self::Rechnung,
            "beschlussvorlage" | "niederschrift" => Self::Vorlage,
            "umlauf" | "umlauf_ergebnis" => Self::Umlauf,
            "bearbeitung" => Self::Post,
            "wiedervorlage" => Self::Wiedervorlage,
            _ => Self::Scan,
        }
    }

    pub fn meint(self, process: &str, element: &str) -> bool {
        Self::von(process, element) == self
    }

    pub fn slug(self) -> &'static str {
        self.pfad().rsplit('/').next().unwrap_or_default()
    }

    pub fn pfad(self) -> &'static str {
        match self {
            Self::Scan => "/aufgaben/scanpruefung",
            Self::Rechnung => "/aufgaben/rechnungen",
            Self::Vorlage => "/aufgaben/vorlagen",
            Self::Umlauf => "/aufgaben/umlaeufe",
            Self::Klaerung => "/aufgaben/klaerung",
            Self::Post => "/aufgaben/post",
            // With those whose day has not come: more than a list of tasks.
            Self::Wiedervorlage => "/wiedervorlagen",
            Self::Weitere => "/aufgaben/weitere",
        }
    }

    pub fn von_slug(slug: &str) -> Option<Self> {
        Self::ALLE.into_iter().find(|a| a.slug() == slug)
    }

    pub fn von_pfad(pfad: &str) -> Option<Self> {
        Self::ALLE.into_iter().find(|a| a.pfad() == pfad)
    }

    pub fn label(self) -> &'static str {
        match self {
            Self::Scan => "Scanprüfung",
            Self::Rechnung => "Rechnungen",
            Self::Vorlage => "Vorlagen",
            Self::Umlauf => "Umläufe",
            Self::Klaerung => "Klärung",
            Self::Post => "Post",
            Self::Wiedervorlage => "Wiedervorlagen",
            Self::Weitere => "Weitere Aufgaben",
        }
    }

    pub fn einzahl(self) -> &'static str {
        match self {
            Self::Scan => "Prüfung",
            Self::Rechnung => "Rechnung",
            Self::Vorlage => "Vorlage",
            Self::Umlauf => "Zeichnung",
            Self::Klaerung => "Klärung",
            Self::Post => "Post",
            Self::Wiedervorlage => "Wiedervorlage",
            Self::Weitere => "Aufgabe",
        }
    }

    pub fn mehrzahl(self) -> &'static str {
        match self {
            Self::Scan => "Prüfungen",
            Self::Rechnung => "Rechnungen",
            Self::Vorlage => "Vorlagen",
            Self::Umlauf => "Zeichnungen",
            Self::Klaerung => "Klärungen",
            Self::Post => "Stücke Post",
            Self::Wiedervorlage => "Wiedervorlagen",
            Self::Weitere => "Aufgaben",
        }
    }

    /// Handbook page.
    pub fn hilfe(self) -> &'static str {
        match self {
            Self::Scan => "scanpruefung",
            Self::Rechnung => "rechnungen",
            Self::Vorlage => "vorlagen",
            Self::Umlauf => "umlauf",
            Self::Klaerung => "klaerung",
            Self::Post => "post",
            Self::Wiedervorlage => "wiedervorlagen",
            Self::Weitere => "weitere",
        }
    }

    /// Roles that see this list even when it is empty.
    pub fn rollen(self) -> &'static [&'static str] {
        match self {
            Self::Scan => &["Poststelle"],
            Self::Klaerung => &["Poststelle", "Kasse"],
            Self::Rechnung => &["Feststellung", "Anordnung", "Kasse"],
            // Anybody may be asked; who is not does not need an empty list.
            Self::Umlauf | Self::Weitere => &[],
            Self::Vorlage => &["Sachbearbeitung", "Amtsleitung", "Geschaeftsstelle", "Dezernat", "OB"],
            Self::Post => &["Sachbearbeitung", "Amtsleitung"],
            Self::Wiedervorlage => &["Sachbearbeitung", "Amtsleitung", "Geschaeftsstelle"],
        }
    }

    /// Processes whose tasks may be of this kind.
    fn processes(self) -> &'static [&'static str] {
        match self {
            Self::Scan => &["posteingang", "dokument"],
            Self::Rechnung => &["rechnung"],
            Self::Vorlage => &["beschlussvorlage", "niederschrift"],
            Self::Umlauf => &["umlauf", "umlauf_ergebnis"],
            Self::Klaerung => &["posteingang", "dokument", "rechnung", "rueckmeldung", "beschlussvorlage"],
            Self::Post => &["bearbeitung"],
            Self::Wiedervorlage => &["wiedervorlage"],
            Self::Weitere => &[],
        }
    }

    /// Filter for the open tasks of this kind: exactly the elements that have some. None when there is none.
    pub fn offene(self, zaehler: &[Zaehler], limit: u32) -> Option<AufgabenFilter> {
        let mine = zaehler.iter().filter(|z| self.meint(&z.process, &z.element));
        let (mut process, mut element): (Vec<_>, Vec<_>) = mine.map(|z| (z.process.clone(), z.element.clone())).unzip();
        process.dedup();
        element.dedup();
        (!element.is_empty()).then(|| AufgabenFilter { process, element, limit, ..Default::default() })
    }

    /// Filter for the tasks this person has done; the caller drops those of other kinds.
    pub fn erledigte(self, limit: u32) -> AufgabenFilter {
        let process = self.processes().iter().map(|p| (*p).to_owned()).collect();
        AufgabenFilter { process, erledigte: true, limit, ..Default::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_is_of_one_kind() {
        assert_eq!(Art::von("dokument", "aufgabe_zuordnung"), Art::Scan);
        assert_eq!(Art::von("posteingang", "aufgabe_klaerung"), Art::Klaerung);
        assert_eq!(Art::von("posteingang", "Quarantaene"), Art::Klaerung);
        assert_eq!(Art::von("rechnung", "aufgabe_anordnung"), Art::Rechnung);
        assert_eq!(Art::von("beschlussvorlage", "mitzeichnung"), Art::Vorlage);
        assert_eq!(Art::von("niederschrift", "Entwurf"), Art::Vorlage);
        assert_eq!(Art::von("umlauf", "Zeichnung"), Art::Umlauf);
        assert_eq!(Art::von("bearbeitung", "Zuteilung"), Art::Post);
        assert_eq!(Art::von("wiedervorlage", "Aufgabe"), Art::Wiedervorlage);
        assert_eq!(Art::von("baumfaellung", "Klaerung_1"), Art::Weitere, "a process of the city");
        for art in Art::ALLE {
            assert_eq!(Art::von_slug(art.slug()), Some(art));
        }
    }
}
