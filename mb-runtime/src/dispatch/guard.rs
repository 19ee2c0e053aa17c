//! What a contract's `guard` comes to: a question about this very request, asked by the service itself
//! before its handler, inside everything that surrounds a handler.

use std::future::Future;

use futures_core::Stream;
use futures_util::TryFutureExt;
use mb_core::{Caller, Failure, Fault, Reply, Request};

use super::Run;
use crate::access::{Who, refused};

impl<S, R: Request> Run<S, R> {
    /// Goes on where the guard has said yes. What it failed with, the request fails with. Generated
    /// code is its only user.
    ///
    /// # Errors
    /// `FORBIDDEN` where it has said no; `AUTHENTICATION_REQUIRED` where nobody is logged in either.
    pub fn pass(&self, answer: Reply<bool>) -> Result<(), Fault> {
        let allowed = answer.map_err(Failure::into_fault)?;
        let context = self.context();
        let (actor, gateway) = (context.actor(), context.gateway());
        let client_id = context.caller().map_or("", Caller::id);
        self.audit().guarded(R::DESCRIPTOR, Who { actor, gateway, client_id }, allowed);
        if allowed { Ok(()) } else { Err(refused(R::DESCRIPTOR.full_name, actor.is_some())) }
    }
}

/// A streamed reply that begins when its guard has said yes. Generated code is its only user.
pub fn guarded<F, S, T, E>(reply: F) -> impl Stream<Item = Reply<T, E>> + Send
where
    F: Future<Output = Result<S, Failure<E>>> + Send,
    S: Stream<Item = Reply<T, E>> + Send,
{
    reply.try_flatten_stream()
}
