//! Reading attributes: ours are taken out and understood, everybody else's pass through.

use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitBool, LitInt, LitStr, Meta, Token,
    parse::{Parse, ParseStream},
    parse_quote,
    punctuated::Punctuated,
};

use crate::{
    errors::{Errors, expected, keep},
    names,
    serde_attributes::has_key as has_serde_key,
};

/// The attributes that belong to the contract language.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marker {
    Contract,
    Event,
    Error,
    Request,
    Sensitive,
    Roles,
    Grants,
    Extends,
    Access,
}

const MARKERS: [Marker; 9] = [
    Marker::Contract,
    Marker::Event,
    Marker::Error,
    Marker::Request,
    Marker::Sensitive,
    Marker::Roles,
    Marker::Grants,
    Marker::Extends,
    Marker::Access,
];

impl Marker {
    fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::Event => "event",
            Self::Error => "error",
            Self::Request => "request",
            Self::Sensitive => "sensitive",
            Self::Roles => "roles",
            Self::Grants => "grants",
            Self::Extends => "extends",
            Self::Access => "access",
        }
    }

    fn place(self) -> &'static str {
        match self {
            Self::Contract => "the module of a contract",
            Self::Event => "a struct",
            Self::Error => "an enum, and on its variants",
            Self::Request => "a function without a body",
            Self::Sensitive => "a field, or on an argument of a request",
            Self::Roles => "an enum",
            Self::Grants | Self::Extends => "a variant of the `#[roles]` enum",
            Self::Access => "a request or an event",
        }
    }
}

/// Attributes that are nobody's misspelling.
const KNOWN: [&str; 12] = [
    "doc",
    "derive",
    "serde",
    "allow",
    "warn",
    "deny",
    "expect",
    "deprecated",
    "must_use",
    "default",
    "cfg",
    "garde",
];

/// The word of the contract language that an unknown attribute is nearly.
fn misspelt(attr: &Attribute) -> Option<&'static str> {
    let written = attr.path().get_ident()?.to_string();
    // Not ours, but read here: where it is misspelt, nobody else would say so.
    let ours = || MARKERS.into_iter().map(Marker::name).chain(["garde"]);
    if KNOWN.contains(&written.as_str()) || ours().any(|name| name == written) {
        return None;
    }
    // Short words have many neighbours.
    let near = |name: &&str| if name.len() <= 6 { 1 } else { 2 };
    ours().find(|name| strsim::damerau_levenshtein(&written, name) <= near(name))
}

/// The attributes of one item that belong to the contract language.
pub(super) struct Marks(Vec<(Marker, Attribute)>);

/// Whether a field is marked `#[sensitive]`. Of our attributes, this one stays with its field, as
/// other parts of the contract ask for it; it is taken out as the field is emitted.
pub(crate) fn is_sensitive(attrs: &[Attribute]) -> bool {
    attrs.iter().any(is_sensitive_mark)
}

/// Whether this is the mark itself.
pub(crate) fn is_sensitive_mark(attr: &Attribute) -> bool {
    attr.path().is_ident("sensitive")
}

impl Marks {
    /// Takes our attributes out, and leaves everybody else's.
    pub(super) fn take(attrs: &mut Vec<Attribute>, errors: &Errors) -> Self {
        let mut marks: Vec<(Marker, Attribute)> = Vec::new();
        attrs.retain(|attr| {
            let path = attr.path();
            let meant = misspelt(attr);
            if let Some(meant) = meant {
                let written = path.to_token_stream();
                errors.at(path, format!("unknown attribute `{written}`: did you mean `{meant}`?"));
            }
            let is = |name: &str| path.is_ident(name) || meant == Some(name);
            if let Some(marker) = MARKERS.into_iter().find(|marker| is(marker.name())) {
                match marks.iter().find(|(other, _)| *other == marker) {
                    Some((_, first)) => {
                        let name = marker.name();
                        let message = format!("`#[{name}]` is here twice");
                        errors.at_both(attr, message, first, "the first one");
                    }
                    None => marks.push((marker, attr.clone())),
                }
                return false;
            }
            if meant.is_some() {
                return false;
            }
            if path.is_ident("cfg") || path.is_ident("cfg_attr") {
                errors.at(
                    attr,
                    "a contract is the same for everybody: nothing in it depends on `cfg`",
                );
                return false;
            }
            true
        });
        Self(marks)
    }

    /// Reports attributes that do not belong on this kind of item.
    pub(super) fn allow(&self, allowed: &[Marker], item: &str, errors: &Errors) {
        for (marker, attr) in &self.0 {
            if !allowed.contains(marker) {
                let (name, place) = (marker.name(), marker.place());
                errors.at(attr, format!("`#[{name}]` belongs on {place}, this is {item}"));
            }
        }
    }

