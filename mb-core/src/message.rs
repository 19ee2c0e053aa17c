//! A message: its name, its context, its body. What transports move and middleware sees.

use std::{fmt, sync::Arc};

use bytes::Bytes;

use crate::{Body, Codec, Context, Event, EventDescriptor, Request, RequestDescriptor};

/// One request or event on its way.
pub struct Message {
    name: Name,
    context: Context,
    body: Body,
}

/// What a message is called: a declaration of a contract, or a bare string from elsewhere.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Name {
    /// A request this program's contracts declare.
    Request(&'static RequestDescriptor),
    /// An event this program's contracts declare.
    Event(&'static EventDescriptor),
    /// A name as somebody wrote it, in full (`orders/createOrder`) or bare (`createOrder`).
    Text(Arc<String>),
}

impl Name {
    /// A name as somebody wrote it.
    pub fn text(name: impl Into<String>) -> Self {
        Self::Text(Arc::new(name.into()))
    }

    /// The name in full, or as it was written.
    #[inline]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Request(request) => request.full_name,
            Self::Event(event) => event.full_name,
            Self::Text(text) => text,
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl Message {
    /// A message of any name.
    #[inline]
    pub fn new(name: Name, context: Context, body: Body) -> Self {
        Self { name, context, body }
    }

    /// A declared request.
    #[inline]
    pub fn request<R: Request>(request: R) -> Self {
        Self::new(Name::Request(R::DESCRIPTOR), Context::new(), Body::new(request))
    }

    /// A declared event. Its readers share the value.
    pub fn event<E: Event>(event: Arc<E>) -> Self {
        Self::new(Name::Event(E::DESCRIPTOR), Context::new(), Body::shared(event))
    }

    /// The whole message as a frame of this codec. Where its body is shared, as an event's is, it is
    /// written by `write` when it is first asked for, and then the same for all of its readers.
    pub fn frame<E>(
        &self,
        codec: &Codec,
        write: impl FnOnce() -> Result<Bytes, E>,
    ) -> Result<Bytes, E> {
        self.body.frame(codec, write)
    }

    /// What it is called.
    #[inline]
    pub fn name(&self) -> &Name {
        &self.name
    }

    /// What surrounds it.
    #[inline]
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// What it carries.
    pub fn body(&self) -> &Body {
        &self.body
    }

    /// Calls it by what it was found to be.
    #[doc(hidden)]
    pub fn set_name(&mut self, name: Name) {
        self.name = name;
    }

    /// Gives it another body.
    pub fn set_body(&mut self, body: Body) {
        self.body = body;
    }

    /// The same message once more, say to send it again. Its context is the same, down to the id. A
    /// typed payload is not copied, but shared from here on: one that is decoded while there are
    /// copies of it goes the long way through JSON.
    #[must_use]
    pub fn copy(&mut self) -> Self {
        let body = self.body.share_from_now_on();
        Self { name: self.name.clone(), context: self.context.clone(), body }
    }

    /// Gives it another context. On a receiver's side, who the caller is and who is acting stay what
    /// they are.
    #[inline]
    pub fn set_context(&mut self, mut context: Context) {
        context.replace(&mut self.context);
        self.context = context;
    }

    /// What surrounds it, to be changed in its place.
    #[inline]
    pub fn context_mut(&mut self) -> &mut Context {
        &mut self.context
    }

    /// Takes its context, and leaves an empty one. On a receiver's side, who the caller is goes along.
    #[doc(hidden)]
    pub fn take_context(&mut self) -> Context {
        std::mem::take(&mut self.context)
    }

    /// The same message with another context.
    #[must_use]
    pub fn with_context(mut self, context: Context) -> Self {
        self.context = context;
        self
    }

    /// The message taken apart.
    #[inline]
    pub fn into_parts(self) -> (Name, Context, Body) {
        (self.name, self.context, self.body)
    }
}

/// Never shows the body's content.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("name", &self.name.as_str())
            .field("context", &self.context)
            .field("body", &self.body)
            .finish()
    }
}
