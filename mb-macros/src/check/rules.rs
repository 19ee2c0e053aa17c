//! Where rules stand, and where they would be missed: a field that holds what has rules says whether
//! they hold there.

use std::collections::HashSet;

use syn::{
    Attribute, Field, Fields, Ident, Path, Token, Type, parse_quote,
    punctuated::Punctuated,
    visit_mut::{self, VisitMut},
};

use crate::{
    errors::{Errors, expected},
    model::{Arguments, Contract, PlainType, ValueRule, is_garde, of_field, of_whole},
    names,
};

pub(super) fn check(contract: &mut Contract, errors: &Errors) {
    if !contract.validates {
        if let Some(first) = first(contract) {
            errors.at(
                first,
                "rules need a feature: write `features = [\"validate\"]` where your Cargo.toml names magicbutton",
            );
        }
        return misplaced(contract, errors);
    }
    misplaced(contract, errors);
    let ruled = ruled(contract);
    for item in &mut contract.types {
        match item {
            PlainType::Struct(item) => {
                whole(&mut item.attrs, errors);
                self::fields(&item.fields, &ruled, errors);
            }
            PlainType::Enum(item) => {
                whole(&mut item.attrs, errors);
                item.variants.iter().for_each(|v| self::fields(&v.fields, &ruled, errors));
            }
            PlainType::Alias(_) => {}
        }
    }
    for event in &mut contract.events {
        whole(&mut event.item.attrs, errors);
        self::fields(&event.item.fields, &ruled, errors);
    }
    for request in &mut contract.requests {
        whole(&mut request.payload_attrs, errors);
        let arguments = &request.arguments;
        let siblings: Vec<&Ident> = arguments.iter().map(|argument| &argument.ident).collect();
        for argument in arguments {
            field(&argument.attrs, &argument.ty, &siblings, &ruled, errors);
        }
    }
}

/// The first rule of a contract.
fn first(contract: &Contract) -> Option<&Attribute> {
    fn of_fields(fields: &Fields) -> impl Iterator<Item = &Attribute> {
        fields.iter().flat_map(|field| &field.attrs)
    }
    fn of_type(item: &PlainType) -> Vec<&Attribute> {
        match item {
            PlainType::Struct(item) => item.attrs.iter().chain(of_fields(&item.fields)).collect(),
            PlainType::Enum(item) => {
                let variants = item.variants.iter().flat_map(|v| of_fields(&v.fields));
                item.attrs.iter().chain(variants).collect()
            }
            PlainType::Alias(_) => Vec::new(),
        }
    }
    let types = contract.types.iter().flat_map(of_type);
    let events = contract.events.iter().map(|event| &event.item);
    let events = events.flat_map(|item| item.attrs.iter().chain(of_fields(&item.fields)));
    let requests = contract.requests.iter().flat_map(|request| {
        let arguments = request.arguments.iter().flat_map(|argument| &argument.attrs);
        request.payload_attrs.iter().chain(arguments)
    });
    types.chain(events).chain(requests).find(|attr| is_garde(attr))
}

fn fields(fields: &Fields, ruled: &HashSet<String>, errors: &Errors) {
    let siblings: Vec<&Ident> = fields.iter().filter_map(|field| field.ident.as_ref()).collect();
    for Field { attrs, ty, .. } in fields {
        field(attrs, ty, &siblings, ruled, errors);
    }
}

fn field(
    attrs: &[Attribute],
    ty: &Type,
    siblings: &[&Ident],
    ruled: &HashSet<String>,
    errors: &Errors,
) {
    let rules = of_field(attrs, errors);
    others(&rules.rules, siblings, errors);
    if rules.dive.is_some() || rules.skip.is_some() {
        return;
    }
    if let Some(held) = first_ruled(ty, ruled) {
        errors.at(
            &held,
            format!(
                "`{held}` has rules: write `#[garde(dive)]` to have them checked here, or `#[garde(skip)]`"
            ),
        );
    }
}

/// Fields that a rule names.
fn others(rules: &[ValueRule], siblings: &[&Ident], errors: &Errors) {
    for rule in rules {
        match rule {
            ValueRule::Own { arguments: Arguments::Field(other), .. }
                if !siblings.contains(&other) =>
            {
                let known: Vec<String> = siblings.iter().map(|ident| names::text(ident)).collect();
                let known: Vec<&str> = known.iter().map(String::as_str).collect();
                let hint = expected(&names::text(other), &known);
                errors.at(other, format!("`{other}` is no field beside this one: {hint}"));
            }
            ValueRule::Inner { rules, .. } | ValueRule::If { rules, .. } => {
                others(rules, siblings, errors);
            }
            _ => {}
        }
    }
}

