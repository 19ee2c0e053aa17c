//! What the claims of a token come to: somebody who acts.

use mb_core::Actor;
use serde_json::{Map, Value};

/// Which claims hold what.
#[derive(Debug, Clone)]
pub(super) struct Claims {
    pub(super) roles: String,
    pub(super) permissions: Option<String>,
    pub(super) kind: Option<String>,
    pub(super) metadata: Vec<String>,
}

impl Default for Claims {
    fn default() -> Self {
        Self { roles: "roles".to_owned(), permissions: None, kind: None, metadata: Vec::new() }
    }
}

impl Claims {
    /// Who the claims are about, by this id.
    pub(super) fn actor(&self, id: String, claims: &Map<String, Value>) -> Actor {
        let text = |name: &Option<String>| find(claims, name.as_ref()?)?.as_str();
        Actor {
            id,
            kind: text(&self.kind).unwrap_or("user").to_owned(),
            roles: words(find(claims, &self.roles)),
            permissions: self
                .permissions
                .as_ref()
                .map(|name| words(find(claims, name)))
                .unwrap_or_default(),
            metadata: self
                .metadata
                .iter()
                .filter_map(|name| Some((name.clone(), find(claims, name)?.clone())))
                .collect(),
        }
    }
}

/// A claim by its name, or by a path to it: `/realm_access/roles` (RFC 6901). Names may have dots and
/// slashes, so that only what begins with a slash is a path.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let Some(path) = name.strip_prefix('/') else { return claims.get(name) };
    let (first, rest) = match path.find('/') {
        Some(at) => path.split_at(at),
        None => (path, ""),
    };
    claims.get(&first.replace("~1", "/").replace("~0", "~"))?.pointer(rest)
}

/// A list of words, or one text with blanks between them, as OAuth has its scopes. What is neither
/// gives nothing.
fn words(claim: Option<&Value>) -> Vec<String> {
    match claim {
        Some(Value::Array(words)) => {
            words.iter().filter_map(Value::as_str).map(str::to_owned).collect()
        }
        Some(Value::String(words)) => words.split_ascii_whitespace().map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}
