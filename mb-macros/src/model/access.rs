//! `#[access(..)]`: who may send a request, emit an event, or get one.

use proc_macro2::Span;
use quote::ToTokens;
use syn::{
    Attribute, Ident, LitStr, Meta, Token,
    ext::IdentExt,
    parenthesized,
    parse::{Parse, ParseStream},
    punctuated::Punctuated,
};

use crate::errors::{Errors, expected, keep};

/// A rule, as it was written.
#[derive(Clone)]
pub(crate) enum Rule {
    Public(Ident),
    Authenticated(Ident),
    Permission(LitStr),
    Role(Ident),
    Any(Ident, Vec<Rule>),
    All(Ident, Vec<Rule>),
}

/// What a request or an event says of who may.
pub(crate) struct Access {
    /// For what is wrong with it as a whole.
    pub(crate) attr: Attribute,
    /// Who may send the request, or get the event.
    pub(crate) rule: Rule,
    /// Who may emit the event, where that is said by itself.
    pub(crate) emit: Option<Rule>,
    /// The method of the service that is asked as well.
    pub(crate) guard: Option<Ident>,
}

/// What stands at the top of an attribute.
enum Entry {
    Rule(Rule),
    Guard(Ident, Ident),
    Subscribe(Ident, Rule),
    Emit(Ident, Rule),
}

const RULES: [&str; 5] = ["public", "authenticated", "role", "any", "all"];
const OF_REQUESTS: [&str; 6] = ["public", "authenticated", "role", "any", "all", "guard"];
const OF_EVENTS: [&str; 7] = ["public", "authenticated", "role", "any", "all", "subscribe", "emit"];

impl Rule {
    /// The word to point at.
    pub(crate) fn word(&self) -> Span {
        match self {
            Self::Permission(text) => text.span(),
            Self::Public(word)
            | Self::Authenticated(word)
            | Self::Role(word)
            | Self::Any(word, _)
            | Self::All(word, _) => word.span(),
        }
    }

    /// Itself, and whatever is inside of it.
    pub(crate) fn each<'a>(&'a self, see: &mut dyn FnMut(&'a Self)) {
        see(self);
        if let Self::Any(_, rules) | Self::All(_, rules) = self {
            rules.iter().for_each(|rule| rule.each(see));
        }
    }

    fn after(name: Ident, input: ParseStream<'_>, known: &[&str]) -> syn::Result<Self> {
        let text = name.to_string();
        match text.as_str() {
            "public" => Ok(Self::Public(name)),
            "authenticated" => Ok(Self::Authenticated(name)),
            "role" => {
                if !input.peek(Token![=]) {
                    return Err(syn::Error::new(name.span(), "write `role = Name`"));
                }
                input.parse::<Token![=]>()?;
                if input.peek(LitStr) {
                    return Err(input.error("a role is named as in its enum: `role = Admin`"));
                }
                let role = input.parse();
                role.map(Self::Role).map_err(|_| input.error("name a role: `role = Admin`"))
            }
            "any" | "all" => {
                if !input.peek(syn::token::Paren) {
                    let message = format!("write `{text}(\"order:read\", role = Admin)`");
                    return Err(syn::Error::new(name.span(), message));
                }
                let inside;
                parenthesized!(inside in input);
                let rules = Punctuated::<Self, Token![,]>::parse_terminated(&inside)?;
                let rules = rules.into_iter().collect();
                Ok(if text == "any" { Self::Any(name, rules) } else { Self::All(name, rules) })
            }
            _ => {
                let hint = expected(&text, known);
                Err(syn::Error::new(
                    name.span(),
                    format!(
                        "`{text}` is no access rule: a permission is written `\"order:read\"`; {hint}"
                    ),
                ))
            }
        }
    }
}

/// A word, as a rule begins with.
fn word(input: ParseStream<'_>) -> syn::Result<Ident> {
    Ident::parse_any(input).map_err(|_| {
        input.error("expected a rule: a permission `\"order:read\"`, `role = Admin`, `any(..)`, `all(..)`, `authenticated` or `public`")
    })
}

impl Parse for Rule {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Permission(input.parse()?));
        }
        let name = word(input)?;
        Self::after(name, input, &RULES)
    }
}

