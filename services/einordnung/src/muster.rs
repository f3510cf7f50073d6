// SPDX-License-Identifier: EUPL-1.2
//! Patterns of German addresses: streets, places, forms of address, offices, firms, persons. Compiled once.

use std::sync::LazyLock;

use regex::Regex;

macro_rules! pattern {
    ($name:ident, $text:expr) => {
        pub static $name: LazyLock<Regex> = LazyLock::new(|| Regex::new($text).expect("pattern"));
    };
}
pattern!(PLZ, r"^(?:D[- –])?\d{5}\s+\p{Lu}[\p{L} ./()-]{1,40}$");
pattern!(PLZ_IN, r"\b\d{5}\s+\p{Lu}");
pattern!(TRENNER, r"\s*[·•|∙*»«:]\s*|\s+[–—'°-]\s+|\s*[,;]\s+");
pattern!(LABEL_VOR, r"\S:(?:\s|$)");
pattern!(STRASSE, r"(?i)(?:\s\d{1,4}\s?[a-z]?(?:\s?[-–/]\s?\d+\s?[a-z]?)?$)|^Postfach\b");
pattern!(
    HONORIG,
    r"^(?:Herrn?|Frau|Eheleute|Familie|Firma|Fa\.|An\s(?:die|das|den|dem)|An|Herrn? und Frau|Frau und Herrn?)$"
);
pattern!(HONORIG_VOR, r"^(?:Herrn?|Frau|Eheleute|Familie|Firma|Fa\.)\s+(\p{Lu}.*)$");
pattern!(AN, r"^An\s(?:die|das|den|dem|Frau|Herrn)\s+(.{4,120})$");
pattern!(
    VERMERK,
    r"(?i)^(?:Deutsche Post|Einschreiben|Persönlich|Vertraulich|Vorab|Per |Nicht nachsenden|Dialogpost|Infopost|Postzustellungsurkunde|Gegen Empfangs)"
);
pattern!(
    NEBEN,
    r"(?i)^(?:Tel|Fax|Telefon|E-?Mail|Mobil|www\.|http|Ihr Zeichen|Unser Zeichen|Aktenzeichen|Az\b|Kassenzeichen|Datum|Kunden|Rechnungs|Auskunft|Ansprechpartner|Seite|Bearbeiter|Zimmer|Steuernummer|USt|IBAN|BIC|Bank|Öffnungszeiten|Hausanschrift|Besuch|Postanschrift|Anlage)|@"
);
pattern!(
    BEHOERDE,
    r"\b(?:Stadtverwaltung|Gemeindeverwaltung|Stadt|Gemeinde|Landkreis|Landratsamt|Kreis|Regierungspräsidium|Bezirksregierung|Finanzamt|Amtsgericht|Landgericht|Verwaltungsgericht|Stadtwerke|Polizeipräsidium|Staatsanwaltschaft|Jobcenter|Agentur für Arbeit)\s(?:(?:Bad|Sankt|St\.|der|des)\s)?\p{Lu}[\p{L}-]+(?:\s(?:am|an der|im|ob der|i\.|a\.)\s[\p{Lu}][\p{L}.]+)?"
);
pattern!(
    DIENSTSTELLE,
    r"(?i)^(?:Zentrale|Amt|Fachbereich|Fachdienst|Abteilung|Referat|Dezernat|Sachgebiet|Rechnungseingang|Stadtkasse|\p{L}+amt\b|-)"
);
pattern!(
    FIRMA,
    r"(?:^|.*\s)(?:GmbH|AG|KG|OHG|GbR|UG|SE|mbH|eG|KGaA|PartG|Partnerschaft|e\.\s?K\.?|e\.\s?V\.?|Genossenschaft|Ingenieurbüro|Kanzlei|Rechtsanwälte|Architekten|Verlag|Stiftung|Verein)(?:\s.*|$)"
);
pattern!(
    ABSENDER,
    r"(?i)^(?:Absender(?:in)?|Antragsteller(?:\s?/?-?\s?in|in)?|Antragstellerin\s?/\s?Antragsteller|Bauherrin\s?/\s?Bauherr|Bauherr(?:schaft|in|\s?/\s?in)?|Einsender(?:in)?|Widerspruchsführer(?:in)?|Verkäufer|Rechnungssteller|Auftragnehmer(?:in)?|Leistungserbringer|Von)\b\s*:?\s*"
);
pattern!(
    EMPFAENGER,
    r"(?i)^(?:Empfänger(?:in)?|Rechnungsempfänger|Auftraggeber(?:in)?|Leistungsempfänger|Kunde|An)\s*:\s*"
);
pattern!(
    GRUSS,
    r"(?i)^(?:(?:Mit\s+)?(?:freundliche[mn]?|besten|herzlichen)\s+Gr[uü](?:ß|ss)(?:e?n?)?|Hochachtungsvoll|Viele Grüße|Beste Grüße|Mit vorzüglicher)"
);
pattern!(
    KEIN_NAME,
    r"(?i)^(?:Im Auftrag|In Vertretung|i\.\s?[AV]\.|gez\.?|Ihre?\b|Anlage|Unterschrift|Der |Die |[-_.\s]*$)"
);
pattern!(
    NAME,
    r"^(?:(?:Dr|Prof|Dipl)\.?(?:-Ing\.)?\s)*\p{Lu}[\p{L}'’-]+(?:\s(?:von|van|de|zu|vom|der)\b)*(?:\s\p{Lu}[\p{L}.'’-]*){1,3}$"
);
pattern!(
    KEINE_PARTEI,
    r"(?i)^(?:Amtsblatt|Rechnung|Bescheid|Bekanntmachung|Seite|Telefax|Fax|Kopie|Original|Anhörung|Widerspruch|Bauantrag|Lieferschein|Mahnung|Vordruck|Eingang|Posteingang|Vertraulich|\d)"
);
