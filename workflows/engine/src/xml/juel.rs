// SPDX-License-Identifier: EUPL-1.2
//! Expressions of Camunda 7 (`${betrag > 100}`) are not run here. What a simple one is called in FEEL is told to its
//! author; what calls a method has no counterpart.

/// The same in FEEL, for comparisons and truth values of variables.
pub(crate) fn as_feel(text: &str) -> Option<String> {
    let inner = text.trim();
    let inner = inner.strip_prefix("${").or_else(|| inner.strip_prefix("#{"))?.strip_suffix('}')?.trim();
    if inner.is_empty() || inner.contains(['(', '?', '{', '}', '\\', '[']) {
        return None;
    }
    // Objects of the other engine are no variables here.
    if ["environment.", "execution.", "task."].iter().any(|own| inner.contains(own)) {
        return None;
    }
    let spaced = inner.replace("&&", " and ").replace("||", " or ").replace("==", " = ").replace('\'', "\"");
    let words = spaced.split_whitespace().map(|word| match word.strip_prefix('!') {
        Some(name) if !name.is_empty() && !name.starts_with('=') => format!("not({name})"),
        _ => match word {
            "eq" => "=".to_owned(),
            "ne" => "!=".to_owned(),
            "lt" => "<".to_owned(),
            "le" => "<=".to_owned(),
            "gt" => ">".to_owned(),
            "ge" => ">=".to_owned(),
            word => word.to_owned(),
        },
    });
    Some(words.collect::<Vec<_>>().join(" "))
}

#[cfg(test)]
mod tests {
    use super::as_feel;

    #[test]
    fn simple_expressions_have_a_counterpart() {
        for (juel, feel) in [
            ("${genehmigt}", "genehmigt"),
            ("${!genehmigt}", "not(genehmigt)"),
            ("${betrag>=100 && art == 'A'}", "betrag>=100 and art = \"A\""),
            ("#{a ne b || c lt 3}", "a != b or c < 3"),
        ] {
            assert_eq!(as_feel(juel).as_deref(), Some(feel), "{juel}");
        }
        for foreign in
            ["${execution.getVariable('a')}", "${a ? b : c}", "${a} und ${b}", "${}", "${environment.variables.a}"]
        {
            assert_eq!(as_feel(foreign), None, "{foreign}");
        }
    }
}
