//! No name in the expansion means something else where the user's own types are called `Result`,
//! `Vec` or `Send`: every path is absolute, generated, local, or the user's.

use std::collections::BTreeSet;

use quote::ToTokens;
use syn::visit_mut::{self, VisitMut};

use super::{expand_validating, full, guarded, ruled, small};

/// What may stand at the beginning of a path that does not begin with `::`.
const KNOWN: [&str; 18] = [
    // Keywords, and attributes that the compiler or serde's derive reads.
    "Self",
    "self",
    "super",
    "doc",
    "allow",
    "derive",
    "serde",
    "deprecated",
    // Generated.
    "Service",
    "serve",
    "Client",
    "requests",
    "CONTRACT",
    "Event",
    "Request",
    "Error",
    // In a block of its own, around nothing but a literal.
    "PATTERN",
    "__rule",
];
const PRIMITIVE: [&str; 7] = ["str", "u8", "u32", "u64", "usize", "bool", "char"];

#[derive(Default)]
struct Names {
    /// Bound by patterns, arguments and closures.
    local: BTreeSet<String>,
    used: BTreeSet<String>,
}

impl VisitMut for Names {
    fn visit_pat_ident_mut(&mut self, pat: &mut syn::PatIdent) {
        self.local.insert(pat.ident.to_string());
        visit_mut::visit_pat_ident_mut(self, pat);
    }

    fn visit_field_pat_mut(&mut self, pat: &mut syn::FieldPat) {
        self.local.insert(pat.member.to_token_stream().to_string());
        visit_mut::visit_field_pat_mut(self, pat);
    }

    /// A payload, which is called in its own module as it is declared there.
    fn visit_item_struct_mut(&mut self, item: &mut syn::ItemStruct) {
        self.local.insert(item.ident.to_string());
        visit_mut::visit_item_struct_mut(self, item);
    }

    fn visit_type_param_mut(&mut self, param: &mut syn::TypeParam) {
        self.local.insert(param.ident.to_string());
        visit_mut::visit_type_param_mut(self, param);
    }

    fn visit_path_mut(&mut self, path: &mut syn::Path) {
        if path.leading_colon.is_none() {
            self.used.extend(path.segments.first().map(|first| first.ident.to_string()));
        }
        visit_mut::visit_path_mut(self, path);
    }

    fn visit_attribute_mut(&mut self, attr: &mut syn::Attribute) {
        if attr.path().is_ident("derive") {
            let paths = syn::punctuated::Punctuated::<syn::Path, syn::Token![,]>::parse_terminated;
            for mut path in attr.parse_args_with(paths).expect("a list of derives") {
                self.visit_path_mut(&mut path);
            }
        }
        visit_mut::visit_attribute_mut(self, attr);
    }

    fn visit_macro_mut(&mut self, call: &mut syn::Macro) {
        self.visit_path_mut(&mut call.path);
        let arguments = syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated;
        for mut argument in call.parse_body_with(arguments).expect("arguments of a macro") {
            self.visit_expr_mut(&mut argument);
        }
    }

    fn visit_item_use_mut(&mut self, item: &mut syn::ItemUse) {
        let text = item.to_token_stream().to_string();
        assert!(
            text.contains(":: magicbutton ::") || text.contains("super ::"),
            "an import that is neither the user's nor absolute: {text}"
        );
    }
}

/// What a contract declares or imports, and the types its author writes.
fn users(contract: proc_macro2::TokenStream) -> BTreeSet<String> {
    fn collect(tokens: proc_macro2::TokenStream, names: &mut BTreeSet<String>) {
        for token in tokens {
            match token {
                proc_macro2::TokenTree::Ident(ident) => {
                    names.insert(ident.to_string());
                }
                proc_macro2::TokenTree::Group(group) => collect(group.stream(), names),
                _ => {}
            }
        }
    }
    let mut names = BTreeSet::new();
    collect(contract, &mut names);
    names
}

/// A contract whose author writes no name that a prelude has: whatever of these is in its expansion
/// unqualified, the macro has put there.
fn bare() -> proc_macro2::TokenStream {
    quote::quote! {
        #[contract(version = "1.0.0")]
        mod bare {
            enum Kind { One, Two }
            struct Pair { left: u32, right: Kind }
            #[event]
            struct Happened { pair: Pair }
            #[error]
            enum Refused {
                #[error(status = 400, message = "{left} {kind}")]
                No { left: u32, kind: Kind },
                #[error(status = 400, message = "x")]
                Never_,
            }
            #[request]
            async fn ask(pair: Pair) -> Kind;
            #[request]
            async fn tell();
            #[request]
            fn watch(kind: Kind) -> impl Stream<Item = Pair>;
        }
    }
}

#[test]
fn every_name_is_absolute_generated_local_or_the_users() {
    for contract in [small(), full(), bare(), guarded(), ruled()] {
        let users = users(contract.clone());
        let mut names = Names::default();
        names.visit_file_mut(&mut expand_validating(contract));
        for name in &names.used {
            let known = KNOWN.contains(&name.as_str())
                || PRIMITIVE.contains(&name.as_str())
                || names.local.contains(name)
                || users.contains(name);
            assert!(known, "`{name}` could be anything");
        }
        // The names that a user may shadow are not taken for granted.
        for name in ["Ok", "Err", "Some", "None", "Box", "Arc", "Send", "Sync", "Clone", "From"] {
            assert!(!names.used.contains(name) || users.contains(name), "`{name}` is unqualified");
        }
    }
}
