//! What the access rules of a contract say together: every one can be met by somebody, nothing is
//! left open by oversight, and nothing is granted in vain.

use std::collections::HashMap;

use syn::{Ident, LitStr};

use crate::{
    errors::{Errors, expected},
    model::{Access, Contract, Role, Roles, Rule, check_permission, grants_permission},
    names,
};

pub(super) fn check(contract: &mut Contract, errors: &Errors) {
    if let Some(roles) = &mut contract.roles {
        extended(roles, errors);
    }
    rules(contract, errors);
    complete(contract, errors);
    guards(contract, errors);
    // Where something is wrong, what is in vain may be so by that mistake.
    if errors.is_empty() {
        contract.in_vain = in_vain(contract);
    }
}

/// What every request and event says, with its name.
fn declared(contract: &Contract) -> impl Iterator<Item = (&Ident, &str, Option<&Access>)> {
    let requests = contract.requests.iter();
    let requests = requests.map(|request| (&request.ident, "request", request.access.as_ref()));
    let events = contract.events.iter();
    let events = events.map(|event| (&event.item.ident, "event", event.access.as_ref()));
    requests.chain(events)
}

/// Roles that are extended exist, and none extends itself, not even by way of others. What is wrong
/// is let go, so that what follows comes to an end.
fn extended(roles: &mut Roles, errors: &Errors) {
    let known = roles.names();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    for role in &mut roles.roles {
        role.extends.retain(|other| {
            let name = names::text(other);
            let exists = known.contains(&name.as_str());
            if !exists {
                errors.at(other, format!("there is no role `{name}`: {}", expected(&name, &known)));
            }
            exists
        });
    }
    for place in 0..roles.roles.len() {
        let Some(own) = roles.roles.get(place).map(|role| role.ident.clone()) else { continue };
        let mut circular = Vec::new();
        for other in roles.roles.get(place).into_iter().flat_map(|role| &role.extends) {
            if let Some(way) = way(roles, other, &own, &mut Vec::new()) {
                let message = if way.is_empty() {
                    format!("`{own}` extends itself")
                } else {
                    let by = way.iter().map(|role| format!("`{role}`")).collect::<Vec<_>>();
                    format!("`{own}` extends itself, by way of {}", by.join(", "))
                };
                errors.at(other, message);
                circular.push(other.clone());
            }
        }
        if let Some(role) = roles.roles.get_mut(place) {
            role.extends.retain(|other| !circular.contains(other));
        }
    }
}

/// The way from one role to another along `extends`, the last left out.
fn way(roles: &Roles, from: &Ident, to: &Ident, seen: &mut Vec<Ident>) -> Option<Vec<Ident>> {
    if from == to {
        return Some(Vec::new());
    }
    if seen.contains(from) {
        return None;
    }
    seen.push(from.clone());
    let further = roles.find(from)?.extends.iter();
    further.filter_map(|next| way(roles, next, to, seen)).next().map(|mut rest| {
        rest.insert(0, from.clone());
        rest
    })
}

/// Each rule by itself, against the roles there are.
fn rules(contract: &Contract, errors: &Errors) {
    for access in declared(contract).filter_map(|(_, _, access)| access) {
        let needs_roles = |rule: &Rule| !matches!(rule, Rule::Public(_) | Rule::Authenticated(_));
        if contract.roles.is_none() && access.rules().any(needs_roles) {
            errors.at(
                &access.attr,
                "the contract has no roles: declare them, `#[roles] enum Role { .. }`, or say `public` or `authenticated`",
            );
            continue;
        }
        for rule in access.rules() {
            rule.each(&mut |rule| one(rule, contract.roles.as_ref(), errors));
        }
    }
}

