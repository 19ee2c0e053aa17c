//! Items to what the contract says. Each file reads one kind of declaration; a mistake in one is
//! reported, and a sensible value taken in its place, so that the rest can still be emitted.

mod access;
mod attributes;
pub(crate) mod error;
mod event;
mod message;
mod plain;
mod request;
mod roles;
mod rules;
mod timeout;
mod travel;

use syn::{
    Attribute, Ident, ItemEnum, ItemStruct, ItemUse, LitStr, Token, Visibility, token::Brace,
};

use self::attributes::{Keys, Marker, Marks};
pub(crate) use self::{
    access::{Access, Rule},
    attributes::{docs, is_sensitive, is_sensitive_mark},
    error::{ErrorEnum, ErrorVariant},
    event::Event,
    plain::PlainType,
    request::{Argument, Request},
    roles::{Role, Roles, check_permission, grants_permission},
    rules::{Arguments, Bounds, FieldRules, Rule as ValueRule, is_garde, of_field, of_whole},
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
    pub(crate) roles: Option<Roles>,
    /// Requests and events whose access rule cannot be read, which they have been told.
    pub(crate) unclear: Vec<Ident>,
    /// What roles are granted in vain.
    pub(crate) in_vain: Vec<LitStr>,
    /// Whether values can be held to rules here.
    pub(crate) validates: bool,
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
            roles: None,
            unclear: Vec::new(),
            in_vain: Vec::new(),
            validates: false,
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
            Item::Request(item) => {
                let request = Request::new(item, errors);
                let unclear = request.as_ref().filter(|request| request.unclear);
                self.unclear.extend(unclear.map(|request| request.ident.clone()));
                self.requests.extend(request);
            }
        }
    }

    fn add_struct(&mut self, mut item: ItemStruct, errors: &Errors) {
        let marks = Marks::take(&mut item.attrs, errors);
        let allowed: &[Marker] = match marks.find(Marker::Event) {
            Some(_) => &[Marker::Event, Marker::Access],
            None => &[Marker::Event],
        };
        marks.allow(allowed, "a struct", errors);
        match marks.find(Marker::Event) {
            Some(mark) => match Event::new(item, mark, errors) {
                Ok(mut event) => {
                    if let Some(mark) = marks.find(Marker::Access) {
                        event.access = Access::of_event(mark, errors);
                        let unclear = event.access.is_none();
                        self.unclear.extend(unclear.then(|| event.item.ident.clone()));
                    }
                    self.events.push(event);
                }
                // No event, but a type that others may name.
                Err(item) => self.types.push(PlainType::Struct(*item)),
            },
            None => self.types.push(PlainType::from_struct(item, errors)),
        }
    }

    fn add_enum(&mut self, mut item: ItemEnum, errors: &Errors) {
        let marks = Marks::take(&mut item.attrs, errors);
        marks.allow(&[Marker::Error, Marker::Roles], "an enum", errors);
        if let Some(mark) = marks.find(Marker::Roles) {
            return self.add_roles(item, &marks, mark, errors);
        }
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

impl Contract {
    fn add_roles(&mut self, item: ItemEnum, marks: &Marks, mark: &Attribute, errors: &Errors) {
        if let Some(error) = marks.find(Marker::Error) {
            errors.at(error, "an enum is of roles or of errors, not both");
        }
        let (roles, item) = Roles::new(item, mark, errors);
        match &self.roles {
            Some(first) => {
                let message = "a contract has one enum of roles";
                errors.at_both(&item.ident, message, &first.ident, "the first one");
            }
            None => self.roles = Some(roles),
        }
        self.types.push(PlainType::Enum(item));
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
