//! `#[garde(..)]`: rules on values, in garde's own words. Read here instead of by garde's derive, which
//! knows neither the names on the wire nor how the runtime is called: docs/decisions/0014.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Expr, ExprLit, Ident, Lit, LitStr, Meta, Token,
    ext::IdentExt,
    parenthesized,
    parse::{ParseStream, Parser},
};

use crate::errors::{Errors, expected, keep};

/// All rules of a field, in the order in which garde lists them.
const RULES: [&str; 18] = [
    "skip",
    "dive",
    "required",
    "ascii",
    "alphanumeric",
    "email",
    "url",
    "ip",
    "ipv4",
    "ipv6",
    "length",
    "range",
    "contains",
    "prefix",
    "suffix",
    "pattern",
    "matches",
    "custom",
];

/// What rules are put together by.
const GROUPS: [&str; 2] = ["inner", "if"];

/// How a length is counted.
const MODES: [&str; 5] = ["simple", "bytes", "chars", "graphemes", "utf16"];

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
        if let Some(Some(rule)) = keep(parser.parse2(part), errors) {
            field.rules.push(rule);
        }
    }
    if let (Some(skip), true) = (&field.skip, field.is_anything()) {
        errors
            .at(skip, "`skip` says that nothing is checked here: take it out, or the other rules");
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
        keep(parser.parse2(part), errors)
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

/// One rule; nothing where it is about the field as such, which then is noted in it.
fn rule(
    input: ParseStream<'_>,
    field: Option<&mut FieldRules>,
    errors: &Errors,
) -> syn::Result<Option<Rule>> {
    if input.peek(Lit) {
        return Err(input.error("a rule has a name: write `contains(\"..\")`"));
    }
    let word = input.call(Ident::parse_any)?;
    let own = |path, arguments| Ok(Some(Rule::Own { word: word.clone(), path, arguments }));
    match (word.to_string().as_str(), field) {
        ("skip", Some(field)) => Ok(note(&mut field.skip, &word, errors)),
        ("dive", Some(field)) => Ok(note(&mut field.dive, &word, errors)),
        ("skip" | "dive", None) => {
            Err(syn::Error::new(word.span(), format!("`{word}` is said of a field as a whole")))
        }
        ("required", _) => own(&["required"], Arguments::None),
        ("ascii", _) => own(&["ascii"], Arguments::None),
        ("alphanumeric", _) => own(&["alphanumeric"], Arguments::None),
        ("email", _) => own(&["email"], Arguments::None),
        ("url", _) => own(&["url"], Arguments::None),
        ("ip", _) => own(&["ip"], Arguments::Ip("Any")),
        ("ipv4", _) => own(&["ip"], Arguments::Ip("V4")),
        ("ipv6", _) => own(&["ip"], Arguments::Ip("V6")),
        ("length", _) => {
            let (mode, bounds) = bounds(input, &word, &MODES)?;
            let path: &[&str] = match mode.as_deref() {
                Some("bytes") => &["length", "bytes"],
                Some("chars") => &["length", "chars"],
                Some("graphemes") => &["length", "graphemes"],
                Some("utf16") => &["length", "utf16"],
                _ => &["length", "simple"],
            };
            own(path, Arguments::Length(bounds))
        }
        ("range", _) => own(&["range"], Arguments::Range(bounds(input, &word, &[])?.1)),
        ("contains", _) => own(&["contains"], Arguments::Text(argument(input, &word, "\"..\"")?)),
        ("prefix", _) => own(&["prefix"], Arguments::Text(argument(input, &word, "\"..\"")?)),
        ("suffix", _) => own(&["suffix"], Arguments::Text(argument(input, &word, "\"..\"")?)),
        ("pattern", _) => {
            let pattern = argument(input, &word, "\"..\"")?;
            if let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &pattern {
                check_pattern(text)?;
            }
            own(&["pattern"], Arguments::Pattern(Box::new(pattern)))
        }
        ("matches", _) => {
            let content = inside(input, &word, "field")?;
            let field = syn::parse2(content).map_err(|_| {
                syn::Error::new(word.span(), "`matches` takes a field: write `matches(field)`")
            })?;
            own(&["matches"], Arguments::Field(field))
        }
        ("custom", _) => {
            let check = argument(input, &word, "function")?;
            Ok(Some(Rule::Custom { word, check }))
        }
        ("inner", _) => {
            let rules = group(inside(input, &word, "length(min = 1)")?, errors)?;
            Ok(Some(Rule::Inner { word, rules }))
        }
        ("if", _) => condition(inside(input, &word, "cond = .., length(min = 1)")?, &word, errors),
        (other, _) => {
            input.parse::<TokenStream>()?;
            let known: Vec<&str> = RULES.into_iter().chain(GROUPS).collect();
            let hint = expected(other, &known);
            Err(syn::Error::new(word.span(), format!("unknown rule `{other}`: {hint}")))
        }
    }
}

fn note(place: &mut Option<Ident>, word: &Ident, errors: &Errors) -> Option<Rule> {
    match place {
        Some(first) => {
            errors.at_both(word, format!("`{word}` is here twice"), first, "the first one")
        }
        None => *place = Some(word.clone()),
    }
    None
}

/// What is in the parentheses of a rule.
fn inside(input: ParseStream<'_>, word: &Ident, example: &str) -> syn::Result<TokenStream> {
    let read = || {
        let content;
        parenthesized!(content in input);
        content.parse::<TokenStream>()
    };
    let content = read().ok().filter(|content| !content.is_empty() && input.is_empty());
    content.ok_or_else(|| {
        let _ = input.parse::<TokenStream>();
        syn::Error::new(word.span(), format!("write `{word}({example})`"))
    })
}

/// A rule with one argument.
fn argument(input: ParseStream<'_>, word: &Ident, example: &str) -> syn::Result<Expr> {
    syn::parse2(inside(input, word, example)?)
}

/// Rules of rules.
fn group(content: TokenStream, errors: &Errors) -> syn::Result<Vec<Rule>> {
    let parse = |part| (|input: ParseStream<'_>| rule(input, None, errors)).parse2(part);
    let parsed = split(content).into_iter().filter_map(|part| keep(parse(part), errors));
    Ok(parsed.flatten().collect())
}

fn condition(content: TokenStream, word: &Ident, errors: &Errors) -> syn::Result<Option<Rule>> {
    let (mut found, mut rules) = (None, TokenStream::new());
    for part in split(content) {
        let parser = |input: ParseStream<'_>| {
            if !(input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]))
            {
                return input.parse::<TokenStream>().map(Err);
            }
            input.call(Ident::parse_any)?;
            input.parse::<Token![=]>()?;
            input.parse::<Expr>().map(Ok)
        };
        match parser.parse2(part)? {
            Ok(condition) => found = Some(condition),
            Err(rule) => rules.extend(rule.into_iter().chain(quote::quote!(,))),
        }
    }
    let rules = group(rules, errors)?;
    match found {
        Some(condition) if !rules.is_empty() => Ok(Some(Rule::If { condition, rules })),
        _ => {
            let text = "write `if(cond = .., length(min = 1))`: a condition, and rules";
            Err(syn::Error::new(word.span(), text))
        }
    }
}