    /// Leaves `#[sensitive]` with the field that it is said of, checked.
    pub(super) fn keep_sensitive(&self, attrs: &mut Vec<Attribute>, errors: &Errors) {
        let Some(mark) = self.find(Marker::Sensitive) else { return };
        if !matches!(mark.meta, Meta::Path(_)) {
            errors.at(mark, "`#[sensitive]` says all there is to say: take what follows it out");
        }
        if has_serde_key(attrs, "flatten") {
            errors.at(
                mark,
                "a flattened field has no name of its own on the wire: mark the fields of its type",
            );
        }
        attrs.push(parse_quote!(#[sensitive]));
    }

    pub(super) fn find(&self, marker: Marker) -> Option<&Attribute> {
        self.0.iter().find(|(other, _)| *other == marker).map(|(_, attr)| attr)
    }
}

/// The keys of one attribute: `status = 404, retryable`.
pub(super) struct Keys {
    keys: Vec<Key>,
    /// What does not parse is reported; what is missing then is not.
    broken: bool,
}

struct Key {
    name: Ident,
    value: Option<Expr>,
}

impl Parse for Key {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(syn::Lit) {
            return Err(input.error("a value has a key: write `key = value`"));
        }
        let name: Ident = input.call(<Ident as syn::ext::IdentExt>::parse_any)?;
        if input.peek(Token![:]) {
            return Err(input.error(format!("write `{name} = value`")));
        }
        let value =
            if input.parse::<Option<Token![=]>>()?.is_some() { Some(input.parse()?) } else { None };
        Ok(Self { name, value })
    }
}

impl Keys {
    /// Reads an attribute, and reports keys that are unknown or repeated.
    pub(super) fn read(attr: &Attribute, known: &[&str], errors: &Errors) -> Self {
        let parser = Punctuated::<Key, Token![,]>::parse_terminated;
        let parsed = match &attr.meta {
            Meta::Path(_) => Some(Punctuated::new()),
            Meta::List(_) => keep(attr.parse_args_with(parser), errors),
            Meta::NameValue(pair) => {
                let name = pair.path.to_token_stream();
                errors.at(attr, format!("write `#[{name}(key = value)]`"));
                None
            }
        };
        let broken = parsed.is_none();
        let mut keys: Vec<Key> = Vec::new();
        for key in parsed.into_iter().flatten() {
            let name = key.name.to_string();
            if !known.contains(&name.as_str()) {
                let hint = match known {
                    [] => "it takes none".to_owned(),
                    known => expected(&name, known),
                };
                errors.at(&key.name, format!("unknown key `{name}`: {hint}"));
            } else if let Some(first) = keys.iter().find(|other| other.name == key.name) {
                let message = format!("`{name}` is here twice");
                errors.at_both(&key.name, message, &first.name, "the first one");
            } else {
                keys.push(key);
            }
        }
        Self { keys, broken }
    }

    /// Whether a key is there, or may have been meant to be.
    pub(super) fn has(&self, name: &str) -> bool {
        self.broken || self.keys.iter().any(|key| key.name == name)
    }

    /// The key itself, for what is wrong with its being there.
    pub(super) fn word(&self, name: &str) -> Option<&Ident> {
        self.keys.iter().map(|key| &key.name).find(|key| *key == name)
    }

    pub(super) fn string(&self, name: &str, errors: &Errors) -> Option<LitStr> {
        let literal = self.literal(name, "a string: `", " = \"..\"`", errors)?;
        match literal {
            Lit::Str(text) => Some(text),
            other => {
                errors.at(other, format!("`{name}` is a string: `{name} = \"..\"`"));
                None
            }
        }
    }

    pub(super) fn integer(&self, name: &str, errors: &Errors) -> Option<LitInt> {
        let literal = self.literal(name, "a number: `", " = 404`", errors)?;
        match literal {
            Lit::Int(number) => Some(number),
            other => {
                errors.at(other, format!("`{name}` is a number: `{name} = 404`"));
                None
            }
        }
    }

    /// A key that is true where it stands: `retryable`, or `retryable = false`.
    pub(super) fn flag(&self, name: &str, errors: &Errors) -> bool {
        let Some(key) = self.keys.iter().find(|key| key.name == name) else { return false };
        match key.value.as_ref().map(bare) {
            None => true,
            Some(Expr::Lit(ExprLit { lit: Lit::Bool(LitBool { value, .. }), .. })) => *value,
            Some(other) => {
                errors.at(other, format!("`{name}` is true or false, or stands by itself"));
                false
            }
        }
    }

    /// A name for the wire that the user chose.
    pub(super) fn wire_name(&self, key: &str, errors: &Errors) -> Option<String> {
        let name = self.string(key, errors)?;
        let text = name.value();
        if !names::is_wire_name(&text) {
            errors.at(
                &name,
                "a name on the wire is letters, digits, `_`, `-` and `.`, and begins with a letter; \
                 names with `$` belong to the protocol",
            );
            return None;
        }
        Some(text)
    }

    fn literal(&self, name: &str, what: &str, example: &str, errors: &Errors) -> Option<Lit> {
        let key = self.keys.iter().find(|key| key.name == name)?;
        match key.value.as_ref().map(bare) {
            Some(Expr::Lit(ExprLit { lit, .. })) => return Some(lit.clone()),
            Some(other) => errors.at(other, format!("`{name}` is {what}{name}{example}")),
            None => errors.at(&key.name, format!("`{name}` is {what}{name}{example}")),
        }
        None
    }
}

/// An expression without the brackets that a macro of the user's puts around it.
fn bare(value: &Expr) -> &Expr {
    match value {
        Expr::Group(inner) => bare(&inner.expr),
        value => value,
    }
}

/// The documentation of an item, as text.
pub(crate) fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => {
                let text = text.value();
                Some(text.strip_prefix(' ').unwrap_or(&text).to_owned())
            }
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n").trim().to_owned()
}

/// Whether an attribute is documentation.
pub(crate) fn is_doc(attr: &Attribute) -> bool {
    attr.path().is_ident("doc")
}
