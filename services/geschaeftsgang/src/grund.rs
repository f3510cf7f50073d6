// SPDX-License-Identifier: EUPL-1.2
//! A reason that a person writes: there must be one, and it must be short enough to be read in a list.

pub(crate) use service_platform::vertretung::GRUND_MAX;

/// The reason without blanks around it.
///
/// * `fehlt` - German sentence for none; * `refused` - makes the caller's error of a sentence.
pub(crate) fn pruefen<'a, E>(grund: &'a str, fehlt: &str, refused: impl FnOnce(String) -> E) -> Result<&'a str, E> {
    let grund = grund.trim();
    match grund.chars().count() {
        0 => Err(refused(fehlt.to_owned())),
        n if n > GRUND_MAX => Err(refused(format!("Der Grund ist zu lang. Kürzen Sie ihn auf {GRUND_MAX} Zeichen."))),
        _ => Ok(grund),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_is_there_and_short() {
        let check = |text: &str| pruefen(text, "fehlt", |t| t).map(str::to_owned);
        assert_eq!(check("  kennt den Fall "), Ok("kennt den Fall".to_owned()));
        assert_eq!(check(&"ä".repeat(GRUND_MAX)), Ok("ä".repeat(GRUND_MAX)), "characters, not bytes");
        assert_eq!(check(" \n "), Err("fehlt".to_owned()));
        assert_eq!(check(&"x".repeat(201)), Err("Der Grund ist zu lang. Kürzen Sie ihn auf 200 Zeichen.".to_owned()));
    }
}
