//! Users as a file has them. What is wrong with it is told with its place, and without a value of it:
//! that may be a password.

use std::path::{Path, PathBuf};

use mb_core::Actor;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Users, UsersError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    users: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Entry {
    username: String,
    password_hash: String,
    /// The user's name, unless it is said.
    id: Option<String>,
    /// `user`, unless it is said.
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    roles: Vec<String>,
    #[serde(default)]
    permissions: Vec<String>,
    #[serde(default)]
    metadata: Map<String, Value>,
}

/// Where a text came from, as it is told.
fn place(path: Option<&Path>) -> PathBuf {
    path.map_or_else(|| PathBuf::from("<text>"), Path::to_owned)
}

pub(super) fn read(path: &Path) -> Result<Users, UsersError> {
    let text = std::fs::read_to_string(path)
        .map_err(|source| UsersError::Unreadable { path: path.to_owned(), source })?;
    parse(&text, Some(path))
}

pub(super) fn parse(text: &str, path: Option<&Path>) -> Result<Users, UsersError> {
    let file: File = serde_json::from_str(text).map_err(|error| UsersError::Malformed {
        path: place(path),
        line: error.line(),
        column: error.column(),
        reason: without_values(&error.to_string()),
    })?;
    file.users.into_iter().try_fold(Users::new(), |users, entry| {
        let Entry { username, password_hash, id, kind, roles, permissions, metadata } = entry;
        let id = id.unwrap_or_else(|| username.clone());
        let kind = kind.unwrap_or_else(|| "user".to_owned());
        let actor = Actor { id, kind, roles, permissions, metadata };
        users.user(username, &password_hash, actor)
    })
}

/// What serde says of a text, without what the text says: `invalid type: string "..", expected a map`.
fn without_values(reason: &str) -> String {
    let reason = reason.split(" at line ").next().unwrap_or_default();
    match (reason.starts_with("invalid"), reason.rsplit_once(", expected ")) {
        (true, Some((_, expected))) => format!("expected {expected}"),
        (true, None) => "a value that it should not have".to_owned(),
        (false, _) => reason.to_owned(),
    }
}
