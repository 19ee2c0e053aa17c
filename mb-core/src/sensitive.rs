//! What is declared `#[sensitive]`: its value shows in no text that is made here.
//!
//! What a decoder says of a value may quote it, and the path to it may hold the keys of a map. Rather
//! too much is left out than too little: something is told only of fields that hold nothing sensitive.

use std::fmt;

use crate::{DecodeError, ErrorDescriptor, EventDescriptor, RequestDescriptor};

/// What generated types show in the place of a sensitive value: `***`.
#[doc(hidden)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Hidden;

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// What is said instead of a reason that may quote a value.
const NOT_TOLD: &str = "sensitive, so it is not shown";

/// How a reason begins that names a declaration, and no value.
const MISSING: &str = "missing field `";

#[doc(hidden)]
impl RequestDescriptor {
    /// What may be told of a payload that is not as declared.
    pub fn of_payload(&self, error: DecodeError) -> DecodeError {
        hide(error, self.sensitive, self.shown)
    }

    /// What may be told of a reply that is not as declared.
    pub fn of_reply(&self, error: DecodeError) -> DecodeError {
        hide(error, self.sensitive, &[])
    }
}

impl EventDescriptor {
    /// What may be told of an event that is not as declared.
    pub(crate) fn of_payload(&self, error: DecodeError) -> DecodeError {
        hide(error, self.sensitive, self.shown)
    }
}

impl ErrorDescriptor {
    /// What may be told of details that are not as declared.
    pub(crate) fn of_details(&self, reason: String) -> String {
        hide(DecodeError::whole(reason), self.sensitive, &[]).reason
    }
}

/// Leaves out what may be a value of a sensitive field, or a part of one.
fn hide(error: DecodeError, sensitive: &[&str], shown: &[&str]) -> DecodeError {
    let first = error.path.split(EDGES).next().unwrap_or_default();
    if sensitive.is_empty() || shown.contains(&first) {
        return error;
    }
    let DecodeError { path, reason } = error;
    let reason = if reason.starts_with(MISSING) { reason } else { NOT_TOLD.to_owned() };
    DecodeError { path: told(&path, sensitive).to_owned(), reason }
}

/// What stands between the names in a path: `items[1].quantity`.
const EDGES: [char; 3] = ['.', '[', ']'];

/// The path up to the first sensitive name: beyond it, keys are values. Where there is none, its
/// first name.
fn told<'a>(path: &'a str, sensitive: &[&str]) -> &'a str {
    let mut end = 0;
    let mut first = None;
    for name in path.split(EDGES) {
        end += name.len();
        if !name.is_empty() && sensitive.contains(&name) {
            return path.get(..end).unwrap_or_default();
        }
        first.get_or_insert(end);
        end += 1;
    }
    path.get(..first.unwrap_or_default()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{NOT_TOLD, hide};
    use crate::DecodeError;

    fn told(path: &str, reason: &str) -> (String, String) {
        let error = DecodeError { path: path.to_owned(), reason: reason.to_owned() };
        let DecodeError { path, reason } = hide(error, &["pin", "number", ""], &["user"]);
        (path, reason)
    }

    #[test]
    fn what_may_quote_a_value_is_not_told() {
        for (path, expected) in [
            ("pin", "pin"),
            ("pin.swordfish", "pin"),
            ("pin[3].swordfish", "pin"),
            ("cards[10].number", "cards[10].number"),
            ("cards[10].number.swordfish", "cards[10].number"),
            ("cards[1][2]", "cards"),
            ("wallet.swordfish", "wallet"),
            ("[1]", ""),
            ("", ""),
            ("pinned.swordfish", "pinned"),
        ] {
            let expected = (expected.to_owned(), NOT_TOLD.to_owned());
            assert_eq!(told(path, "invalid type: string \"swordfish\""), expected, "{path}");
        }
    }

    #[test]
    fn what_quotes_none_is_told() {
        let told_whole = |path: &str, reason: &str| {
            assert_eq!(told(path, reason), (path.to_owned(), reason.to_owned()));
        };
        told_whole("user", "invalid type: integer `5`, expected a string");
        told_whole("user.names[2]", "invalid type: integer `5`, expected a string");
        told_whole("", "missing field `pin`");
        let error = || DecodeError { path: "pin".to_owned(), reason: "invalid".to_owned() };
        assert_eq!(hide(error(), &[], &[]).reason, error().reason);
    }
}
