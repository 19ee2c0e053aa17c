//! A type that is held to its rules: taken apart, each part at its place on the wire.

use std::collections::BTreeSet;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Attribute, Expr, Fields, GenericParam, Generics, Type, parse_quote};

use super::{
    super::{Scope, at, sensitive::Sensitive},
    rule::{Bound, code, fields_named, has_word},
    rules_of, whole,
};
use crate::{
    model::{FieldRules, is_sensitive},
    serde_attributes::{Naming, has_key},
};

/// A type that is being held to its rules.
pub(super) struct Held<'a> {
    scope: &'a Scope<'a>,
    sensitive: &'a Sensitive,
    generics: &'a Generics,
    /// What is said of the whole.
    whole: Vec<Expr>,
}

/// A field or an argument.
pub(super) struct Part<'a> {
    pub(super) ident: Option<&'a Ident>,
    attrs: &'a [Attribute],
    ty: &'a Type,
    pub(super) place: TokenStream,
    rules: FieldRules,
}

/// One struct or variant: how it is taken apart, and what its parts are held to.
pub(super) struct Arm<'a> {
    pattern: TokenStream,
    checks: Vec<TokenStream>,
    /// The types of what has rules of its own.
    dived: Vec<&'a Type>,
    hides: bool,
}

pub(super) fn parts<'a>(fields: &'a Fields, naming: &Naming, whole: bool) -> Vec<Part<'a>> {
    // What has one part without a name is that part, on the wire.
    let whole = whole || matches!(fields, Fields::Unnamed(fields) if fields.unnamed.len() == 1);
    let part = |(position, field): (usize, &'a syn::Field)| {
        Part::new(field.ident.as_ref(), &field.attrs, &field.ty, naming, position, whole)
    };
    fields.iter().enumerate().map(part).collect()
}

impl<'a> Part<'a> {
    pub(super) fn new(
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
    pub(super) fn new(
        scope: &'a Scope<'a>,
        generics: &'a Generics,
        attrs: &[Attribute],
    ) -> Option<Self> {
        let sensitive = scope.rules.as_ref()?;
        Some(Self { scope, sensitive, generics, whole: whole(attrs) })
    }

    pub(super) fn arm(&self, name: &TokenStream, parts: Vec<Part<'a>>) -> Arm<'a> {
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
        let bound: Vec<Bound> = parts
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
        bound: &[Bound],
    ) -> TokenStream {
        let rt = self.scope.rt;
        let place = &part.place;
        let dive = part.rules.dive.as_ref().map(|word| {
            let value = Ident::new(&value.to_string(), at(word));
            quote_spanned!(at(word)=> __at.dive(#value);)
        });
        let rules = part.rules.rules.iter().map(|rule| code(self.scope, rule, value, bound));
        quote!(__at.part(#rt::Place::#place, #rt::Telling::#telling, |__at| { #dive #(#rules)* });)
    }

    /// `Validate`, where there is anything to be held to.
    pub(super) fn implement(
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
                && arms
                    .iter()
                    .flat_map(|arm| &arm.dived)
                    .any(|ty| has_word(ty.to_token_stream(), &param.ident.to_string()))
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
