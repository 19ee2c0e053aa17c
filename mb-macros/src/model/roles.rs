//! `#[roles]`: an enum of who there is, and what each of them may.

use heck::ToKebabCase;
use syn::{
    Attribute, Fields, Generics, Ident, ItemEnum, LitStr, Meta, Token, parse_quote,
    punctuated::Punctuated,
};

use super::{
    attributes::{Keys, Marker, Marks, docs},
    plain,
};
use crate::{
    errors::{Errors, keep},
    names, serde_attributes,
};

/// The roles of a contract.
pub(crate) struct Roles {
    pub(crate) ident: Ident,
    pub(crate) roles: Vec<Role>,
}

/// One role.
pub(crate) struct Role {
    pub(crate) ident: Ident,
    /// The name on the wire.
    pub(crate) name: String,
    pub(crate) docs: String,
    pub(crate) grants: Vec<LitStr>,
    pub(crate) extends: Vec<Ident>,
}

impl Roles {
    /// The roles, and their enum as a type that travels by names in kebab-case.
    pub(super) fn new(mut item: ItemEnum, mark: &Attribute, errors: &Errors) -> (Self, ItemEnum) {
        Keys::read(mark, &[], errors);
        plain::check_visibility(&item.vis, errors);
        plain::check_not_generic(&item.generics, "the enum of the roles", errors);
        item.generics = Generics::default();
        if item.variants.is_empty() {
            errors.at(&item.ident, "roles without a role: nobody could do anything");
        }
        for attr in item.attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
            errors.at(
                attr,
                "roles have names in kebab-case: above one, `#[serde(rename = \"..\")]` gives it another",
            );
        }
        item.attrs.retain(|attr| !attr.path().is_ident("serde"));
        // Who gives out roles may do so by their names on the wire.
        item.attrs.push(parse_quote!(#[allow(dead_code)]));
        let mut roles: Vec<Role> = Vec::new();
        for variant in &mut item.variants {
            let marks = Marks::take(&mut variant.attrs, errors);
            marks.allow(&[Marker::Grants, Marker::Extends], "a role", errors);
            if !matches!(variant.fields, Fields::Unit) {
                errors.at(&variant.fields, "a role is a name, and holds nothing");
                variant.fields = Fields::Unit;
            }
            if !plain::check_name(&variant.ident, errors) {
                continue;
            }
            let name = name(&variant.ident, &mut variant.attrs, errors);
            if let Some(first) = roles.iter().find(|role| role.name == name) {
                let message = format!("two roles are called `{name}` on the wire");
                errors.at_both(&variant.ident, message, &first.ident, "the first one");
                variant.attrs.retain(|attr| !attr.path().is_ident("serde"));
                continue;
            }
            let grants = marks.find(Marker::Grants).map(|attr| grants(attr, errors));
            let extends = marks.find(Marker::Extends).map(|attr| extends(attr, errors));
            roles.push(Role {
                ident: variant.ident.clone(),
                name,
                docs: docs(&variant.attrs),
                grants: grants.unwrap_or_default(),
                extends: extends.unwrap_or_default(),
            });
        }
        (Self { ident: item.ident.clone(), roles }, item)
    }

    /// The role of this name in the contract.
    pub(crate) fn find(&self, ident: &Ident) -> Option<&Role> {
        self.roles.iter().find(|role| role.ident == *ident)
    }

    /// The names in the contract.
    pub(crate) fn names(&self) -> Vec<String> {
        self.roles.iter().map(|role| names::text(&role.ident)).collect()
    }
}

/// What a role is called on the wire, which serde is then told too.
fn name(ident: &Ident, attrs: &mut Vec<Attribute>, errors: &Errors) -> String {
    let keys = serde_attributes::keys(attrs);
    if keys.is_empty() {
        let name = names::text(ident).to_kebab_case();
        attrs.push(parse_quote!(#[serde(rename = #name)]));
        return name;
    }
    let mut renamed = None;
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let parsed = attr.parse_nested_meta(|meta| {
            if !meta.path.is_ident("rename") {
                return Err(meta.error("of serde's settings, a role has `rename = \"..\"`"));
            }
            let text: LitStr = meta.value()?.parse()?;
            if !names::is_wire_name(&text.value()) {
                return Err(syn::Error::new(
                    text.span(),
                    "a name on the wire is letters, digits, `_`, `-` and `.`, and begins with a letter",
                ));
            }
            renamed = Some(text.value());
            Ok(())
        });
        keep(parsed, errors);
    }
    renamed.unwrap_or_else(|| names::text(ident).to_kebab_case())
}

/// `#[grants("order:create", "order:*")]`.
fn grants(attr: &Attribute, errors: &Errors) -> Vec<LitStr> {
    let example = "say what is granted: `#[grants(\"order:create\", \"order:*\")]`";
    let Meta::List(_) = &attr.meta else {
        errors.at(attr, example);
        return Vec::new();
    };
    let list = attr.parse_args_with(Punctuated::<LitStr, Token![,]>::parse_terminated);
    let list = list.map_err(|error| syn::Error::new(error.span(), example));
    let Some(list) = keep(list, errors) else { return Vec::new() };
    if list.is_empty() {
        errors.at(attr, example);
    }
    let mut grants: Vec<LitStr> = Vec::new();
    for grant in list {
        let text = grant.value();
        if let Err(reason) = check_grant(&text) {
            errors.at(&grant, reason);
        } else if let Some(first) = grants.iter().find(|first| first.value() == text) {
            errors.at_both(&grant, format!("`{text}` is granted twice"), first, "the first one");
        } else {
            grants.push(grant);
        }
    }
    grants
}

/// `#[extends(Customer, Clerk)]`.
fn extends(attr: &Attribute, errors: &Errors) -> Vec<Ident> {
    let example = "say which roles it has as well: `#[extends(Customer)]`";
    let Meta::List(_) = &attr.meta else {
        errors.at(attr, example);
        return Vec::new();
    };
    let list = attr.parse_args_with(Punctuated::<Ident, Token![,]>::parse_terminated);
    let list = list.map_err(|error| syn::Error::new(error.span(), example));
    let Some(list) = keep(list, errors) else { return Vec::new() };
    if list.is_empty() {
        errors.at(attr, example);
    }
    let mut roles: Vec<Ident> = Vec::new();
    for role in list {
        match roles.iter().find(|first| **first == role) {
            Some(first) => {
                errors.at_both(&role, format!("`{role}` is here twice"), first, "the first one");
            }
            None => roles.push(role),
        }
    }
    roles
}

/// Whether this is `resource:action`; says what is wrong where not.
pub(crate) fn check_permission(text: &str) -> Result<(), String> {
    let is_part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c))
    };
    match text.split_once(':') {
        Some((resource, action)) if is_part(resource) && is_part(action) => Ok(()),
        _ => Err(format!(
            "`{text}` is no permission: write `resource:action`, each of ASCII letters, digits, `-` and `_`"
        )),
    }
}

fn check_grant(text: &str) -> Result<(), String> {
    match text.split_once(':') {
        Some(("*", "*")) => Ok(()),
        Some(("*", _)) => Err(format!(
            "`{text}` grants no known resource: write `resource:action`, `resource:*`, or `*:*` for everything"
        )),
        Some((resource, "*")) => check_permission(&format!("{resource}:any")).map_err(|_| {
            format!("`{text}` is no grant: write `resource:action`, `resource:*`, or `*:*`")
        }),
        _ => check_permission(text)
            .map_err(|reason| format!("{reason}; or grant `resource:*`, or `*:*`")),
    }
}

/// Whether a grant stands for this permission.
pub(crate) fn grants_permission(grant: &str, permission: &str) -> bool {
    match grant.split_once(':') {
        Some(("*", "*")) => true,
        Some((resource, "*")) => permission.split_once(':').is_some_and(|(of, _)| of == resource),
        _ => grant == permission,
    }
}
