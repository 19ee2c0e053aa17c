//! Rules to code: garde's `Validate` for each type that has any, in the names that its parts have on the
//! wire. Where a contract has no rules, nothing.

use std::collections::BTreeSet;

use proc_macro2::{Group, Ident, TokenStream, TokenTree};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{
    Attribute, Expr, Fields, GenericParam, Generics, ItemEnum, ItemStruct, Type, Variant,
    parse_quote,
};

use super::{
    Scope, at,
    sensitive::{Sensitive, naming},
};
use crate::{
    errors::Errors,
    model::{
        Arguments, Bounds, Contract, Event, FieldRules, PlainType, Request, ValueRule, is_garde,
        is_sensitive, of_field, of_whole,
    },
    names,
    serde_attributes::{Naming, has_key},
};

/// What is sensitive in a contract that has rules.
pub(super) fn of(contract: &Contract) -> Option<Sensitive> {
    let in_fields = |fields: &Fields| fields.iter().flat_map(|field| &field.attrs).any(is_garde);
    let in_type = |item: &PlainType| match item {
        PlainType::Struct(item) => item.attrs.iter().any(is_garde) || in_fields(&item.fields),
        PlainType::Enum(item) => {
            item.attrs.iter().any(is_garde) || item.variants.iter().any(|v| in_fields(&v.fields))
        }
        PlainType::Alias(_) => false,
    };
    let is_ruled = contract.types.iter().any(in_type)
        || contract.events.iter().any(event_is_ruled)
        || contract.requests.iter().any(request_is_ruled);
    (contract.validates && is_ruled).then(|| Sensitive::new(contract))
}

fn event_is_ruled(event: &Event) -> bool {
    event.item.attrs.iter().any(is_garde)
        || event.item.fields.iter().any(|field| rules_of(&field.attrs).is_anything())
}

fn request_is_ruled(request: &Request) -> bool {
    request.payload_attrs.iter().any(is_garde)
        || request.arguments.iter().any(|argument| rules_of(&argument.attrs).is_anything())
}

/// What is wrong with them has been reported.
fn rules_of(attrs: &[Attribute]) -> FieldRules {
    of_field(attrs, &Errors::default())
}

pub(super) fn of_struct(scope: &Scope<'_>, item: &ItemStruct) -> Option<TokenStream> {
    let naming = Naming::of(&item.attrs, "rename_all");
    let whole = has_key(&item.attrs, "transparent");
    let held = Held::new(scope, &item.generics, &item.attrs)?;
    let arm = held.arm(&quote!(Self), parts(&item.fields, &naming, whole));
    held.implement(&item.ident, &item.ident.to_token_stream(), [arm])
}

