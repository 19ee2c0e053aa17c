//! Where something stands on the wire. The contract's own types say so themselves; of types from
//! elsewhere garde knows the names in Rust, and what they are on the wire is seen in the value as it
//! travels: `zip_code` is the `zipCode` that stands there.

use garde::{Path, error::Kind};
use serde_json::{Map, Value};

/// The path as a person finds it in the message: `items[2].unitPrice`. What is not found there, or
/// has a name that is not like its own, is told as garde has it.
pub(super) fn path(path: &Path, on_wire: Option<&Value>) -> String {
    let parts: Vec<(Kind, &str)> =
        path.__iter().rev().map(|(kind, name)| (kind, name.as_str())).collect();
    let mut here = on_wire;
    let mut told = String::new();
    for (position, (kind, name)) in parts.iter().enumerate() {
        match (kind, here) {
            (Kind::None, _) => {}
            (Kind::Index, Some(Value::Array(items))) => {
                here = name.parse().ok().and_then(|number: usize| items.get(number));
                index(&mut told, name);
            }
            (Kind::Index, None) => index(&mut told, name),
            // The keys of a map are texts there, whatever they are here.
            (Kind::Index, Some(Value::Object(object))) if object.contains_key(*name) => {
                here = object.get(*name);
                key(&mut told, name);
            }
            (Kind::Key, Some(Value::Object(object))) => {
                let next = parts.get(position + 1).map(|(_, name)| *name);
                here = match find(object, name) {
                    Found::Here(found, value) => {
                        key(&mut told, found);
                        Some(value)
                    }
                    Found::Inside(variant, found, value) => {
                        key(&mut told, variant);
                        key(&mut told, found);
                        Some(value)
                    }
                    // Flattened: what it holds stands here itself.
                    Found::Nowhere if next.is_some_and(|next| named(object, next).is_some()) => {
                        here
                    }
                    Found::Nowhere => {
                        key(&mut told, name);
                        None
                    }
                };
            }
            (Kind::Index, Some(value)) => {
                // What has one part, and no name for it, is that part on the wire; of several, they
                // may be those of a variant.
                if let Some((variant, items)) = variant(value) {
                    key(&mut told, variant);
                    index(&mut told, name);
                    here = name.parse().ok().and_then(|number: usize| items.get(number));
                }
            }
            (Kind::Key, _) => {
                key(&mut told, name);
                here = None;
            }
        }
    }
    told
}

enum Found<'a> {
    Here(&'a str, &'a Value),
    /// In the variant of an enum, which the type has no field for.
    Inside(&'a str, &'a str, &'a Value),
    Nowhere,
}

fn find<'a>(object: &'a Map<String, Value>, name: &str) -> Found<'a> {
    if let Some((found, value)) = named(object, name) {
        return Found::Here(found, value);
    }
    // `{"circle":{..}}`, or `{"kind":"circle","of":{..}}`.
    let is_tag = |value: &Value| value.is_string();
    let is_variant = object.len() == 1 || object.len() == 2 && object.values().any(is_tag);
    let held = object.iter().find_map(|(key, value)| Some((key, value.as_object()?)));
    match held.filter(|_| is_variant) {
        Some((variant, inner)) => match named(inner, name) {
            Some((found, value)) => Found::Inside(variant, found, value),
            None => Found::Nowhere,
        },
        None => Found::Nowhere,
    }
}

/// `{"between":[1,2]}`.
fn variant(value: &Value) -> Option<(&str, &[Value])> {
    let mut fields = value.as_object()?.iter().filter(|(_, value)| !value.is_string());
    match (fields.next(), fields.next()) {
        (Some((name, Value::Array(items))), None) => Some((name, items)),
        _ => None,
    }
}

/// The field of this name, or of one that differs in its style only.
fn named<'a>(object: &'a Map<String, Value>, name: &str) -> Option<(&'a str, &'a Value)> {
    let exact = object.get_key_value(name);
    let alike = || object.iter().find(|(key, _)| plain(key).eq(plain(name)));
    exact.or_else(alike).map(|(key, value)| (key.as_str(), value))
}

/// A name without its style.
fn plain(name: &str) -> impl Iterator<Item = char> {
    // A raw identifier is called as what follows.
    let name = name.strip_prefix("r#").unwrap_or(name);
    name.chars().filter(|letter| !"_-".contains(*letter)).map(|letter| letter.to_ascii_lowercase())
}

fn key(told: &mut String, name: &str) {
    if !told.is_empty() {
        told.push('.');
    }
    told.push_str(name);
}

fn index(told: &mut String, number: &str) {
    told.push('[');
    told.push_str(number);
    told.push(']');
}
