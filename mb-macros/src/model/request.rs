//! `#[request]`: a function without a body, answered once or by a stream.

use std::time::Duration;

use quote::ToTokens;
use syn::{
    Attribute, FnArg, GenericArgument, Ident, Pat, PathArguments, ReturnType, Safety, Signature,
    Type, TypeParamBound, parse_quote,
};

use super::{
    Access,
    attributes::{Keys, Marker, Marks, docs, is_doc},
    plain, timeout,
    travel::check_type,
};
use crate::{errors::Errors, names, parse::RequestFn};

/// A request.
pub(crate) struct Request {
    /// Its documentation, and `#[deprecated]`: for the methods.
    pub(crate) method_attrs: Vec<Attribute>,
    /// Its documentation, and every other attribute of the user's: for the payload.
    pub(crate) payload_attrs: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) payload: Ident,
    pub(crate) wire_name: String,
    pub(crate) docs: String,
    pub(crate) detached: bool,
    pub(crate) idempotent: bool,
    /// How long it may take, where the contract says so.
    pub(crate) timeout: Option<Duration>,
    /// Who may, where it says so.
    pub(crate) access: Option<Access>,
    /// Whether it says so in a way that cannot be read.
    pub(crate) unclear: bool,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) reply: Reply,
}

/// One argument: a field of the payload.
pub(crate) struct Argument {
    pub(crate) attrs: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) ty: Type,
}

/// What a request answers.
pub(crate) struct Reply {
    pub(crate) ty: Type,
    /// `None` where it cannot fail by contract.
    pub(crate) error: Option<Type>,
    pub(crate) streamed: bool,
}

impl Request {
    pub(super) fn new(mut item: RequestFn, errors: &Errors) -> Option<Self> {
        let marks = Marks::take(&mut item.attrs, errors);
        marks.allow(&[Marker::Request, Marker::Access], "a request", errors);
        let rule = marks.find(Marker::Access);
        let access = rule.and_then(|mark| Access::of_request(mark, errors));
        let unclear = rule.is_some() && access.is_none();
        let signature = item.signature;
        if item.semicolon.is_none()
            && let Some(last) = signature.to_token_stream().into_iter().last()
        {
            errors.at(last, "expected `;` after this");
        }
        let ident = signature.ident.clone();
        plain::check_visibility(&item.vis, errors);
        let (mut wire_name, mut detached, mut idempotent) = (names::wire(&ident), false, false);
        let (mut timeout, mut timeout_key) = (None, None);
        match marks.find(Marker::Request) {
            Some(mark) => {
                let keys =
                    Keys::read(mark, &["rename", "detached", "idempotent", "timeout"], errors);
                wire_name = keys.wire_name("rename", errors).unwrap_or(wire_name);
                detached = keys.flag("detached", errors);
                idempotent = keys.flag("idempotent", errors);
                timeout = timeout::read(&keys, errors);
                timeout_key = keys.word("timeout").cloned();
            }
            None => errors
                .at(&ident, "a function in a contract is a request: write `#[request]` above it"),
        }
        check_qualifiers(&signature, errors);
        let named = plain::check_name(&ident, errors);
        let arguments = arguments(&signature, errors);
        let reply = reply(&signature, errors);
        let (arguments, reply) = (arguments?, reply?);
        // Its types would not be found without its parameters: that error would say nothing new.
        if !named || !signature.generics.params.is_empty() {
            return None;
        }
        if detached && reply.streamed {
            errors
                .at(&ident, "a streamed request cannot be detached: it runs only while it is read");
        }
        if idempotent && reply.streamed {
            errors.at(
                &ident,
                "a streamed request cannot be idempotent: a stream that was cut does not begin again by itself",
            );
        }
        if let Some(key) = timeout_key {
            let reason = if reply.streamed {
                Some(
                    "a stream has no time limit of its own: take `timeout` out; whoever reads it says `.timeout(..)`",
                )
            } else if detached {
                Some(
                    "a detached request runs to its end: take `timeout` out; whoever waits for it says `.timeout(..)`",
                )
            } else {
                None
            };
            reason.inspect(|reason| errors.at(key, reason));
        }
        let docs = docs(&item.attrs);
        let is_one_of =
            |attr: &Attribute, names: &[&str]| names.iter().any(|name| attr.path().is_ident(name));
        // Docs and lints are said of both; an expectation is met once.
        let of_both =
            |attr: &Attribute| is_doc(attr) || is_one_of(attr, &["allow", "warn", "deny"]);
        let of_method = |attr: &Attribute| is_one_of(attr, &["deprecated", "expect"]);
        let method_attrs =
            item.attrs.iter().filter(|attr| of_both(attr) || of_method(attr)).cloned().collect();
        let payload_attrs = item.attrs.into_iter().filter(|attr| !of_method(attr)).collect();
        let payload = names::payload(&ident);
        if payload == "Self" {
            errors.at(&ident, "a request's payload cannot be called `Self`: give it another name");
            return None;
        }
        Some(Self {
            method_attrs,
            payload_attrs,
            ident,
            payload,
            wire_name,
            docs,
            detached,
            idempotent,
            timeout,
            access,
            unclear,
            arguments,
            reply,
        })
    }
}