pub(super) fn of_enum(scope: &Scope<'_>, item: &ItemEnum) -> Option<TokenStream> {
    let held = Held::new(scope, &item.generics, &item.attrs)?;
    let arms = item.variants.iter().map(|variant| {
        let ident = &variant.ident;
        let naming = naming(&item.attrs, &variant.attrs);
        let mut parts = parts(&variant.fields, &naming, false);
        if let (Some(name), [Part { ident: None, place, .. }]) =
            (in_variant(item, variant), &mut parts[..])
        {
            *place = quote!(Named(#name));
        }
        held.arm(&quote!(Self::#ident), parts)
    });
    held.implement(&item.ident, &item.ident.to_token_stream(), arms)
}

/// What the one part of a variant stands under, `{"courier":..}`, where that is the variant's name and
/// can be told from here.
fn in_variant(item: &ItemEnum, variant: &Variant) -> Option<String> {
    let has_other_shape =
        ["tag", "untagged", "rename_all"].iter().any(|key| has_key(&item.attrs, key));
    let is_renamed = has_key(&variant.attrs, "rename");
    (!has_other_shape && !is_renamed).then(|| names::wire_variant(&variant.ident))
}

/// `RULES` of an event that has any.
pub(super) fn of_event(scope: &Scope<'_>, event: &Event) -> Option<TokenStream> {
    let is_ruled = scope.rules.is_some() && event_is_ruled(event);
    is_ruled.then(|| constant(scope, &event.item.ident))
}

/// `RULES` and `REPLY_RULES` of a request, and what holds its payload to them.
pub(super) fn of_request(
    scope: &Scope<'_>,
    request: &Request,
) -> (Option<TokenStream>, Option<TokenStream>) {
    if scope.rules.is_none() {
        return (None, None);
    }
    let Request { ident, payload, payload_attrs, arguments, reply, .. } = request;
    let rt = scope.rt_at(ident);
    let of_reply = &reply.ty;
    let of_reply = quote_spanned! {at(ident)=>
        const REPLY_RULES: #rt::Rules<#of_reply> = {
            #[allow(unused_imports)]
            use #rt::NoRules as _;
            #rt::Probe::<#of_reply>::RULES
        };
    };
    let own = request_is_ruled(request).then(|| constant(scope, ident));
    let naming = Naming::of(payload_attrs, "rename_all");
    let arguments = arguments.iter().map(|argument| {
        Part::new(Some(&argument.ident), &argument.attrs, &argument.ty, &naming, 0, false)
    });
    let generics = Generics::default();
    let held = Held::new(scope, &generics, payload_attrs).and_then(|held| {
        let arm = held.arm(&quote!(Self), arguments.collect());
        held.implement(payload, &quote_spanned!(at(payload)=> requests::#payload), [arm])
    });
    (Some(quote!(#own #of_reply)), held)
}

fn constant(scope: &Scope<'_>, word: &Ident) -> TokenStream {
    let rt = scope.rt_at(word);
    quote_spanned! {at(word)=>
        const RULES: #rt::Rules<Self> = ::core::option::Option::Some(#rt::held::<Self>);
    }
}

/// The variants of the enum over all events whose values have rules.
pub(super) fn ruled_events<'a>(scope: &Scope<'a>) -> (Vec<&'a Ident>, bool) {
    let events = &scope.contract.events;
    let ruled: Vec<_> = events.iter().filter(|event| event_is_ruled(event)).collect();
    let all = ruled.len() == events.len();
    (ruled.into_iter().map(|event| &event.item.ident).collect(), all)
}

/// The same of the enum over all requests.
pub(super) fn ruled_requests<'a>(scope: &Scope<'a>) -> (Vec<&'a Ident>, bool) {
    let requests = &scope.contract.requests;
    let ruled: Vec<_> = requests.iter().filter(|request| request_is_ruled(request)).collect();
    let all = ruled.len() == requests.len();
    (ruled.into_iter().map(|request| &request.payload).collect(), all)
}

/// A method that asks whichever variant there is, of values that are shared or not.
pub(super) fn in_enum(
    scope: &Scope<'_>,
    method: &str,
    shared: bool,
    (ruled, all): (Vec<&Ident>, bool),
) -> Option<TokenStream> {
    if scope.rules.is_none() || ruled.is_empty() {
        return None;
    }
    let (rt, at) = scope.whole();
    let method = format_ident!("{method}");
    let value = if shared { quote!(&**value) } else { quote!(value) };
    let rest = (!all).then(|| quote!(_ => ::core::default::Default::default(),));
    Some(quote_spanned! {at=>
        fn #method(&self) -> #rt::Violations {
            match self {
                #(Self::#ruled(value) => #rt::held(#value),)*
                #rest
            }
        }
    })
}

/// A type that is being held to its rules.
struct Held<'a> {
    scope: &'a Scope<'a>,
    sensitive: &'a Sensitive,
    generics: &'a Generics,
    /// What is said of the whole.
    whole: Vec<Expr>,
}

/// A field or an argument.
struct Part<'a> {
    ident: Option<&'a Ident>,
    attrs: &'a [Attribute],
    ty: &'a Type,
    place: TokenStream,
    rules: FieldRules,
}

/// One struct or variant: how it is taken apart, and what its parts are held to.
struct Arm<'a> {
    pattern: TokenStream,
    checks: Vec<TokenStream>,
    /// The types of what has rules of its own.
    dived: Vec<&'a Type>,
    hides: bool,
}

fn parts<'a>(fields: &'a Fields, naming: &Naming, whole: bool) -> Vec<Part<'a>> {
    // What has one part without a name is that part, on the wire.
    let whole = whole || matches!(fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    let part = |(position, field): (usize, &'a syn::Field)| {
        Part::new(field.ident.as_ref(), &field.attrs, &field.ty, naming, position, whole)
    };
    fields.iter().enumerate().map(part).collect()
}

impl<'a> Part<'a> {
    fn new(
        ident: Option<&'a Ident>,
        attrs: &'a [Attribute],
        ty: &'a Type,
        naming: &Naming,
        position: usize,
        whole: bool,
    ) -> Self {
        let place = match ident {
            _ if whole || has_key(attrs, "flatten") => quote!(Whole),
            Some(ident) => {
                let names = naming.field(ident, attrs);
                let name = names.first().cloned().unwrap_or_default();
                quote!(Named(#name))
            }
            None => quote!(Nth(#position)),
        };
        Self { ident, attrs, ty, place, rules: rules_of(attrs) }
    }
}

impl<'a> Held<'a> {
    fn new(scope: &'a Scope<'a>, generics: &'a Generics, attrs: &[Attribute]) -> Option<Self> {
        let sensitive = scope.rules.as_ref()?;
        let whole = of_whole(attrs, &Errors::default());
        Some(Self { scope, sensitive, generics, whole })
    }

    fn arm(&self, name: &TokenStream, parts: Vec<Part<'a>>) -> Arm<'a> {
        let named: BTreeSet<String> =
            parts.iter().flat_map(|part| fields_named(&part.rules.rules)).collect();
        let mut arm = Arm {
            pattern: TokenStream::new(),
            checks: Vec::new(),
            dived: Vec::new(),
            hides: false,
        };
        let (mut fields, mut places) = (Vec::new(), Vec::new());
        let binding = |position: usize| format_ident!("__field_{position}");
        let bound: Vec<(String, Ident, String)> = parts
            .iter()
            .enumerate()
            .filter_map(|(position, part)| {
                let ident = part.ident?;
                Some((ident.to_string(), binding(position), part.place.to_string()))
            })
            .collect();
        for (position, part) in parts.iter().enumerate() {
            let value = binding(position);
            let is_used = part.rules.is_anything()
                || part.ident.is_some_and(|ident| named.contains(&ident.to_string()));
            match part.ident {
                Some(ident) if is_used => fields.push(quote!(#ident: #value)),
                Some(_) => {}
                None => places.push(if is_used { quote!(#value) } else { quote!(_) }),
            }
            let holds = self.sensitive.may_be_in(part.ty, self.generics);
            let telling = match is_sensitive(part.attrs) {
                true => quote!(Place),
                false if holds => quote!(Rules),
                false => quote!(All),
            };
            arm.hides |= holds || is_sensitive(part.attrs);
            if part.rules.is_anything() {
                arm.dived.extend(part.rules.dive.iter().map(|_| part.ty));
                arm.checks.push(self.check(part, &value, &telling, &bound));
            }
        }
        arm.pattern = match parts.first() {
            Some(Part { ident: None, .. }) => quote!(#name(#(#places),*)),
            _ => quote!(#name { #(#fields,)* .. }),
        };
        arm
    }

    /// What one part is held to.
    fn check(
        &self,
        part: &Part<'_>,
        value: &Ident,
        telling: &TokenStream,
        bound: &[(String, Ident, String)],
    ) -> TokenStream {
        let rt = self.scope.rt;
        let place = &part.place;
        let dive = part.rules.dive.as_ref().map(|word| {
            let value = Ident::new(&value.to_string(), at(word));
            quote_spanned!(at(word)=> __at.dive(#value);)
        });
        let rules = part.rules.rules.iter().map(|rule| self.rule(rule, value, bound));
        quote!(__at.part(#rt::Place::#place, #rt::Telling::#telling, |__at| { #dive #(#rules)* });)
    }

    fn rule(
        &self,
        rule: &ValueRule,
        value: &Ident,
        bound: &[(String, Ident, String)],
    ) -> TokenStream {
        let some = |expr: &Option<Expr>| match expr.as_ref().map(in_method) {
            Some(expr) => quote!(::core::option::Option::Some(#expr)),
            None => quote!(::core::option::Option::None),
        };
        match rule {
            ValueRule::Own { word, path, arguments } => {
                let (at, rt) = (at(word), self.scope.rt_at(word));
                let value = Ident::new(&value.to_string(), at);
                let path = path.iter().map(|part| Ident::new(part, at));
                let quotes = |expr: &Expr| mentions_self(expr.to_token_stream());
                let (arguments, quotes) = match arguments {
                    Arguments::None => (quote!(()), false),
                    Arguments::Ip(kind) => {
                        let kind = Ident::new(kind, at);
                        (quote_spanned!(at=> (#rt::garde::rules::ip::IpKind::#kind,)), false)
                    }
                    Arguments::Length(Bounds { min, max }) => {
                        let quotes = [min, max].into_iter().flatten().any(quotes);
                        let min = min.as_ref().map_or(quote!(0), in_method);
                        let most = || quote!(::core::primitive::usize::MAX);
                        let max = max.as_ref().map_or_else(most, in_method);
                        (quote!((#min, #max)), quotes)
                    }
                    Arguments::Range(Bounds { min, max }) => {
                        let quotes = [min, max].into_iter().flatten().any(quotes);
                        let (min, max) = (some(min), some(max));
                        (quote!((#min, #max)), quotes)
                    }
                    Arguments::Text(text) => {
                        let said = in_method(text);
                        (quote!((&#said,)), quotes(text))
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
                            (quote!((&#said,)), quotes(pattern))
                        }
                    },
                    Arguments::Field(other) => {
                        let found = bound.iter().find(|(name, ..)| other == name);
                        let Some((_, other, place)) = found else { return TokenStream::new() };
                        // `Named("orderId")`, as a person reads it.
                        let name = place.split('"').nth(1).unwrap_or_default();
                        (quote!((#name, #other)), false)
                    }
                };
                let say = Ident::new(if quotes { "quoting_others" } else { "rule" }, at);
                quote_spanned! {at=>
                    __at.#say(#rt::garde::rules::#(#path::)*apply(#value, #arguments));
                }
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
                let rules = rules.iter().map(|rule| self.rule(rule, &item, bound));
                quote_spanned!(at(word)=> __at.inner(#value, |__at, #item| { #(#rules)* });)
            }
            ValueRule::If { condition, rules } => {
                let rules = rules.iter().map(|rule| self.rule(rule, value, bound));
                let condition = in_method(condition);
                quote!(if #condition { #(#rules)* })
            }
        }
    }

    /// `Validate`, where there is anything to be held to.
    fn implement(
        &self,
        word: &Ident,
        this: &TokenStream,
        arms: impl IntoIterator<Item = Arm<'a>>,
    ) -> Option<TokenStream> {
        let arms: Vec<Arm<'_>> = arms.into_iter().collect();
        if self.whole.is_empty() && arms.iter().all(|arm| arm.checks.is_empty()) {
            return None;
        }
        let rt = self.scope.rt_at(word);
        let telling = if arms.iter().any(|arm| arm.hides) { quote!(Rules) } else { quote!(All) };
        let whole = self.whole.iter().map(|check| quote!(__at.quoting((#check)(self, &()));));
        let mut generics = self.generics.clone();
        for param in &mut generics.params {
            if let GenericParam::Type(param) = param
                && arms.iter().flat_map(|arm| &arm.dived).any(|ty| mentions(ty, &param.ident))
            {
                param.bounds.push(parse_quote!(#rt::garde::Validate<Context = ()>));
            }
        }
        let (parameters, arguments, bounds) = generics.split_for_impl();
        let checked = arms.iter().filter(|arm| !arm.checks.is_empty()).map(|arm| {
            let Arm { pattern, checks, .. } = arm;
            quote!(#pattern => { #(#checks)* })
        });
        let rest = arms.iter().any(|arm| arm.checks.is_empty()).then(|| quote!(_ => {}));
        Some(quote_spanned! {at(word)=>
            impl #parameters #rt::garde::Validate for #this #arguments #bounds {
                type Context = ();
                fn validate_into(
                    &self,
                    _: &(),
                    __path: &mut dyn ::core::ops::FnMut() -> #rt::garde::Path,
                    __report: &mut #rt::garde::Report,
                ) {
                    let mut __at = #rt::At::new(__path, __report, #rt::Telling::#telling);
                    let __at = &mut __at;
                    #(#whole)*
                    match self { #(#checked)* #rest }
                }
            }
        })
    }
}

/// Fields that rules name.
fn fields_named(rules: &[ValueRule]) -> Vec<String> {
    let named = rules.iter().flat_map(|rule| match rule {
        ValueRule::Own { arguments: Arguments::Field(other), .. } => vec![other.to_string()],
        ValueRule::Inner { rules, .. } | ValueRule::If { rules, .. } => fields_named(rules),
        _ => Vec::new(),
    });
    named.collect()
}

fn mentions(ty: &Type, name: &Ident) -> bool {
    has_word(ty.to_token_stream(), &name.to_string())
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

fn has_word(tokens: TokenStream, word: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Ident(ident) => ident == word,
        TokenTree::Group(group) => has_word(group.stream(), word),
        _ => false,
    })
}
