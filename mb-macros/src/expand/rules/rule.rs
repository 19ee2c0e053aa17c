//! One rule: a call of garde's, or of the user's, and who may be told what it says.

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::Expr;

use super::super::{Scope, at};
use crate::model::{Arguments, Bounds, ValueRule};

/// A field: its name, what holds its value, and its place.
pub(super) type Bound = (String, Ident, String);

/// What holds a value to a rule.
pub(super) fn code(
    scope: &Scope<'_>,
    rule: &ValueRule,
    value: &Ident,
    bound: &[Bound],
) -> TokenStream {
    match rule {
        ValueRule::Own { word, path, arguments } => {
            let (at, rt) = (at(word), scope.rt_at(word));
            let value = Ident::new(&value.to_string(), at);
            let path = path.iter().map(|part| Ident::new(part, at));
            let Some((arguments, quotes)) = given(arguments, at, &rt, bound) else {
                return TokenStream::new();
            };
            let say = Ident::new(if quotes { "quoting_others" } else { "rule" }, at);
            // By a name of its own: what the compiler says of the call, it says at the word.
            quote_spanned! {at=> {
                use #rt::garde::rules::#(#path::)*apply as __rule;
                __at.#say(__rule(#value, #arguments));
            }}
        }
        ValueRule::Custom { word, check } => {
            let value = Ident::new(&value.to_string(), at(word));
            let quotes = mentions_self(check.to_token_stream());
            let say = Ident::new(if quotes { "quoting_others" } else { "quoting" }, at(word));
            let check = in_method(check);
            quote_spanned!(at(word)=> __at.#say((#check)(#value, &()));)
        }
        ValueRule::Inner { word, rules } => {
            let item = format_ident!("__item");
            let rules = rules.iter().map(|rule| code(scope, rule, &item, bound));
            quote_spanned!(at(word)=> __at.inner(#value, |__at, #item| { #(#rules)* });)
        }
        ValueRule::If { condition, rules } => {
            let rules = rules.iter().map(|rule| code(scope, rule, value, bound));
            let condition = in_method(condition);
            quote!(if #condition { #(#rules)* })
        }
    }
}

/// What a rule of garde's is given, and whether that may hold what is beside the value. Nothing where it names a
/// field that is not there, which has been reported.
fn given(
    arguments: &Arguments,
    at: Span,
    rt: &TokenStream,
    bound: &[Bound],
) -> Option<(TokenStream, bool)> {
    let quotes = |expr: &Expr| mentions_self(expr.to_token_stream());
    let some = |expr: &Option<Expr>| match expr.as_ref().map(in_method) {
        Some(expr) => quote_spanned!(at=> ::core::option::Option::Some(#expr)),
        None => quote_spanned!(at=> ::core::option::Option::None),
    };
    Some(match arguments {
        Arguments::None => (quote_spanned!(at=> ()), false),
        Arguments::Ip(kind) => {
            let kind = Ident::new(kind, at);
            (quote_spanned!(at=> (#rt::garde::rules::ip::IpKind::#kind,)), false)
        }
        Arguments::Length(Bounds { min, max }) => {
            let quotes = [min, max].into_iter().flatten().any(quotes);
            let min = min.as_ref().map_or(quote!(0), in_method);
            let most = || quote!(::core::primitive::usize::MAX);
            let max = max.as_ref().map_or_else(most, in_method);
            (quote_spanned!(at=> (#min, #max)), quotes)
        }
        Arguments::Range(Bounds { min, max }) => {
            let quotes = [min, max].into_iter().flatten().any(quotes);
            let (min, max) = (some(min), some(max));
            (quote_spanned!(at=> (#min, #max)), quotes)
        }
        Arguments::Text(text) => {
            let said = in_method(text);
            (quote_spanned!(at=> (&#said,)), quotes(text))
        }
        Arguments::Pattern(pattern) => match &**pattern {
            Expr::Lit(text) => {
                let pattern = quote_spanned! {at=> {
                    static PATTERN: #rt::garde::rules::pattern::regex::StaticPattern =
                        #rt::garde::rules::pattern::regex::init_pattern!(#text);
                    (&PATTERN,)
                }};
                (pattern, false)
            }
            pattern => {
                let said = in_method(pattern);
                (quote_spanned!(at=> (&#said,)), quotes(pattern))
            }
        },
        Arguments::Field(other) => {
            let found = bound.iter().find(|(name, ..)| other == name);
            let (_, other, place) = found?;
            // `Named("orderId")`, as a person reads it.
            let name = place.split('"').nth(1).unwrap_or_default();
            (quote_spanned!(at=> (#name, #other)), false)
        }
    })
}

/// Fields that rules name.
pub(super) fn fields_named(rules: &[ValueRule]) -> Vec<String> {
    let named = rules.iter().flat_map(|rule| match rule {
        ValueRule::Own { arguments: Arguments::Field(other), .. } => vec![other.to_string()],
        ValueRule::Inner { rules, .. } | ValueRule::If { rules, .. } => fields_named(rules),
        _ => Vec::new(),
    });
    named.collect()
}

/// An expression of the user's in a method that is not: its `self` is that method's.
fn in_method(expr: &Expr) -> TokenStream {
    fn in_tokens(tokens: TokenStream) -> TokenStream {
        let ours = |token| match token {
            TokenTree::Ident(word) if word == "self" => {
                TokenTree::Ident(Ident::new("self", at(&word)))
            }
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), in_tokens(group.stream()));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            token => token,
        };
        tokens.into_iter().map(ours).collect()
    }
    in_tokens(expr.to_token_stream())
}

/// What mentions the other fields may quote them.
fn mentions_self(expr: TokenStream) -> bool {
    has_word(expr, "self")
}

pub(super) fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
}
