//! Tokens to items. A contract is one module of ordinary items; each is parsed by itself, so that
//! one that does not parse hides no other.

mod item;

use proc_macro2::{Delimiter, Group, Span, TokenStream, TokenTree};
use syn::{
    AttrStyle, Attribute, Ident, Token, Visibility, braced,
    parse::{ParseStream, Parser},
    token::Brace,
};

pub(crate) use item::{Item, RequestFn};

use crate::errors::{Errors, after_last, keep};

/// A contract as it was written.
pub(crate) struct ParsedContract {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) mod_token: Token![mod],
    pub(crate) ident: Ident,
    pub(crate) brace: Brace,
    pub(crate) items: Vec<Item>,
}

/// What the macro is called with, before the contract.
pub(crate) struct Runtime {
    /// The path under which it is found.
    pub(crate) path: TokenStream,
    /// Whether it holds values to rules: `(path; validate)`.
    pub(crate) validates: bool,
}

/// The runtime, and the contract.
pub(crate) fn parse(input: TokenStream, errors: &Errors) -> Option<(Runtime, ParsedContract)> {
    let parser = |input: ParseStream<'_>| {
        let runtime: Group = input.parse()?;
        let mut path: Vec<TokenTree> = runtime.stream().into_iter().collect();
        let is_end = |token: &TokenTree| matches!(token, TokenTree::Punct(p) if p.as_char() == ';');
        let end = path.iter().position(is_end);
        path.truncate(end.unwrap_or(path.len()));
        let runtime = Runtime { path: path.into_iter().collect(), validates: end.is_some() };
        Ok((runtime, contract(input, errors)?))
    };
    keep(parser.parse2(input), errors)
}

fn contract(input: ParseStream<'_>, errors: &Errors) -> syn::Result<ParsedContract> {
    if input.is_empty() {
        return Err(syn::Error::new(
            Span::call_site(),
            "a contract is a module: write `#[contract(version = \"1.0.0\")] pub mod name { .. }`",
        ));
    }
    for inner in input.call(Attribute::parse_inner)? {
        errors.at(inner, "this stands above the contract: write `///`, or `#[..]`");
    }
    let attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    if !input.peek(Token![mod]) {
        return Err(input.error("a contract is a module: expected `mod`"));
    }
    let mod_token = input.parse()?;
    let ident: Ident = input.parse()?;
    if input.peek(Token![;]) {
        return Err(input.error("a contract is written in place: expected `{ .. }`"));
    }
    let content;
    let brace = braced!(content in input);
    let mut attrs = attrs;
    // What is said inside is said of the module, like what is said above it.
    let inner = content.call(Attribute::parse_inner)?;
    attrs.extend(inner.into_iter().map(|attr| Attribute { style: AttrStyle::Outer, ..attr }));
    let items = items(&content, errors)?;
    if !input.is_empty() {
        let rest: TokenStream = input.parse()?;
        errors.at(rest, "a contract is one module: put this into a `contract!` of its own");
    }
    Ok(ParsedContract { attrs, vis, mod_token, ident, brace, items })
}

fn items(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        if let Some(semicolon) = input.parse::<Option<Token![;]>>()? {
            errors.at(semicolon, "take this `;` out");
            continue;
        }
        let (tokens, unfinished) = one_item(input)?;
        let parsed = syn::parse2::<Item>(tokens).map_err(|error| match unfinished {
            Some(last) => after_last(error, last),
            None => error,
        });
        items.extend(keep(parsed, errors));
    }
    Ok(items)
}

/// The tokens up to where an item ends, whatever is wrong in it: a semicolon, a brace, or where the
/// next one visibly begins. An item that does not end as it should comes with its last token.
fn one_item(input: ParseStream<'_>) -> syn::Result<(TokenStream, Option<TokenTree>)> {
    let mut tokens = TokenStream::new();
    let mut last = None;
    // Which kind of item it is, once that is known.
    let mut keyword = None;
    while !input.is_empty() {
        if keyword.is_some() && begins_an_item(input) {
            break;
        }
        let token: TokenTree = input.parse()?;
        tokens.extend([token.clone()]);
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ';' => return Ok((tokens, None)),
            // `use a::{b, c};` goes on after its brace.
            TokenTree::Group(group)
                if group.delimiter() == Delimiter::Brace && keyword.as_deref() != Some("use") =>
            {
                return Ok((tokens, None));
            }
            TokenTree::Ident(ident) if keyword.is_none() => {
                let ident = ident.to_string();
                keyword = ["use", "struct", "enum", "type", "fn"]
                    .contains(&ident.as_str())
                    .then_some(ident);
            }
            _ => {}
        }
        last = Some(token);
    }
    Ok((tokens, last))
}

/// What cannot stand inside an item, outside of its braces.
fn begins_an_item(input: ParseStream<'_>) -> bool {
    input.peek(Token![#])
        || input.peek(Token![pub])
        || input.peek(Token![use])
        || input.peek(Token![struct])
        || input.peek(Token![enum])
        || input.peek(Token![type])
        || input.peek(Token![async])
}
