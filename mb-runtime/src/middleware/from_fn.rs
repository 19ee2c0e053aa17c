//! A closure as a middleware.

use std::{fmt, future::Future};

use async_trait::async_trait;
use mb_core::Message;

use super::{Handled, Middleware, Next};

/// A closure as a middleware. Made by [`from_fn`].
#[derive(Clone, Copy)]
#[must_use = "it does nothing until a server or a client is given it"]
pub struct FromFn<F>(F);

/// A closure, or an `async fn` of the same shape, as a middleware.
///
/// ```
/// # use mb_runtime::{Message, middleware::{Next, from_fn}};
/// let timed = from_fn(|message: Message, next: Next| async move {
///     let name = message.name().to_string();
///     let start = std::time::Instant::now();
///     let handled = next.run(message).await;
///     println!("{name} took {:?}", start.elapsed());
///     handled
/// });
/// # let _ = timed;
/// ```
pub fn from_fn<F, Fut>(handle: F) -> FromFn<F>
where
    F: Fn(Message, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Handled> + Send + 'static,
{
    FromFn(handle)
}

#[async_trait]
impl<F, Fut> Middleware for FromFn<F>
where
    F: Fn(Message, Next) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Handled> + Send + 'static,
{
    async fn handle(&self, message: Message, next: Next) -> Handled {
        (self.0)(message, next).await
    }
}

impl<F> fmt::Debug for FromFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FromFn")
    }
}