impl Entry {
    fn parse(input: ParseStream<'_>, known: &[&str]) -> syn::Result<Self> {
        if input.peek(LitStr) {
            return Ok(Self::Rule(input.parse()?));
        }
        let name = word(input)?;
        let text = name.to_string();
        if !["guard", "subscribe", "emit"].contains(&text.as_str()) {
            return Rule::after(name, input, known).map(Self::Rule);
        }
        if !known.contains(&text.as_str()) {
            let reason = if text == "guard" {
                "an event is given to many at once: nobody is asked about each. Only requests have a `guard`"
            } else {
                "a request is only sent: who may is one rule, `#[access(\"order:create\")]`"
            };
            return Err(syn::Error::new(name.span(), reason));
        }
        if !input.peek(Token![=]) {
            let value = if text == "guard" { "method" } else { "\"order:read\"" };
            return Err(syn::Error::new(name.span(), format!("write `{text} = {value}`")));
        }
        input.parse::<Token![=]>()?;
        Ok(match text.as_str() {
            "guard" if input.peek(LitStr) => {
                return Err(input.error("a guard is a method of the service: `guard = owns_order`"));
            }
            "guard" => Self::Guard(name, input.parse()?),
            "subscribe" => Self::Subscribe(name, input.parse()?),
            _ => Self::Emit(name, input.parse()?),
        })
    }
}

impl Access {
    /// What the attribute of a request says.
    pub(super) fn of_request(attr: &Attribute, errors: &Errors) -> Option<Self> {
        let mut guard = None;
        let mut rule = None;
        for entry in entries(attr, &OF_REQUESTS, errors)? {
            match entry {
                Entry::Rule(another) => only(&mut rule, another, errors),
                Entry::Guard(key, method) => once(&mut guard, key, method, errors),
                Entry::Subscribe(..) | Entry::Emit(..) => {}
            }
        }
        let Some(rule) = rule else {
            errors.at(attr, "say who may: a permission `\"order:create\"`, `role = Admin`, `any(..)`, `all(..)`, `authenticated` or `public`");
            return None;
        };
        Some(Self { attr: attr.clone(), rule, emit: None, guard: guard.map(|(_, method)| method) })
    }

    /// What the attribute of an event says.
    pub(super) fn of_event(attr: &Attribute, errors: &Errors) -> Option<Self> {
        let (mut rule, mut subscribe, mut emit) = (None, None, None);
        for entry in entries(attr, &OF_EVENTS, errors)? {
            match entry {
                Entry::Rule(another) => only(&mut rule, another, errors),
                Entry::Subscribe(key, rule) => once(&mut subscribe, key, rule, errors),
                Entry::Emit(key, rule) => once(&mut emit, key, rule, errors),
                Entry::Guard(..) => {}
            }
        }
        let (rule, emit) = match (rule, subscribe, emit) {
            (Some(rule), None, None) => (rule, None),
            (Some(_), Some((key, _)), _) | (Some(_), None, Some((key, _))) => {
                errors.at(
                    key,
                    "one rule is for both directions: write `subscribe = .., emit = ..`, or the rule alone",
                );
                return None;
            }
            (None, Some((_, subscribe)), Some((_, emit))) => (subscribe, Some(emit)),
            (None, Some((key, _)), None) => {
                errors.at(
                    key,
                    "this says who gets the event: say who may emit it as well, `emit = ..`",
                );
                return None;
            }
            (None, None, Some((key, _))) => {
                errors.at(
                    key,
                    "this says who may emit the event: say who gets it as well, `subscribe = ..`",
                );
                return None;
            }
            (None, None, None) => {
                errors.at(attr, "say who may: a permission `\"order:read\"`, `role = Admin`, `any(..)`, `all(..)`, `authenticated` or `public`");
                return None;
            }
        };
        Some(Self { attr: attr.clone(), rule, emit, guard: None })
    }

    /// Its rules.
    pub(crate) fn rules(&self) -> impl Iterator<Item = &Rule> {
        [Some(&self.rule), self.emit.as_ref()].into_iter().flatten()
    }
}

fn entries(attr: &Attribute, known: &[&str], errors: &Errors) -> Option<Vec<Entry>> {
    if let Meta::NameValue(pair) = &attr.meta {
        errors.at(&pair.value, "write `#[access(\"order:read\")]`");
        return None;
    }
    if let Meta::Path(_) = &attr.meta {
        return Some(Vec::new());
    }
    let parser = |input: ParseStream<'_>| {
        let mut entries = Vec::new();
        while !input.is_empty() {
            entries.push(Entry::parse(input, known)?);
            if !input.is_empty() {
                input.parse::<Token![,]>()?;
            }
        }
        Ok(entries)
    };
    keep(attr.parse_args_with(parser), errors)
}

/// Keeps the one rule.
fn only(place: &mut Option<Rule>, another: Rule, errors: &Errors) {
    if place.is_some() {
        let error = syn::Error::new(
            another.word(),
            "two rules: write `any(.., ..)` where one is enough, `all(.., ..)` where both are needed",
        );
        return errors.push(error);
    }
    *place = Some(another);
}

/// Keeps what a key says, once.
fn once<T>(place: &mut Option<(Ident, T)>, key: Ident, value: T, errors: &Errors) {
    match place {
        Some((first, _)) => {
            let message = format!("`{}` is here twice", key.to_token_stream());
            errors.at_both(key, message, &*first, "the first one");
        }
        None => *place = Some((key, value)),
    }
}
