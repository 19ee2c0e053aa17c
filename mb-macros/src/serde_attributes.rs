//! What the user derives, and tells serde, as far as it decides what things are called and how they look on the
//! wire. What serde does not understand, serde reports.

use proc_macro2::{TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Expr, Ident, LitStr, Path, Token, meta::ParseNestedMeta, punctuated::Punctuated,
};

use crate::names;

/// The traits that the user derives, by the last part of their paths.
pub(crate) fn derived(attrs: &[Attribute]) -> Vec<String> {
    let lists = attrs.iter().filter(|attr| attr.path().is_ident("derive")).filter_map(|attr| {
        attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated).ok()
    });
    let last = |path: Path| path.segments.last().map(|segment| segment.ident.to_string());
    lists.flatten().filter_map(last).collect()
}

/// The keys that are given: `rename_all`.
pub(crate) fn keys(attrs: &[Attribute]) -> Vec<String> {
    let mut keys = Vec::new();
    visit(attrs, |meta, _| keys.extend(meta.path.get_ident().map(ToString::to_string)));
    keys
}

/// Whether a key is given.
pub(crate) fn has_key(attrs: &[Attribute], key: &str) -> bool {
    keys(attrs).iter().any(|given| given == key)
}

/// The texts that a key is given: one, or one for each direction, or one for each of its uses.
struct Texts {
    texts: Vec<String>,
    /// Whether it is said of one direction only: in the other the default holds.
    one_way: bool,
}

impl Texts {
    fn of(attrs: &[Attribute], key: &str) -> Self {
        let mut all = Self { texts: Vec::new(), one_way: false };
        visit(attrs, |meta, value| {
            if meta.path.is_ident(key) {
                let before = all.texts.len();
                collect_texts(value.clone(), &mut all.texts);
                let by_direction = matches!(value.into_iter().next(), Some(TokenTree::Ident(_)));
                all.one_way |= by_direction && all.texts.len() - before < 2;
            }
        });
        all
    }
}

/// How the fields of something are called where they do not say so themselves.
#[derive(Clone)]
pub(crate) struct Naming(Vec<String>);

impl Naming {
    /// As these attributes say by `key`, or else in camelCase as everything in a contract.
    pub(crate) fn of(attrs: &[Attribute], key: &str) -> Self {
        let Texts { mut texts, one_way } = Texts::of(attrs, key);
        if one_way {
            texts.push("snake_case".to_owned());
        }
        Self(texts)
    }

    /// This one, or the outer one where nothing is said closer by.
    pub(crate) fn or(self, outer: &Self) -> Self {
        if self.0.is_empty() { outer.clone() } else { self }
    }

    /// Every name that a field has on the wire, and every one by which it is also taken.
    pub(crate) fn field(&self, ident: &Ident, attrs: &[Attribute]) -> Vec<String> {
        let Texts { texts: mut all, one_way } = Texts::of(attrs, "rename");
        if one_way || all.is_empty() {
            let camel = self.0.is_empty().then(|| names::field(ident));
            all.extend(self.0.iter().map(|style| styled(ident, style)).chain(camel));
        }
        all.extend(Texts::of(attrs, "alias").texts);
        all
    }
}

/// A field's name as serde has it under `rename_all`.
fn styled(ident: &Ident, style: &str) -> String {
    let name = names::text(ident);
    match style {
        "UPPERCASE" | "SCREAMING_SNAKE_CASE" => name.to_ascii_uppercase(),
        "kebab-case" => name.replace('_', "-"),
        "SCREAMING-KEBAB-CASE" => name.to_ascii_uppercase().replace('_', "-"),
        "camelCase" => names::field(ident),
        "PascalCase" => {
            let camel = names::field(ident);
            let mut letters = camel.chars();
            letters
                .next()
                .map(|first| first.to_ascii_uppercase())
                .into_iter()
                .chain(letters)
                .collect()
        }
        // `snake_case`, and `lowercase`, as which serde takes a field to be already.
        _ => name,
    }
}

/// Calls `seen` for each key, with the tokens of its value.
fn visit(attrs: &[Attribute], mut seen: impl FnMut(&ParseNestedMeta<'_>, TokenStream)) {
    for attr in attrs.iter().filter(|attr| attr.path().is_ident("serde")) {
        let _ = attr.parse_nested_meta(|meta| {
            let value = if meta.input.peek(Token![=]) {
                meta.value()?.parse::<Expr>()?.to_token_stream()
            } else if meta.input.peek(syn::token::Paren) {
                meta.input.parse::<proc_macro2::Group>()?.stream()
            } else {
                TokenStream::new()
            };
            seen(&meta, value);
            Ok(())
        });
    }
}

fn collect_texts(value: TokenStream, texts: &mut Vec<String>) {
    for token in value {
        match token {
            TokenTree::Group(group) => collect_texts(group.stream(), texts),
            literal => texts.extend(
                syn::parse2::<LitStr>(literal.into_token_stream()).ok().map(|text| text.value()),
            ),
        }
    }
}
