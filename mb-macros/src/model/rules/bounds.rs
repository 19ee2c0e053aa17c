//! From where to where: of a length, or of a number.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Expr, Ident, Token, ext::IdentExt, parse::ParseStream};

use super::{Bounds, read::inside, split, whole_part};
use crate::errors::expected;

/// `min = 1, max = 9`, or `equal = 5`, and how it is counted.
pub(super) fn bounds(
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
        whole_part(parser, part)?;
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
