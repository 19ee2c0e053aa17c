//! A hash of every declared shape. Docs, derives and the order of declarations do not change it;
//! names, types, codes, statuses and serde's settings do. A type that the contract only imports
//! counts by its name, and so does the enum of the roles: who may is no shape.

use std::hash::Hasher;

use fnv::FnvHasher;
use quote::ToTokens;
use syn::{Attribute, Fields, Type, Variant};

use crate::{
    model::{Contract, PlainType},
    names,
};

pub(super) fn of(contract: &Contract) -> u64 {
    let mut shapes: Vec<String> = Vec::new();
    let roles = contract.roles.as_ref().map(|roles| &roles.ident);
    let types = contract.types.iter().filter(|item| Some(item.ident()) != roles);
    shapes.extend(types.map(plain));
    shapes.extend(contract.events.iter().map(|event| {
        let fields = fields(&event.item.fields);
        format!("event {} {} {fields}", event.wire_name, settings(&event.item.attrs))
    }));
    for error in &contract.errors {
        shapes.extend(error.variants.iter().map(|error| {
            let (fields, settings) =
                (fields(&error.variant.fields), settings(&error.variant.attrs));
            let (code, status, retryable) = (&error.code, error.status, error.retryable);
            format!("error {code} {status} {retryable} {settings} {fields}")
        }));
        let codes = sorted(error.variants.iter().map(|error| error.code.clone()));
        let settings = settings(&error.attrs);
        shapes.push(format!("errors {} {settings} {codes}", names::text(&error.ident)));
    }
    shapes.extend(contract.requests.iter().map(|request| {
        let arguments =
            sorted(request.arguments.iter().map(|argument| {
                field(&names::text(&argument.ident), &argument.attrs, &argument.ty)
            }));
        let reply = request.reply.ty.to_token_stream();
        let error = request.reply.error.as_ref().map(|error| error.to_token_stream().to_string());
        let streamed = request.reply.streamed;
        let settings = settings(&request.payload_attrs);
        format!("request {} {settings} {arguments} {reply} {error:?} {streamed}", request.wire_name)
    }));
    let mut hasher = FnvHasher::default();
    hasher.write(contract.name.as_bytes());
    hasher.write(sorted(shapes).as_bytes());
    hasher.finish()
}

fn plain(item: &PlainType) -> String {
    match item {
        PlainType::Struct(item) => format!(
            "struct {}{} {} {}",
            names::text(&item.ident),
            item.generics.to_token_stream(),
            settings(&item.attrs),
            fields(&item.fields)
        ),
        PlainType::Enum(item) => {
            let variants = sorted(item.variants.iter().map(|variant| {
                let Variant { attrs, ident, fields: content, .. } = variant;
                format!("{} {} {}", names::text(ident), settings(attrs), fields(content))
            }));
            let (name, generics) = (names::text(&item.ident), item.generics.to_token_stream());
            format!("enum {name}{generics} {} {variants}", settings(&item.attrs))
        }
        PlainType::Alias(item) => {
            format!("type {} {}", names::text(&item.ident), item.ty.to_token_stream())
        }
    }
}

/// Named fields travel by name: their order says nothing. Unnamed ones travel by place.
fn fields(fields: &Fields) -> String {
    let all = fields.iter().map(|item| {
        let name = item.ident.as_ref().map(names::text).unwrap_or_default();
        field(&name, &item.attrs, &item.ty)
    });
    match fields {
        Fields::Named(_) => format!("{{{}}}", sorted(all)),
        Fields::Unnamed(_) => format!("({})", all.collect::<Vec<_>>().join(",")),
        Fields::Unit => "unit".to_owned(),
    }
}

fn field(name: &str, attrs: &[Attribute], ty: &Type) -> String {
    format!("{name}:{}{}", ty.to_token_stream(), settings(attrs))
}

/// What the user tells serde, which changes what travels.
fn settings(attrs: &[Attribute]) -> String {
    let serde = attrs.iter().filter(|attr| attr.path().is_ident("serde"));
    sorted(serde.map(|attr| attr.meta.to_token_stream().to_string()))
}

fn sorted(shapes: impl IntoIterator<Item = String>) -> String {
    let mut shapes: Vec<String> = shapes.into_iter().collect();
    shapes.sort();
    shapes.join(";")
}
