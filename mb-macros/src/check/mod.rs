//! What no single item can know: names and codes that collide. Of two that collide, the first is
//! kept, so that the collision is the only error.

mod access;
mod debug;
mod rules;

use std::{
    collections::{BTreeSet, HashMap},
    fmt::Display,
    hash::Hash,
};

use quote::ToTokens;
use syn::{Attribute, Fields, Ident};

pub(crate) use access::required;

use crate::{
    errors::Errors,
    model::{Contract, ErrorEnum, ErrorVariant, PlainType, is_sensitive},
    names,
};

/// What the expansion declares in the module.
const GENERATED: [&str; 8] =
    ["Service", "Client", "serve", "requests", "Event", "Request", "Error", "CONTRACT"];

/// The methods that every generated client has.
pub(crate) const CLIENT_METHODS: [&str; 9] = [
    "connect",
    "in_process",
    "in_process_as",
    "client",
    "subscribe",
    "emit",
    "send",
    "send_streamed",
    "clone",
];

pub(crate) fn check(contract: &mut Contract, errors: &Errors) {
    item_names(contract, errors);
    request_names(contract, errors);
    wire_names(contract, errors);
    codes(contract, errors);
    declared_errors(contract, errors);
    field_names(contract, errors);
    debug::check(contract, errors);
    rules::check(contract, errors);
    access::check(contract, errors);
}

/// Fields that serde would call the same. Those that the user names himself, serde checks.
fn field_names(contract: &Contract, errors: &Errors) {
    let renamed = |attrs: &[Attribute], how: &str| {
        let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
        serde.map(|attr| attr.meta.to_token_stream().to_string()).any(|text| text.contains(how))
    };
    let check = |within: &[Attribute], fields: &mut dyn Iterator<Item = (&Ident, &[Attribute])>| {
        let mut seen = Seen::new(errors);
        for (ident, attrs) in fields {
            if !renamed(within, "rename_all") && !renamed(attrs, "rename") {
                let name = names::field(ident);
                let message = format!("two fields are called `{name}` on the wire");
                seen.first(name, ident, message);
            }
        }
    };
    let named = |within: &[Attribute], fields: &Fields| {
        let fields = fields.iter();
        check(within, &mut fields.filter_map(|f| Some((f.ident.as_ref()?, f.attrs.as_slice()))));
    };
    for item in &contract.types {
        match item {
            PlainType::Struct(item) => named(&item.attrs, &item.fields),
            PlainType::Enum(item) => {
                item.variants.iter().for_each(|v| named(&item.attrs, &v.fields))
            }
            PlainType::Alias(_) => {}
        }
    }
    contract.events.iter().for_each(|event| named(&event.item.attrs, &event.item.fields));
    for error in &contract.errors {
        error.variants.iter().for_each(|v| named(&error.attrs, &v.variant.fields));
    }
    for request in &contract.requests {
        let arguments = request.arguments.iter();
        let mut arguments = arguments.map(|argument| (&argument.ident, argument.attrs.as_slice()));
        check(&request.payload_attrs, &mut arguments);
    }
}

/// A plain type of the contract is no error: nearly one, so that the request is let go.
fn declared_errors(contract: &mut Contract, errors: &Errors) {
    let plain: Vec<String> = contract.types.iter().map(|item| names::text(item.ident())).collect();
    contract.requests.retain(|request| {
        let Some(error) = &request.reply.error else { return true };
        let name = error.to_token_stream().to_string();
        if plain.contains(&name) {
            errors.at(
                error,
                format!("`{name}` is not declared as an error: write `#[error]` above its enum"),
            );
            return false;
        }
        true
    });
}

/// Remembers what was seen first, and reports what comes again.
struct Seen<'a, K>(HashMap<K, Ident>, &'a Errors);

impl<'a, K: Hash + Eq> Seen<'a, K> {
    fn new(errors: &'a Errors) -> Self {
        Self(HashMap::new(), errors)
    }

