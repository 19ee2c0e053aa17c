//! What is wrong with a value, place by place: it is not of the declared shape, or breaks a rule of its
//! contract. Both are told in one shape, in the names that the value has on the wire.

use std::{borrow::Cow, fmt};

use serde_json::{Value, json};

use crate::{DecodeError, Fault, FaultKind};

/// What holds a value to the rules of its contract, where there are any. Generated code is its only
/// author.
#[doc(hidden)]
pub type Rules<T> = Option<fn(&T) -> Violations>;

/// Where in the details of a fault the list is.
const LIST: &str = "violations";

/// In the details of a fault: how many more there are than it lists.
const OMITTED: &str = "omitted";

/// How many are listed.
const MOST: usize = 256;

/// How long all of their text may be, in bytes: a value with many faults has a short answer.
const MOST_TEXT: usize = 64 * 1024;

/// How much of one path or reason is told, in bytes: the keys of a map may be long.
const LONGEST: usize = 1024;

/// Everything that is wrong with one value; nothing where it is empty.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Violations {
    /// Path and reason.
    listed: Vec<(String, String)>,
    text: usize,
    omitted: usize,
}

impl Violations {
    /// Of a value, by these rules.
    #[inline]
    pub fn of<T>(value: &T, rules: Rules<T>) -> Self {
        rules.map_or_else(Self::default, |rules| rules(value))
    }

    /// One more. Of more than a caller is to read, only the number is kept, and nobody asks where.
    pub fn add(&mut self, path: impl FnOnce() -> String, reason: &str) {
        if self.omitted > 0 || self.listed.len() == MOST {
            self.omitted += 1;
            return;
        }
        let path = path();
        let (path, reason) = (shortened(&path), shortened(reason));
        let text = path.len() + reason.len();
        if self.text + text > MOST_TEXT {
            self.omitted += 1;
            return;
        }
        self.text += text;
        self.listed.push((path.into_owned(), reason.into_owned()));
    }

    pub fn is_empty(&self) -> bool {
        self.listed.is_empty()
    }

    /// Nothing, or the fault that says what: `what` is as it should not be.
    pub fn check(self, kind: FaultKind, what: impl FnOnce() -> String) -> Result<(), Fault> {
        if self.is_empty() { Ok(()) } else { Err(self.into_fault(kind, &what())) }
    }

    /// The same for the payload of a request.
    pub fn check_payload(self, name: &str) -> Result<(), Fault> {
        self.check(FaultKind::ValidationFailed, || {
            format!("the payload of {name} breaks a rule of its contract")
        })
    }

    /// The fault that lists them.
    #[cold]
    pub fn into_fault(self, kind: FaultKind, what: &str) -> Fault {
        let message = format!("{what}: {self}");
        let list: Vec<Value> = self
            .listed
            .into_iter()
            .map(|(path, reason)| json!({ "path": path, "reason": reason }))
            .collect();
        let mut details = json!({ LIST: list });
        if let (Value::Object(details), true) = (&mut details, self.omitted > 0) {
            details.insert(OMITTED.to_owned(), self.omitted.into());
        }
        Fault::new(kind, message).with_details(details)
    }
}

fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= LONGEST {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(LONGEST);
    Cow::Owned(format!("{}…", text.get(..end).unwrap_or_default()))
}

/// The first one, and how many more there are.
impl fmt::Display for Violations {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((path, reason)) = self.listed.first() else { return f.write_str("nothing") };
        if !path.is_empty() {
            write!(f, "`{path}`: ")?;
        }
        f.write_str(reason)?;
        match self.listed.len() + self.omitted - 1 {
            0 => Ok(()),
            more => write!(f, ", and {more} more"),
        }
    }
}

impl From<DecodeError> for Violations {
    fn from(error: DecodeError) -> Self {
        let mut one = Self::default();
        one.add(|| error.path, &error.reason);
        one
    }
}

impl Fault {
    /// What is wrong with a payload or a reply, place by place: each path, in wire names
    /// (`items[2].unitPrice`, empty for the whole), with its reason. Of `VALIDATION_FAILED` and
    /// `CONTRACT_MISMATCH`, where they are about a value; of other faults, nothing. At most 256, and
    /// 64 KiB of text: `omitted` in [`details`](Self::details) says how many there are beyond that.
    pub fn violations(&self) -> impl Iterator<Item = (&str, &str)> {
        let list = self.details().and_then(|details| details.get(LIST)).and_then(Value::as_array);
        list.into_iter()
            .flatten()
            .filter_map(|one| Some((one.get("path")?.as_str()?, one.get("reason")?.as_str()?)))
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, MOST, MOST_TEXT, Violations};
    use crate::FaultKind;

    #[test]
    fn however_many_there_are_the_answer_stays_short() {
        let mut many = Violations::default();
        (0..1000).for_each(|number| many.add(|| format!("[{number}]"), "wrong"));
        let fault = many.into_fault(FaultKind::ValidationFailed, "it");
        assert_eq!(fault.message(), "it: `[0]`: wrong, and 999 more");
        assert_eq!(fault.violations().count(), MOST);
        assert_eq!(fault.details().unwrap()["omitted"], 1000 - MOST);

        let mut long = Violations::default();
        (0..100).for_each(|_| long.add(|| "ä".repeat(LONGEST), "wrong"));
        let fault = long.into_fault(FaultKind::ValidationFailed, "it");
        let text: usize = fault.violations().map(|(path, reason)| path.len() + reason.len()).sum();
        assert!(text <= MOST_TEXT, "{text}");
        assert!(fault.violations().count() < 100);
    }
}
