//! What a message carries, as a line may show it.

use mb_core::{Message, Name};
use serde_json::Value;

use super::clean;

/// The longest that is shown, in characters.
const LONGEST: usize = 500;

/// A message's payload as JSON, without what its contract calls sensitive. Nothing of a message that
/// no contract of this program declares, since it is not known what of that is.
pub(super) fn shown(message: &Message) -> Option<String> {
    let (sensitive, shown) = match message.name() {
        Name::Request(request) => (request.sensitive, request.shown),
        Name::Event(event) => (event.sensitive, event.shown),
        _ => return None,
    };
    let value = message.body().decode_shared::<Value>().ok()?;
    let text = if sensitive.is_empty() { value.to_string() } else { redacted(&value, shown) };
    Some(clean(&text, LONGEST))
}

/// The fields that hold nothing sensitive. What is no object may still be read as one, by position:
/// nothing of it is shown.
fn redacted(value: &Value, shown: &[&str]) -> String {
    const HIDDEN: &str = "***";
    let Value::Object(fields) = value else { return HIDDEN.to_owned() };
    let (plain, others): (Vec<_>, Vec<_>) =
        fields.iter().partition(|(name, _)| shown.contains(&name.as_str()));
    let mut parts: Vec<_> =
        plain.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    // Not even by name: it need not be one of the contract's.
    parts.extend(others.first().map(|_| HIDDEN.to_owned()));
    format!("{{{}}}", parts.join(","))
}