fn check_qualifiers(signature: &Signature, errors: &Errors) {
    if let Some(word) = &signature.constness {
        errors.at(word, "a request is sent at run time: take `const` out");
    }
    if !matches!(signature.safety, Safety::Default) {
        errors.at(&signature.safety, "a request is always safe to send: take `unsafe` out");
    }
    if let Some(word) = &signature.abi {
        errors.at(word, "a request is no foreign function: take `extern` out");
    }
    if let Some(dots) = &signature.variadic {
        errors.at(dots, "a request has a fixed list of arguments");
    }
    plain::check_not_generic(&signature.generics, "a request", errors);
}

fn arguments(signature: &Signature, errors: &Errors) -> Option<Vec<Argument>> {
    let mut arguments = Vec::new();
    let mut whole = true;
    for input in &signature.inputs {
        match input {
            FnArg::Receiver(receiver) => {
                errors.at(
                    receiver,
                    "a request has no `self`: the service and the context are added where it is \
                     implemented",
                );
                whole = false;
            }
            FnArg::Typed(typed) => {
                let mut attrs = typed.attrs.clone();
                let marks = Marks::take(&mut attrs, errors);
                marks.allow(&[Marker::Sensitive], "an argument", errors);
                marks.keep_sensitive(&mut attrs, errors);
                whole &= check_type(&typed.ty, "an argument", errors);
                match &*typed.pat {
                    Pat::Ident(pat)
                        if pat.by_ref.is_none()
                            && pat.mutability.is_none()
                            && pat.subpat.is_none() =>
                    {
                        let ty = (*typed.ty).clone();
                        whole &= plain::check_name(&pat.ident, errors);
                        if let Some(first) = argument_called(&arguments, &pat.ident) {
                            let message = format!("two arguments are called `{}`", pat.ident);
                            errors.at_both(&pat.ident, message, first, "the first one");
                            continue;
                        }
                        arguments.push(Argument { attrs, ident: pat.ident.clone(), ty });
                    }
                    other => {
                        errors.at(other, "an argument travels by its name: write `name: Type`");
                        whole = false;
                    }
                }
            }
        }
    }
    whole.then_some(arguments)
}

fn argument_called<'a>(arguments: &'a [Argument], name: &Ident) -> Option<&'a Ident> {
    arguments.iter().map(|argument| &argument.ident).find(|ident| *ident == name)
}

fn reply(signature: &Signature, errors: &Errors) -> Option<Reply> {
    let unit: Type = parse_quote!(());
    let declared = match &signature.output {
        ReturnType::Default => &unit,
        ReturnType::Type(_, ty) => bare(ty),
    };
    let (once, streamed) = match declared {
        Type::ImplTrait(stream) => {
            let Some(item) = stream_item(&stream.bounds) else {
                errors
                    .at(stream, "a request answers once, or by `impl Stream<Item = Result<T, E>>`");
                return None;
            };
            (item, true)
        }
        Type::Path(path) if path.path.segments.last().is_some_and(|s| s.ident == "Stream") => {
            errors.at(path, "a stream is one of many types: write `impl Stream<Item = ..>`");
            return None;
        }
        other => (other, false),
    };
    match (&signature.asyncness, streamed) {
        (Some(word), true) => {
            errors.at(
                word,
                "a streamed reply is a stream from the start: write `fn`, without `async`",
            );
        }
        (None, false) => errors.at(
            signature.fn_token,
            "a request is answered later: write `async fn`, or answer by `impl Stream<Item = ..>`",
        ),
        _ => {}
    }
    let (ty, error) = result_of(bare(once), errors)?;
    let sound = check_type(&ty, "a reply", errors)
        & error.as_ref().is_none_or(|error| check_type(error, "an error", errors));
    sound.then_some(Reply { ty, error, streamed })
}

/// A type without what only holds it together: parentheses, or a macro's own brackets.
fn bare(ty: &Type) -> &Type {
    match ty {
        Type::Paren(inner) => bare(&inner.elem),
        Type::Group(inner) => bare(&inner.elem),
        ty => ty,
    }
}

/// `T` and `E` of `Result<T, E>`, or any other type by itself.
fn result_of(ty: &Type, errors: &Errors) -> Option<(Type, Option<Type>)> {
    let Type::Path(path) = ty else { return Some((ty.clone(), None)) };
    let Some(last) = path.path.segments.last() else { return Some((ty.clone(), None)) };
    let is_reply = last.ident == "Reply" && !last.arguments.is_empty();
    if is_reply {
        errors.at(
            &last.ident,
            "`Reply` is what the service answers: the contract says `Result<T, E>`, or `T`",
        );
    } else if last.ident != "Result" {
        return Some((ty.clone(), None));
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else {
        // A type of the user's that is called `Result`.
        return Some((ty.clone(), None));
    };
    let types: Vec<&Type> = arguments
        .args
        .iter()
        .filter_map(|argument| match argument {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        })
        .collect();
    match types.as_slice() {
        [ty, error] => Some(((*ty).clone(), Some((*error).clone()))),
        [ty] if is_reply => Some(((*ty).clone(), None)),
        _ => {
            errors.at(ty, "a request says what it may fail with: write `Result<T, E>`, `E` being an `#[error]` enum");
            None
        }
    }
}

fn stream_item<'a>(bounds: impl IntoIterator<Item = &'a TypeParamBound>) -> Option<&'a Type> {
    let mut bounds = bounds.into_iter();
    let (Some(TypeParamBound::Trait(bound)), None) = (bounds.next(), bounds.next()) else {
        return None;
    };
    let last = bound.path.segments.last().filter(|last| last.ident == "Stream")?;
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::AssocType(item) if item.ident == "Item" => Some(&item.ty),
        _ => None,
    })
}