/// `min = 1, max = 9`, or `equal = 5`, and how it is counted.
fn bounds(
    input: ParseStream<'_>,
    word: &Ident,
    modes: &[&str],
) -> syn::Result<(Option<String>, Bounds)> {
    let known: Vec<&str> =
        ["min", "max", "equal"].into_iter().chain(modes.iter().copied()).collect();
    let mut bounds = Bounds::default();
    let (mut mode, mut equal): (Option<String>, Option<Ident>) = (None, None);
    let content = inside(input, word, "min = 1")?;
    for part in split(content) {
        let parser = |input: ParseStream<'_>| {
            let key = input.call(Ident::parse_any)?;
            let name = key.to_string();
            if !known.contains(&name.as_str()) {
                input.parse::<TokenStream>()?;
                let hint = expected(&name, &known);
                return Err(syn::Error::new(key.span(), format!("unknown key `{name}`: {hint}")));
            }
            if modes.contains(&name.as_str()) {
                mode = Some(name);
                return Ok(());
            }
            if !input.peek(Token![=]) {
                input.parse::<TokenStream>()?;
                let text = format!("`{name}` is a number: `{name} = 1`");
                return Err(syn::Error::new(key.span(), text));
            }
            input.parse::<Token![=]>()?;
            let value: Expr = input.parse()?;
            match name.as_str() {
                "min" => bounds.min = Some(value),
                "max" => bounds.max = Some(value),
                _ => {
                    bounds.min = Some(value.clone());
                    bounds.max = Some(value);
                    equal = Some(key);
                }
            }
            Ok(())
        };
        parser.parse2(part)?;
    }
    if let (Some(min), Some(max)) = (number(&bounds.min), number(&bounds.max))
        && min > max
    {
        let text = format!("nothing is at least {min} and at most {max}");
        return Err(syn::Error::new_spanned(&bounds.min, text));
    }
    if bounds.min.is_none() && bounds.max.is_none() {
        let text =
            format!("`{word}` has a bound: write `{word}(min = 1)`, `max = ..` or `equal = ..`");
        return Err(syn::Error::new(word.span(), text));
    }
    Ok((mode, bounds))
}

/// A bound that is written as a number.
fn number(bound: &Option<Expr>) -> Option<i128> {
    bound.to_token_stream().to_string().replace([' ', '_'], "").parse().ok()
}

/// A pattern that is none is told here, not when the first value is held against it.
fn check_pattern(text: &LitStr) -> syn::Result<()> {
    #[cfg(feature = "validate")]
    if let Err(error) = regex::Regex::new(&text.value()) {
        let reason = error.to_string();
        let reason = reason.lines().last().unwrap_or_default();
        let reason = reason.strip_prefix("error: ").unwrap_or(reason);
        return Err(syn::Error::new(text.span(), format!("this is no pattern: {reason}")));
    }
    let _ = text;
    Ok(())
}
