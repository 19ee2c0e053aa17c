//! `#[garde(..)]`: rules on values, in garde's own words. Read here instead of by garde's derive, which
//! knows neither the names on the wire nor how the runtime is called: docs/decisions/0014.
//!
//! - `read`: one rule.
//! - `bounds`: from where to where.

mod bounds;
mod read;

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Expr, Ident, Meta,
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use self::read::{argument, rule};
use crate::errors::{Errors, after_last, keep};

/// What is said of a field.
#[derive(Default)]
pub(crate) struct FieldRules {
    pub(crate) rules: Vec<Rule>,
    /// The rules of its own type hold.
    pub(crate) dive: Option<Ident>,
    /// Nothing is to be checked.
    pub(crate) skip: Option<Ident>,
}

impl FieldRules {
    /// Whether there is anything to be checked.
    pub(crate) fn is_anything(&self) -> bool {
        !self.rules.is_empty() || self.dive.is_some()
    }
}

/// One rule.
pub(crate) enum Rule {
    /// One of garde's: the word, and the modules in which its function is.
    Own { word: Ident, path: &'static [&'static str], arguments: Arguments },
    /// One of the user's: a function of the value.
    Custom { word: Ident, check: Expr },
    /// Rules of each of what the value holds.
    Inner { word: Ident, rules: Vec<Rule> },
    /// Rules that hold under a condition.
    If { condition: Expr, rules: Vec<Rule> },
}

/// What a rule of garde's is given.
pub(crate) enum Arguments {
    None,
    /// Which kind of address.
    Ip(&'static str),
    Length(Bounds),
    Range(Bounds),
    Text(Expr),
    Pattern(Box<Expr>),
    /// Another field.
    Field(Ident),
}

/// From where to where, both included.
#[derive(Default)]
pub(crate) struct Bounds {
    pub(crate) min: Option<Expr>,
    pub(crate) max: Option<Expr>,
}

/// Whether this is a rule.
pub(crate) fn is_garde(attr: &Attribute) -> bool {
    attr.path().is_ident("garde")
}

/// What is said of a field. Mistakes are reported, and left out.
pub(crate) fn of_field(attrs: &[Attribute], errors: &Errors) -> FieldRules {
    let mut field = FieldRules::default();
    for part in attrs.iter().flat_map(|attr| parts(attr, errors)) {
        let parser = |input: ParseStream<'_>| rule(input, Some(&mut field), errors);
        if let Some(Some(rule)) = keep(whole_part(parser, part), errors) {
            field.rules.push(rule);
        }
    }
    if let (Some(skip), true) = (&field.skip, field.is_anything()) {
        errors
            .at(skip, "`skip` says that nothing is checked here: take it out, or the other rules");
        (field.rules, field.dive) = (Vec::new(), None);
    }
    if let Some(dive) = &field.dive {
        field.rules.retain(|rule| {
            let Rule::Inner { word, .. } = rule else { return true };
            let text =
                "`dive` has the rules of what is inside checked: take `inner` out, or `dive`";
            errors.at_both(word, text, dive, "this is the other");
            false
        });
    }
    field
}

/// What is said of a struct, an enum or a request as a whole: functions of the user's.
pub(crate) fn of_whole(attrs: &[Attribute], errors: &Errors) -> Vec<Expr> {
    let parts = attrs.iter().flat_map(|attr| parts(attr, errors));
    let check = |part: TokenStream| {
        let parser = |input: ParseStream<'_>| {
            let word = input.call(Ident::parse_any)?;
            if word == "custom" {
                return argument(input, &word, "function");
            }
            let text =
                "of the whole, `custom(function)` can be said: any other rule belongs to a field";
            input.parse::<TokenStream>()?;
            Err(syn::Error::new(word.span(), text))
        };
        keep(whole_part(parser, part), errors)
    };
    parts.filter_map(check).collect()
}

/// The rules of one attribute, each by itself: one that is wrong hides no other.
fn parts(attr: &Attribute, errors: &Errors) -> Vec<TokenStream> {
    if !is_garde(attr) {
        return Vec::new();
    }
    let Meta::List(list) = &attr.meta else {
        errors.at(attr, "rules are written `#[garde(length(min = 1), ascii)]`");
        return Vec::new();
    };
    if list.tokens.is_empty() {
        errors.at(attr, "there is no rule in this: write `#[garde(length(min = 1))]`");
    }
    split(list.tokens.clone())
}

/// What stands between commas.
fn split(tokens: TokenStream) -> Vec<TokenStream> {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ',');
    let tokens: Vec<TokenTree> = tokens.into_iter().collect();
    let parts = tokens.split(is_comma).filter(|part| !part.is_empty());
    parts.map(|part| part.iter().cloned().collect()).collect()
}

/// Parses all of a part. Where something is missing at its end, its last token is where that is said.
fn whole_part<T>(parser: impl Parser<Output = T>, part: TokenStream) -> syn::Result<T> {
    let last = part.clone().into_iter().last();
    parser.parse2(part).map_err(|error| match last {
        Some(last) => after_last(error, last),
        None => error,
    })
}
