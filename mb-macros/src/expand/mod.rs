//! The model to code. Every name in the code is absolute, through the one path the runtime is
//! found under, so that it compiles wherever the user's own types are called `Result` or `Vec`.

mod access;
mod client;
mod debug;
mod descriptor;
mod enums;
mod errors;
mod events;
mod fingerprint;
mod outwards;
mod plain;
mod requests;
mod rules;
mod sensitive;
mod service;
mod visibility;

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, parse_quote_spanned};

use crate::{
    model::{Contract, is_garde},
    serde_attributes,
};

/// What every part of the expansion needs.
struct Scope<'a> {
    /// The path of the runtime.
    rt: &'a TokenStream,
    contract: &'a Contract,
    /// What is sensitive, for what is said of values that break rules; nothing where there are none.
    rules: Option<sensitive::Sensitive>,
}

impl Scope<'_> {
    /// The path of the runtime, for code that stands for a word of the user's: what the compiler
    /// says about that code, it says at the word.
    fn rt_at(&self, word: &Ident) -> TokenStream {
        let at = |mut token: TokenTree| {
            token.set_span(token.span().located_at(word.span()));
            token
        };
        self.rt.clone().into_iter().map(at).collect()
    }

    /// The visibility of the items in the contract's module.
    fn vis(&self, at: Span) -> TokenStream {
        visibility::seen_from(&self.contract.vis, 1, at)
    }

    /// The same for code that stands for the contract as a whole: at its name.
    fn whole(&self) -> (TokenStream, Span) {
        (self.rt_at(&self.contract.ident), at(&self.contract.ident))
    }
}

/// Where code stands that is generated for a word of the user's. It resolves like all generated
/// code, and lints take it for that.
fn at(word: &Ident) -> Span {
    Span::call_site().located_at(word.span())
}

pub(crate) fn expand(rt: &TokenStream, contract: &Contract) -> TokenStream {
    let scope = Scope { rt, contract, rules: rules::of(contract) };
    let Contract { attrs, vis, mod_token, ident, brace, uses, .. } = contract;
    let serde = serde_alias();
    let types = contract.types.iter().map(|item| plain::expand(&scope, item));
    let events = events::expand(&scope);
    let errors = errors::expand(&scope);
    let requests = requests::expand(&scope);
    let service = service::expand(&scope);
    let client = client::expand(&scope);
    let enums = enums::expand(&scope);
    let descriptor = descriptor::expand(&scope);
    let items = quote! {
        #(#uses)*
        // serde's derive takes its path as text, which cannot name what `$crate` stands for.
        #[allow(unused_imports)]
        use #rt::serde as #serde;

        #(#types)*
        #events
        #errors
        #requests
        #service
        #client
        #enums
        #descriptor
    };
    let mut module = quote! {
        #(#attrs)*
        #[allow(deprecated, unreachable_pub, clippy::too_many_arguments)]
        #vis #mod_token #ident
    };
    // In the user's own braces: what the compiler says of the module it says at its head.
    brace.surround(&mut module, |inside| inside.extend(items));
    module.extend(access::warnings(contract));
    module
}

fn serde_alias() -> Ident {
    Ident::new("__magicbutton_serde", Span::call_site())
}

/// All attributes of a type that travels: derives that the user has not given, the user's own, and
/// then, after whatever derive reads it, how serde names things. `within` is the contract's module,
/// as seen from the type. `Debug` is not derived where something is not to be shown.
fn payload_attributes(
    scope: &Scope<'_>,
    word: &Ident,
    attrs: &[Attribute],
    within: &str,
    style: &[&str],
    hides: bool,
) -> Vec<Attribute> {
    let (rt, at) = (scope.rt_at(word), at(word));
    let given = serde_attributes::derived(attrs);
    let missing =
        |name: &str, path: TokenStream| (!given.iter().any(|g| g == name)).then_some(path);
    let derives = [
        missing("Clone", quote_spanned!(at=> ::core::clone::Clone)),
        missing("Debug", quote_spanned!(at=> ::core::fmt::Debug)).filter(|_| !hides),
        missing("PartialEq", quote_spanned!(at=> ::core::cmp::PartialEq)),
        missing("Serialize", quote_spanned!(at=> #rt::serde::Serialize)),
        missing("Deserialize", quote_spanned!(at=> #rt::serde::Deserialize)),
    ];
    let derives = derives.into_iter().flatten();
    let path = format!("{within}::{}", serde_alias());
    let settings = serde_attributes::keys(attrs);
    let style = style.iter().filter_map(|setting| {
        let name = setting.split([' ', '=']).next().unwrap_or_default();
        // What the user says about a type's names holds.
        (!settings.iter().any(|given| given == name))
            .then(|| setting.parse::<TokenStream>().unwrap_or_default())
    });
    let derive: Attribute = parse_quote_spanned!(at=> #[derive(#(#derives),*)]);
    let serde: Attribute = parse_quote_spanned!(at=> #[serde(crate = #path #(, #style)*)]);
    let attrs = attrs.iter().filter(|attr| !is_garde(attr)).cloned();
    [derive].into_iter().chain(attrs).chain([serde]).collect()
}

/// Documentation, as `///` would write it.
fn doc(text: &str) -> TokenStream {
    let lines = text.lines().map(|line| format!(" {line}"));
    quote!(#(#[doc = #lines])*)
}

fn tokens(items: impl IntoIterator<Item = impl ToTokens>) -> TokenStream {
    let mut tokens = TokenStream::new();
    for item in items {
        item.to_tokens(&mut tokens);
    }
    tokens
}
