//! One rule, as it is written.

use proc_macro2::TokenStream;
use syn::{
    Expr, ExprLit, Ident, Lit, LitStr, Token, ext::IdentExt, parenthesized, parse::ParseStream,
};

use super::{Arguments, FieldRules, Rule, bounds::bounds, split, whole_part};
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

/// Those that say all by their name.
const ALONE: [&str; 10] =
    ["skip", "dive", "required", "ascii", "alphanumeric", "email", "url", "ip", "ipv4", "ipv6"];

/// What rules are put together by.
const GROUPS: [&str; 2] = ["inner", "if"];

/// How a length is counted.
const MODES: [&str; 5] = ["simple", "bytes", "chars", "graphemes", "utf16"];

/// One rule; nothing where it is about the field as such, which then is noted in it.
pub(super) fn rule(
    input: ParseStream<'_>,
    field: Option<&mut FieldRules>,
    errors: &Errors,
) -> syn::Result<Option<Rule>> {
    if input.peek(Lit) {
        return Err(input.error("a rule has a name: write `contains(\"..\")`"));
    }
    let word = input.call(Ident::parse_any)?;
    let own = |path, arguments| Ok(Some(Rule::Own { word: word.clone(), path, arguments }));
    if ALONE.contains(&word.to_string().as_str()) && !input.is_empty() {
        input.parse::<TokenStream>()?;
        return Err(syn::Error::new(
            word.span(),
            format!("`{word}` says all there is to say: take what follows it out"),
        ));
    }
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
pub(super) fn inside(
    input: ParseStream<'_>,
    word: &Ident,
    example: &str,
) -> syn::Result<TokenStream> {
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
pub(super) fn argument(input: ParseStream<'_>, word: &Ident, example: &str) -> syn::Result<Expr> {
    syn::parse2(inside(input, word, example)?)
}

/// Rules of rules.
fn group(content: TokenStream, errors: &Errors) -> syn::Result<Vec<Rule>> {
    let parse = |part| whole_part(|input: ParseStream<'_>| rule(input, None, errors), part);
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
        match whole_part(parser, part)? {
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
