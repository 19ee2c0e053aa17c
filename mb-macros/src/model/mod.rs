//! Items to what the contract says. Each file reads one kind of declaration; a mistake in one is
//! reported, and a sensible value taken in its place, so that the rest can still be emitted.

mod attributes;
pub(crate) mod error;
mod event;
mod message;
mod plain;
mod request;
mod timeout;
mod travel;

use syn::{Attribute, Ident, ItemEnum, ItemStruct, ItemUse, Token, Visibility, token::Brace};

use self::attributes::{Keys, Marker, Marks};
pub(crate) use self::{
    attributes::{docs, is_sensitive, is_sensitive_mark},
    error::{ErrorEnum, ErrorVariant},
    event::Event,
    plain::PlainType,
    request::{Argument, Request},
};
use crate::{
    errors::Errors,
    names,
    parse::{Item, ParsedContract},
};

/// What a contract says.
pub(crate) struct Contract {
    /// The user's attributes on the module, docs included.
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) mod_token: Token![mod],
    pub(crate) ident: Ident,
    pub(crate) brace: Brace,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) uses: Vec<ItemUse>,
    pub(crate) types: Vec<PlainType>,
    pub(crate) events: Vec<Event>,
    pub(crate) errors: Vec<ErrorEnum>,
    pub(crate) requests: Vec<Request>,
}

impl Contract {
    pub(crate) fn new(parsed: ParsedContract, errors: &Errors) -> Self {
        let ParsedContract { attrs, vis, mod_token, ident, brace, items } = parsed;
        let (attrs, name, version) = header(attrs, &ident, errors);
        let mut contract = Self {
            attrs,
            vis,
            mod_token,
            ident,
            brace,
            name,
            version,
            uses: Vec::new(),
            types: Vec::new(),
            events: Vec::new(),
            errors: Vec::new(),
            requests: Vec::new(),
        };
        for item in items {
            contract.add(item, errors);
        }
        contract
    }

    fn add(&mut self, item: Item, errors: &Errors) {
        match item {
            Item::Use(item) => self.uses.push(item),
            Item::Alias(mut item) => {
                let marks = Marks::take(&mut item.attrs, errors);
                marks.allow(&[], "a type alias", errors);
                plain::check_visibility(&item.vis, errors);
                self.types.push(PlainType::Alias(item));
            }
            Item::Struct(item) => self.add_struct(item, errors),
            Item::Enum(item) => self.add_enum(item, errors),
            Item::Request(item) => self.requests.extend(Request::new(item, errors)),
        }
    }

    fn add_struct(&mut self, mut item: ItemStruct, errors: &Errors) {
        let marks = Marks::take(&mut item.attrs, errors);
        marks.allow(&[Marker::Event], "a struct", errors);
        match marks.find(Marker::Event) {
            Some(mark) => match Event::new(item, mark, errors) {
                Ok(event) => self.events.push(event),
                // No event, but a type that others may name.
                Err(item) => self.types.push(PlainType::Struct(*item)),
            },
            None => self.types.push(PlainType::from_struct(item, errors)),
        }
    }

    fn add_enum(&mut self, mut item: ItemEnum, errors: &Errors) {
        let marks = Marks::take(&mut item.attrs, errors);
        marks.allow(&[Marker::Error], "an enum", errors);
        match marks.find(Marker::Error) {
            Some(_) if !item.generics.params.is_empty() => {
                plain::check_not_generic(&item.generics, "an error", errors);
                for variant in &mut item.variants {
                    Marks::take(&mut variant.attrs, errors);
                }
                self.types.push(PlainType::Enum(item));
            }
            Some(mark) => self.errors.push(ErrorEnum::new(item, mark, errors)),
            None => self.types.push(PlainType::from_enum(item, errors)),
        }
    }
}

/// `#[contract(version = "1.0.0", name = "orders")]`.
fn header(
    mut attrs: Vec<Attribute>,
    ident: &Ident,
    errors: &Errors,
) -> (Vec<Attribute>, String, String) {
    let marks = Marks::take(&mut attrs, errors);
    marks.allow(&[Marker::Contract], "the module of a contract", errors);
    let mut name = names::wire(ident);
    let mut version = None;
    if let Some(mark) = marks.find(Marker::Contract) {
        let keys = Keys::read(mark, &["version", "name"], errors);
        if let Some(renamed) = keys.wire_name("name", errors) {
            name = renamed;
        }
        version = keys.string("version", errors);
        if !keys.has("version") {
            errors.at(mark, "the contract has no version: write `version = \"1.0.0\"`");
        }
    } else {
        errors.push(syn::Error::new(
            ident.span(),
            "the contract has no version: write `#[contract(version = \"1.0.0\")]` above the module",
        ));
    }
    let version = version.map(|version| {
        let text = version.value();
        if semver::Version::parse(&text).is_err() {
            errors.at(&version, "not a semantic version: write three numbers, `1.0.0`");
        }
        text
    });
    (attrs, name, version.unwrap_or_else(|| "0.0.0".to_owned()))
}
