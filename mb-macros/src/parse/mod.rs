//! Tokens to items. A contract is one module of ordinary items; each is parsed by itself, so that
//! one that does not parse hides no other.

mod item;

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use syn::{
    Attribute, Ident, Token, Visibility, braced,
    parse::{ParseStream, Parser},
};

pub(crate) use item::{Item, RequestFn};

use crate::errors::{Errors, after_last, keep};

/// A contract as it was written.
pub(crate) struct ParsedContract {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) ident: Ident,
    pub(crate) items: Vec<Item>,
}

/// The path of the runtime, and the contract.
pub(crate) fn parse(input: TokenStream, errors: &Errors) -> Option<(TokenStream, ParsedContract)> {
    let parser = |input: ParseStream<'_>| {
        let runtime: Group = input.parse()?;
        let contract = contract(input, errors)?;
        Ok((runtime.stream(), contract))
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
    let attrs = input.call(Attribute::parse_outer)?;
    let vis: Visibility = input.parse()?;
    if !input.peek(Token![mod]) {
        return Err(input.error("a contract is a module: expected `mod`"));
    }
    input.parse::<Token![mod]>()?;
    let ident: Ident = input.parse()?;
    if input.peek(Token![;]) {
        return Err(input.error("a contract is written in place: expected `{ .. }`"));
    }
    let content;
    braced!(content in input);
    let mut attrs = attrs;
    attrs.extend(content.call(Attribute::parse_inner)?);
    let items = items(&content, errors)?;
    if !input.is_empty() {
        let rest: TokenStream = input.parse()?;
        errors.at(rest, "a contract is one module: put this into a `contract!` of its own");
    }
    Ok(ParsedContract { attrs, vis, ident, items })
}

fn items(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Vec<Item>> {
    let mut items = Vec::new();
    while !input.is_empty() {
        let tokens = one_item(input)?;
        let last = tokens.clone().into_iter().last();
        let parsed = syn::parse2::<Item>(tokens).map_err(|error| after_last(error, last));
        items.extend(keep(parsed, errors));
    }
    Ok(items)
}

/// The tokens up to where an item ends, whatever is wrong in it: a semicolon, or a brace that is
/// not followed by one.
fn one_item(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = Vec::new();
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => {
                // `use a::{b, c};` goes on after its brace.
                group.delimiter() == proc_macro2::Delimiter::Brace && !input.peek(Token![;])
            }
            TokenTree::Ident(_) | TokenTree::Literal(_) => false,
        };
        tokens.push(token);
        if ends {
            break;
        }
    }
    Ok(tokens.into_iter().collect())
}
