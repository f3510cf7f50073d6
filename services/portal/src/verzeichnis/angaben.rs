// SPDX-License-Identifier: EUPL-1.2
//! Which claim says what, and what the directory's groups give here.

use std::collections::BTreeSet;

use nachrichten::fehler::Fehler;
use serde_json::{Map, Value};
use service_platform::config::{AnmeldungSettings, Zuordnung};

/// Claims by name.
pub type Claims = Map<String, Value>;

/// The names that the city's settings give.
pub struct Regeln {
    gruppen: String,
    verzeichnisname: String,
    anzeigename: String,
    mail: String,
    zuordnung: Vec<Zuordnung>,
}

/// What the claims say about a person.
pub struct Angaben {
    pub verzeichnisname: Option<String>,
    pub name: Option<String>,
    pub mail: Option<String>,
    pub subjekte: BTreeSet<String>,
}

/// A claim by its name; a dot goes one level down (`realm_access.roles`), unless a claim has just that name.
fn claim<'a>(claims: &'a Claims, name: &str) -> Option<&'a Value> {
    if let Some(value) = claims.get(name) {
        return Some(value);
    }
    let (first, rest) = name.split_once('.')?;
    claim(claims.get(first)?.as_object()?, rest)
}

fn text(claims: &Claims, name: &str) -> Option<String> {
    claim(claims, name)?.as_str().map(|t| t.trim().to_owned()).filter(|t| !t.is_empty())
}

impl Regeln {
    pub fn new(s: &AnmeldungSettings) -> Self {
        Self {
            gruppen: s.oidc_gruppen.clone(),
            verzeichnisname: s.oidc_verzeichnisname.clone(),
            anzeigename: s.oidc_anzeigename.clone(),
            mail: s.oidc_mail.clone(),
            zuordnung: s.zuordnung.clone(),
        }
    }

    /// Is anything missing that the provider may tell when asked for more (`userinfo`)?
    pub fn incomplete(&self, claims: &Claims) -> bool {
        claim(claims, &self.verzeichnisname).is_none()
            || (!self.zuordnung.is_empty() && claim(claims, &self.gruppen).is_none())
    }

    /// Reads the claims. No group claim at all means no group.
    ///
    /// # Errors
    /// E9027 the provider says that it left the groups out, or they have another form: then nobody's rights are changed.
    pub fn read(&self, claims: &Claims) -> Result<Angaben, Fehler> {
        let refused = |detail: &str| {
            let text = "Das Verzeichnis hat Ihre Gruppen nicht mitgeteilt. Wenden Sie sich an den Betrieb.";
            Fehler::new("E9027", 502, text, detail)
        };
        // Entra ID leaves the groups of a person with very many of them out and says where to fetch them.
        if claim(claims, "_claim_names").and_then(Value::as_object).is_some_and(|n| n.contains_key(&self.gruppen)) {
            return Err(refused("the groups are left out (_claim_names)"));
        }
        let named: Vec<&str> = match claim(claims, &self.gruppen) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::String(one)) => vec![one],
            Some(Value::Array(many)) => {
                let all: Option<Vec<&str>> = many.iter().map(Value::as_str).collect();
                all.ok_or_else(|| refused("the group claim holds something that is no text"))?
            }
            Some(_) => return Err(refused("the group claim is no list")),
        };
        let rows = self.zuordnung.iter().filter(|z| named.contains(&z.verzeichnis.as_str()));
        let subjekte = rows.flat_map(|z| {
            let roles = z.rollen.iter().map(|r| format!("rolle:{r}"));
            roles.chain(z.gruppen.iter().map(|g| format!("gruppe:{g}")))
        });
        Ok(Angaben {
            subjekte: subjekte.collect(),
            verzeichnisname: text(claims, &self.verzeichnisname),
            name: text(claims, &self.anzeigename),
            mail: text(claims, &self.mail),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn regeln(gruppen: &str) -> Regeln {
        let row = |verzeichnis: &str, rolle: &str, gruppe: &str| Zuordnung {
            verzeichnis: verzeichnis.into(),
            rollen: vec![rolle.into()],
            gruppen: vec![gruppe.into()],
        };
        Regeln {
            gruppen: gruppen.into(),
            verzeichnisname: "preferred_username".into(),
            anzeigename: "name".into(),
            mail: "email".into(),
            zuordnung: vec![row("/post", "Poststelle", "Poststelle"), row("/66", "Feststellung", "Feststellung-66")],
        }
    }

    fn subjekte(gruppen: &str, claims: Value) -> Result<Vec<String>, &'static str> {
        let claims = claims.as_object().unwrap();
        regeln(gruppen).read(claims).map(|a| a.subjekte.into_iter().collect()).map_err(|f| f.code.0)
    }

    #[test]
    fn groups_give_what_their_rows_say() {
        let post = vec!["gruppe:Poststelle".to_owned(), "rolle:Poststelle".to_owned()];
        assert_eq!(subjekte("groups", json!({"groups": ["/post", "/fremd"]})), Ok(post.clone()));
        assert_eq!(subjekte("groups", json!({"groups": "/post"})), Ok(post.clone()));
        assert_eq!(subjekte("a.b", json!({"a": {"b": ["/post"]}})), Ok(post.clone()));
        assert_eq!(subjekte("https://x.example/g", json!({"https://x.example/g": ["/post"]})), Ok(post));
        assert_eq!(
            subjekte("groups", json!({"groups": ["/POST", "post", ""]})),
            Ok(vec![]),
            "not the group, but like it"
        );
        assert_eq!(subjekte("groups", json!({})), Ok(vec![]));
        assert_eq!(subjekte("groups", json!({"groups": ["/post", "/66"]})).map(|s| s.len()), Ok(4));
    }

    #[test]
    fn groups_that_cannot_be_read_change_nothing() {
        for claims in [
            json!({"groups": {"/post": true}}),
            json!({"groups": ["/post", 7]}),
            json!({"groups": 7}),
            json!({"_claim_names": {"groups": "src1"}, "_claim_sources": {}}),
        ] {
            assert_eq!(subjekte("groups", claims.clone()), Err("E9027"), "{claims}");
        }
    }
}