    /// Whether this is the first of its key.
    fn first(&mut self, key: K, ident: &Ident, message: impl Display) -> bool {
        match self.0.get(&key) {
            Some(first) => {
                self.1.at_both(ident, message, first, "the first one");
                false
            }
            None => {
                self.0.insert(key, ident.clone());
                true
            }
        }
    }
}

fn item_names(contract: &mut Contract, errors: &Errors) {
    let mut seen = Seen::new(errors);
    let mut keep = |ident: &Ident| {
        let name = names::text(ident);
        if GENERATED.contains(&name.as_str()) {
            errors.at(
                ident,
                format!("`{name}` is a name that every contract has of its own: give this another"),
            );
            return false;
        }
        let message = format!("the contract has two items called `{name}`");
        seen.first(name, ident, message)
    };
    contract.types.retain(|item| keep(item.ident()));
    contract.events.retain(|event| keep(&event.item.ident));
    contract.errors.retain(|error| keep(&error.ident));
}

fn request_names(contract: &mut Contract, errors: &Errors) {
    let mut payloads = Seen::new(errors);
    contract.requests.retain(|request| {
        let name = names::text(&request.ident);
        if CLIENT_METHODS.contains(&name.as_str()) {
            errors.at(
                &request.ident,
                format!(
                    "`{name}` is a method that every client has of its own: give the request another \
                     name (`rename` keeps the one on the wire)"
                ),
            );
            return false;
        }
        let payload = request.payload.to_string();
        let message = format!("two requests would have the payload `requests::{payload}`");
        payloads.first(payload, &request.ident, message)
    });
}

fn wire_names(contract: &mut Contract, errors: &Errors) {
    let taken = |what: &str, name: &str| format!("two {what} are called `{name}` on the wire");
    let mut requests = Seen::new(errors);
    contract.requests.retain(|request| {
        let name = &request.wire_name;
        requests.first(name.clone(), &request.ident, taken("requests", name))
    });
    let mut events = Seen::new(errors);
    contract.events.retain(|event| {
        let name = &event.wire_name;
        events.first(name.clone(), &event.item.ident, taken("events", name))
    });
}

/// Within an enum a code stands for one variant; across enums, for one shape.
fn codes(contract: &mut Contract, errors: &Errors) {
    for error in &mut contract.errors {
        let mut seen = Seen::new(errors);
        error.variants.retain(|variant| {
            let code = &variant.code;
            let message = format!("two errors have the code {code}");
            seen.first(code.clone(), &variant.variant.ident, message)
        });
    }
    let mut shapes: HashMap<&str, (&ErrorEnum, &ErrorVariant)> = HashMap::new();
    for error in &contract.errors {
        for variant in &error.variants {
            let (first, shape) = *shapes.entry(&variant.code).or_insert((error, variant));
            let differs = match (fields(shape), fields(variant)) {
                (first, second) if first != second => "other fields",
                _ if sensitive(shape) != sensitive(variant) => "other sensitive fields",
                _ => continue,
            };
            errors.at_both(
                &variant.variant.ident,
                format!(
                    "the code {} has {differs} in `{}`: one code is one shape",
                    variant.code, first.ident
                ),
                &shape.variant.ident,
                "the first one",
            );
        }
    }
}

fn fields(variant: &ErrorVariant) -> Vec<(String, String)> {
    let fields = variant.variant.fields.iter();
    let mut fields: Vec<_> = fields
        .map(|field| {
            let name = field.ident.as_ref().map(names::text).unwrap_or_default();
            (name, field.ty.to_token_stream().to_string())
        })
        .collect();
    fields.sort();
    fields
}

fn sensitive(variant: &ErrorVariant) -> BTreeSet<String> {
    let fields = variant.variant.fields.iter().filter(|field| is_sensitive(&field.attrs));
    fields.filter_map(|field| field.ident.as_ref().map(names::text)).collect()
}
