//! Names of the contract's module, as the module `requests` inside it says them.
//!
//! There, a payload hides whatever has its name outside: `create_order(order: CreateOrder)` takes
//! the contract's type, `string(text: String)` the prelude's. And `self` and `super` are one module
//! further away.

use std::collections::HashSet;

use proc_macro2::{Group, Literal, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{
    Attribute, Ident, LitStr, Meta, Path, Token, Type, TypePath, UseTree, parse_quote_spanned,
    visit_mut::{self, VisitMut},
};

use crate::{model::Contract, names};

/// What the prelude has, where the contract itself declares or imports nothing of that name.
const PRELUDE: [(&str, &str); 5] = [
    ("String", "::std::string::String"),
    ("Vec", "::std::vec::Vec"),
    ("Box", "::std::boxed::Box"),
    ("Option", "::core::option::Option"),
    ("Result", "::core::result::Result"),
];

pub(super) struct Outwards<'a> {
    payloads: &'a [&'a Ident],
    /// What the contract declares or imports by name.
    declared: HashSet<String>,
}

impl<'a> Outwards<'a> {
    pub(super) fn new(contract: &Contract, payloads: &'a [&'a Ident]) -> Self {
        let mut declared = HashSet::new();
        declared.extend(contract.types.iter().map(|item| names::text(item.ident())));
        declared.extend(contract.events.iter().map(|event| names::text(&event.item.ident)));
        declared.extend(contract.errors.iter().map(|error| names::text(&error.ident)));
        for item in &contract.uses {
            imported(&item.tree, &mut declared);
        }
        Self { payloads, declared }
    }

    pub(super) fn ty(&self, ty: &Type) -> Type {
        let mut ty = ty.clone();
        Rewrite(self).visit_type_mut(&mut ty);
        ty
    }

    /// serde takes paths as text: `#[serde(default = "super::one")]`.
    pub(super) fn attributes(&self, attrs: &[Attribute]) -> Vec<Attribute> {
        let rewrite = |attr: &Attribute| {
            let mut attr = attr.clone();
            if let Meta::List(list) = &mut attr.meta
                && list.path.is_ident("serde")
            {
                list.tokens = texts(std::mem::take(&mut list.tokens));
            }
            attr
        };
        attrs.iter().map(rewrite).collect()
    }

    /// Rewrites a path, and says whether it has one segment more than before.
    fn rewrite(&self, path: &mut Path) -> bool {
        if path.leading_colon.is_some() {
            return false;
        }
        let Some(first) = path.segments.first_mut() else { return false };
        let (name, span) = (names::text(&first.ident), first.ident.span());
        let outer = Ident::from(Token![super](span));
        if name == "self" {
            first.ident = outer;
            return false;
        }
        if name != "super" && !self.payloads.iter().any(|payload| **payload == first.ident) {
            return false;
        }
        let prelude = PRELUDE.iter().find(|(known, _)| *known == name);
        match prelude.filter(|_| !self.declared.contains(&name)) {
            Some((_, absolute)) => {
                let arguments = std::mem::take(&mut first.arguments);
                let absolute: TokenStream = absolute.parse().unwrap_or_default();
                let mut absolute: Path = parse_quote_spanned!(span=> #absolute);
                if let Some(last) = absolute.segments.last_mut() {
                    last.arguments = arguments;
                }
                *path = absolute;
                false
            }
            None => {
                path.segments.insert(0, outer.into());
                true
            }
        }
    }
}

struct Rewrite<'a, 'b>(&'a Outwards<'b>);

impl VisitMut for Rewrite<'_, '_> {
    fn visit_path_mut(&mut self, path: &mut Path) {
        visit_mut::visit_path_mut(self, path);
        self.0.rewrite(path);
    }

    fn visit_type_path_mut(&mut self, ty: &mut TypePath) {
        let Some(qself) = &mut ty.qself else {
            return visit_mut::visit_type_path_mut(self, ty);
        };
        // `<T as Trait>::Name`: how many segments belong to the trait is counted.
        self.visit_type_mut(&mut qself.ty);
        for segment in &mut ty.path.segments {
            self.visit_path_arguments_mut(&mut segment.arguments);
        }
        if qself.position > 0 && self.0.rewrite(&mut ty.path) {
            qself.position += 1;
        }
    }
}

/// The names that an import brings in, globs apart.
fn imported(tree: &UseTree, found: &mut HashSet<String>) {
    match tree {
        UseTree::Path(path) => imported(&path.tree, found),
        UseTree::Name(name) => {
            found.insert(names::text(&name.ident));
        }
        UseTree::Rename(rename) => {
            found.insert(names::text(&rename.rename));
        }
        UseTree::Group(group) => group.items.iter().for_each(|tree| imported(tree, found)),
        UseTree::Glob(_) => {}
    }
}

/// The keys whose texts serde reads as paths.
const PATHS: [&str; 10] = [
    "default",
    "with",
    "serialize_with",
    "deserialize_with",
    "skip_serializing_if",
    "getter",
    "from",
    "try_from",
    "into",
    "remote",
];

/// Tokens whose texts that are relative paths say them from one module further inside.
fn texts(tokens: TokenStream) -> TokenStream {
    let mut is_path = false;
    tokens
        .into_iter()
        .map(|token| match token {
            TokenTree::Literal(literal) if is_path => TokenTree::Literal(text(literal)),
            TokenTree::Group(group) => {
                let mut inside = Group::new(group.delimiter(), texts(group.stream()));
                inside.set_span(group.span());
                TokenTree::Group(inside)
            }
            TokenTree::Ident(key) => {
                is_path = PATHS.iter().any(|path| key == path);
                TokenTree::Ident(key)
            }
            token => token,
        })
        .collect()
}

fn text(literal: Literal) -> Literal {
    let Ok(text) = syn::parse2::<LitStr>(literal.to_token_stream()) else { return literal };
    let text = text.value();
    let moved = if let Some(rest) = text.strip_prefix("self::") {
        format!("super::{rest}")
    } else if text.starts_with("super::") {
        format!("super::{text}")
    } else {
        return literal;
    };
    let mut moved = Literal::string(&moved);
    moved.set_span(literal.span());
    moved
}