fn one(rule: &Rule, roles: Option<&Roles>, errors: &Errors) {
    match rule {
        Rule::Public(_) | Rule::Authenticated(_) => {}
        Rule::Role(name) => {
            let Some(roles) = roles.filter(|roles| roles.find(name).is_none()) else { return };
            let known = roles.names();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            let hint = expected(&names::text(name), &known);
            errors.at(name, format!("there is no role `{name}`: {hint}"));
        }
        Rule::Permission(text) => permission(text, roles, errors),
        Rule::Any(word, rules) | Rule::All(word, rules) => {
            if rules.is_empty() {
                errors.at(
                    word,
                    format!(
                        "`{word}` of nothing: say what, `{word}(\"order:read\", role = Admin)`"
                    ),
                );
            }
            for inner in rules {
                if let Rule::Public(inner) | Rule::Authenticated(inner) = inner {
                    errors.at(
                        inner,
                        format!("`{inner}` stands by itself: inside `{word}` it says nothing, or everything"),
                    );
                }
            }
        }
    }
}

fn permission(text: &LitStr, roles: Option<&Roles>, errors: &Errors) {
    let name = text.value();
    if name.contains('*') {
        errors.at(text, "a rule names one permission: `*` is for what a role is granted");
        return;
    }
    if let Err(reason) = check_permission(&name) {
        errors.at(text, reason);
        return;
    }
    let Some(roles) = roles else { return };
    let granted = || roles.roles.iter().flat_map(|role| &role.grants).map(LitStr::value);
    if granted().any(|grant| grants_permission(&grant, &name)) {
        return;
    }
    let mut known: Vec<String> = granted().collect();
    known.sort();
    known.dedup();
    let known: Vec<&str> = known.iter().map(String::as_str).collect();
    let hint = if known.is_empty() {
        format!("write `#[grants(\"{name}\")]` above one")
    } else {
        expected(&name, &known)
    };
    errors.at(text, format!("no role is granted `{name}`, so nobody could ever do this: {hint}"));
}

/// Closed by default: where there are roles, everything says who may.
fn complete(contract: &Contract, errors: &Errors) {
    if contract.roles.is_none() {
        return;
    }
    for (ident, what, access) in declared(contract) {
        // One whose attribute is wrong has been told so.
        if access.is_none() && !contract.unclear.iter().any(|unclear| unclear == ident) {
            errors.at(
                ident,
                format!(
                    "in a contract with roles, every {what} says who may: write `#[access(..)]` above it, or `#[access(public)]`"
                ),
            );
        }
    }
}

/// A guard is a method of the service, beside those of the requests.
fn guards(contract: &mut Contract, errors: &Errors) {
    let requests: HashMap<String, Ident> = contract
        .requests
        .iter()
        .map(|request| (names::text(&request.ident), request.ident.clone()))
        .collect();
    let mut seen: HashMap<String, Ident> = HashMap::new();
    for access in contract.requests.iter_mut().filter_map(|request| request.access.as_mut()) {
        let Some(guard) = &access.guard else { continue };
        let name = names::text(guard);
        if let Some(request) = requests.get(&name) {
            let message = format!("`{name}` is a request: the service has one method of each name");
            errors.at_both(guard, message, request, "the request");
            access.guard = None;
        } else if let Some(first) = seen.get(&name) {
            let message = format!(
                "`{name}` is the guard of another request: each looks at its own, so give this another name"
            );
            errors.at_both(guard, message, first, "the first one");
            access.guard = None;
        } else {
            seen.insert(name, guard.clone());
        }
    }
}

/// What some role is granted, and nothing requires.
fn in_vain(contract: &Contract) -> Vec<LitStr> {
    let required = required(contract);
    let grants =
        contract.roles.iter().flat_map(|roles| &roles.roles).flat_map(|r: &Role| &r.grants);
    let is_used = |grant: &LitStr| {
        required.iter().any(|permission| grants_permission(&grant.value(), permission))
    };
    grants.filter(|grant| !is_used(grant)).cloned().collect()
}

/// Every permission that something requires, sorted.
pub(crate) fn required(contract: &Contract) -> Vec<String> {
    let mut required = Vec::new();
    for rule in declared(contract).filter_map(|(_, _, access)| access).flat_map(Access::rules) {
        rule.each(&mut |rule| {
            if let Rule::Permission(text) = rule {
                required.push(text.value());
            }
        });
    }
    required.sort();
    required.dedup();
    required
}
