//! Roles and access rules as data: every `extends` followed, every `*` written out.

use std::collections::BTreeSet;

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::Ident;

use super::Scope;
use crate::{
    check::required,
    model::{Contract, Event, Request, Roles, Rule, check_permission, grants_permission},
};

/// `.for_roles(..)` of the contract's descriptor, where it has any.
pub(super) fn roles(scope: &Scope<'_>) -> Option<TokenStream> {
    let rt = scope.rt;
    let roles = scope.contract.roles.as_ref()?;
    let required = required(scope.contract);
    let each = roles.roles.iter().map(|role| {
        let mut all = Vec::new();
        collect(roles, &role.ident, &mut all);
        let mut includes = BTreeSet::new();
        let mut permissions = BTreeSet::new();
        for role in all.iter().filter_map(|ident| roles.find(ident)) {
            includes.insert(role.name.clone());
            for grant in role.grants.iter().map(syn::LitStr::value) {
                // One that nothing requires is granted all the same.
                permissions.extend(check_permission(&grant).is_ok().then(|| grant.clone()));
                permissions
                    .extend(required.iter().filter(|own| grants_permission(&grant, own)).cloned());
            }
        }
        let (includes, permissions) = (includes.iter(), permissions.iter());
        let (name, docs) = (&role.name, &role.docs);
        quote! {
            #rt::RoleDescriptor::declared(#name, #docs, &[#(#includes),*], &[#(#permissions),*])
        }
    });
    Some(quote!(.for_roles(&[#(#each),*])))
}

/// A role, and those that it extends.
fn collect(roles: &Roles, role: &Ident, found: &mut Vec<Ident>) {
    if found.contains(role) {
        return;
    }
    found.push(role.clone());
    for other in roles.find(role).into_iter().flat_map(|role| &role.extends) {
        collect(roles, other, found);
    }
}

/// `.accessible(..)` of a request's descriptor, where it says anything.
pub(super) fn of_request(scope: &Scope<'_>, request: &Request) -> Option<TokenStream> {
    let access = request.access.as_ref()?;
    let rule = rule(scope, &access.rule);
    let guard = match &access.guard {
        None => quote!(::core::option::Option::None),
        Some(guard) => {
            let name = crate::names::text(guard);
            quote!(::core::option::Option::Some(#name))
        }
    };
    Some(quote!(.accessible(#rule, #guard)))
}

/// `.accessible(..)` of an event's descriptor, where it says anything.
pub(super) fn of_event(scope: &Scope<'_>, event: &Event) -> Option<TokenStream> {
    let access = event.access.as_ref()?;
    let subscribe = rule(scope, &access.rule);
    let emit = rule(scope, access.emit.as_ref().unwrap_or(&access.rule));
    Some(quote!(.accessible(#subscribe, #emit)))
}

fn rule(scope: &Scope<'_>, written: &Rule) -> TokenStream {
    let rt = scope.rt;
    let all = |rules: &[Rule]| -> Vec<TokenStream> {
        rules.iter().map(|inner| rule(scope, inner)).collect()
    };
    match written {
        Rule::Public(_) => quote!(#rt::Access::Public),
        Rule::Authenticated(_) => quote!(#rt::Access::Authenticated),
        Rule::Permission(text) => {
            let text = text.value();
            quote!(#rt::Access::Permission(#text))
        }
        Rule::Role(ident) => {
            let roles = scope.contract.roles.as_ref();
            let name = roles.and_then(|roles| roles.find(ident)).map(|role| role.name.clone());
            let name = name.unwrap_or_default();
            quote!(#rt::Access::Role(#name))
        }
        Rule::Any(_, rules) => {
            let rules = all(rules);
            quote!(#rt::Access::Any(&[#(#rules),*]))
        }
        Rule::All(_, rules) => {
            let rules = all(rules);
            quote!(#rt::Access::All(&[#(#rules),*]))
        }
    }
}

/// Beside the contract: a use of something deprecated at each word that is granted in vain. Inside,
/// what is deprecated is allowed.
pub(super) fn warnings(contract: &Contract) -> TokenStream {
    let warnings = contract.in_vain.iter().map(|grant| {
        let text = grant.value();
        let note = format!("nothing in the contract `{}` requires `{text}`", contract.name);
        let word = quote_spanned!(grant.span()=> granted_in_vain);
        quote! {
            const _: () = {
                #[deprecated(note = #note)]
                #[allow(non_upper_case_globals)]
                const granted_in_vain: () = ();
                #word
            };
        }
    });
    super::tokens(warnings)
}
