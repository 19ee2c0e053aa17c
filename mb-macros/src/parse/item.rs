//! One item of a contract.

use quote::ToTokens;
use syn::{
    Attribute, Block, ItemEnum, ItemStruct, ItemType, ItemUse, Signature, Token, Visibility,
    parse::{Parse, ParseStream},
    token,
};

/// What may stand in a contract.
pub(crate) enum Item {
    Use(ItemUse),
    Struct(ItemStruct),
    Enum(ItemEnum),
    Alias(ItemType),
    Request(RequestFn),
}

/// A function without a body.
pub(crate) struct RequestFn {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) semicolon: Option<Token![;]>,
}

impl Parse for Item {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let ahead = input.fork();
        let attrs = ahead.call(Attribute::parse_outer)?;
        let vis: Visibility = ahead.parse()?;
        if ahead.is_empty() {
            let last = attrs.last().map(ToTokens::to_token_stream);
            let last = last.unwrap_or_else(|| vis.to_token_stream());
            return Err(syn::Error::new_spanned(last, "nothing follows this that it belongs to"));
        }
        if ahead.peek(Token![use]) {
            input.parse().map(Self::Use)
        } else if ahead.peek(Token![struct]) {
            input.parse().map(Self::Struct)
        } else if ahead.peek(Token![enum]) {
            input.parse().map(Self::Enum)
        } else if ahead.peek(Token![type]) {
            input.parse().map(Self::Alias)
        } else if is_function(&ahead) {
            input.parse().map(Self::Request)
        } else if ahead.peek(Token![async]) {
            ahead.parse::<Token![async]>()?;
            Err(ahead.error("expected `fn`: a request is written `async fn name(..) -> T;`"))
        } else {
            Err(ahead.error(
                "a contract holds `use`, `struct`, `enum` and `type` items, and `#[request]` \
                 functions without a body; put anything else beside the contract",
            ))
        }
    }
}

/// Whether a function follows, whatever qualifiers it has.
fn is_function(input: ParseStream<'_>) -> bool {
    let ahead = input.fork();
    while ahead.peek(Token![const]) && !ahead.peek2(syn::Ident)
        || ahead.peek(Token![async])
        || ahead.peek(Token![unsafe])
        || ahead.peek(Token![extern])
        || ahead.peek(syn::LitStr)
    {
        if ahead.parse::<proc_macro2::TokenTree>().is_err() {
            return false;
        }
    }
    ahead.peek(Token![fn])
}

impl Parse for RequestFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let attrs = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let signature: Signature = input.parse()?;
        if input.peek(token::Brace) {
            let body: Block = input.parse()?;
            return Err(syn::Error::new_spanned(
                body,
                "a request has no body: end it with `;`, and write the body in the `impl Service`",
            ));
        }
        if input.peek(Token![:]) || input.peek(Token![=>]) {
            return Err(input.error("what a request answers is written `-> Type`"));
        }
        // A request that only lacks its semicolon is one all the same.
        let semicolon = if input.is_empty() { None } else { Some(input.parse()?) };
        Ok(Self { attrs, vis, signature, semicolon })
    }
}