/// What is said of the whole; and a derive beside it, which would say the same twice.
fn whole(attrs: &mut [Attribute], errors: &Errors) {
    of_whole(attrs, errors);
    for attr in attrs.iter_mut().filter(|attr| attr.path().is_ident("derive")) {
        let list = attr.parse_args_with(Punctuated::<Path, Token![,]>::parse_terminated);
        let is_garde = |path: &Path| {
            let mut words = path.segments.iter().rev().map(|segment| segment.ident.to_string());
            words.next().is_some_and(|last| last == "Validate")
                && words.next().is_none_or(|before| before == "garde")
        };
        let (derived, others): (Vec<Path>, Vec<Path>) =
            list.into_iter().flatten().partition(is_garde);
        if let Some(derived) = derived.first() {
            errors.at(derived, "the contract derives this itself, from the rules: take it out");
            *attr = parse_quote!(#[derive(#(#others),*)]);
        }
    }
}

/// The names of the contract's types that have rules, or hold what has.
fn ruled(contract: &Contract) -> HashSet<String> {
    let mut ruled = HashSet::new();
    loop {
        let types = contract.types.iter().filter(|item| has_rules(item, &ruled));
        let events = contract
            .events
            .iter()
            .filter(|event| of_whole_or_fields(&event.item.attrs, [&event.item.fields], &ruled));
        let mut found: HashSet<String> = types.map(|item| names::text(item.ident())).collect();
        found.extend(events.map(|event| names::text(&event.item.ident)));
        if found.len() == ruled.len() {
            return ruled;
        }
        ruled = found;
    }
}

fn has_rules(item: &PlainType, ruled: &HashSet<String>) -> bool {
    match item {
        PlainType::Struct(item) => of_whole_or_fields(&item.attrs, [&item.fields], ruled),
        PlainType::Enum(item) => {
            of_whole_or_fields(&item.attrs, item.variants.iter().map(|v| &v.fields), ruled)
        }
        PlainType::Alias(item) => first_ruled(&item.ty, ruled).is_some(),
    }
}

fn of_whole_or_fields<'a>(
    whole: &[Attribute],
    fields: impl IntoIterator<Item = &'a Fields>,
    ruled: &HashSet<String>,
) -> bool {
    let mut fields = fields.into_iter().flatten();
    whole.iter().any(is_garde)
        || fields.any(|Field { attrs, ty, .. }| {
            // What is wrong with them is told elsewhere.
            let rules = of_field(attrs, &Errors::default());
            rules.is_anything() || rules.skip.is_none() && first_ruled(ty, ruled).is_some()
        })
}

/// The first name in a type that is one of these.
fn first_ruled(ty: &Type, ruled: &HashSet<String>) -> Option<Ident> {
    struct Look<'a>(&'a HashSet<String>, Option<Ident>);
    impl VisitMut for Look<'_> {
        fn visit_path_mut(&mut self, path: &mut Path) {
            let is_here = path.segments.len() == 1
                || path.segments.len() == 2
                    && path.segments.first().is_some_and(|s| s.ident == "self");
            let last = path.segments.last().filter(|_| is_here).map(|segment| &segment.ident);
            if let (None, Some(ident)) = (&self.1, last)
                && self.0.contains(&names::text(ident))
            {
                self.1 = Some(ident.clone());
            }
            visit_mut::visit_path_mut(self, path);
        }
    }
    let mut look = Look(ruled, None);
    look.visit_type_mut(&mut ty.clone());
    look.1
}

/// Takes rules out of where nothing is held to them, and reports them.
fn misplaced(contract: &mut Contract, errors: &Errors) {
    let take = |attrs: &mut Vec<Attribute>, item: &str| {
        attrs.retain(|attr| {
            let is_misplaced = is_garde(attr);
            if is_misplaced {
                let text = format!(
                    "`#[garde]` belongs on a field of a type or an event, or on an argument of a request; \
                     this is {item}"
                );
                errors.at(attr, text);
            }
            !is_misplaced
        });
    };
    take(&mut contract.attrs, "the module of a contract");
    for item in &mut contract.types {
        match item {
            PlainType::Struct(_) => {}
            PlainType::Enum(item) => {
                item.variants.iter_mut().for_each(|variant| take(&mut variant.attrs, "a variant"));
            }
            PlainType::Alias(item) => take(&mut item.attrs, "a type alias"),
        }
    }
    for error in &mut contract.errors {
        take(&mut error.attrs, "an error");
        for variant in error.variants.iter_mut().map(|error| &mut error.variant) {
            take(&mut variant.attrs, "an error");
            for field in &mut variant.fields {
                take(&mut field.attrs, "a field of an error, which is an answer");
            }
        }
    }
}
