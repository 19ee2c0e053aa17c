//! A link that sends everything through a codec and back, as a network would: bodies, contexts,
//! errors. What does not survive that does not arrive.

use std::sync::Arc;

use futures_core::future::BoxFuture;
use futures_util::StreamExt;
use mb_core::{
    Answer, AnyError, Body, Calling, Codec, Context, EncodeError, EndReason, Failure, Fault,
    FaultKind, Link, Message, Name, Published, Streaming, SubscriptionId, WireContext, WireError,
    refused_stream,
};

pub(crate) struct Reencode {
    link: Arc<dyn Link>,
    codec: Codec,
}

impl Reencode {
    pub(crate) fn new(link: Arc<dyn Link>, codec: Codec) -> Self {
        Self { link, codec }
    }

    fn message(&self, message: &Message) -> Result<Message, Fault> {
        let refuse = |error: EncodeError| {
            let reason = format!("{} {error}", message.name());
            Fault::new(FaultKind::ValidationFailed, reason)
        };
        let body = message.body().encode(&self.codec).map_err(refuse)?;
        let context = match message.context().to_wire() {
            None => Context::new(),
            Some(wire) => {
                let wire: WireContext = through(&self.codec, &wire)?;
                Context::from_wire(wire)
            }
        };
        // A name crosses as text: what it stands for is the receiver's to say.
        let name = Name::text(message.name().as_str());
        Ok(Message::new(name, context, body.into()))
    }
}

/// An answer as it arrives on the other side.
fn answer(codec: &Codec, answer: Answer) -> Answer {
    match answer {
        Ok(body) => match body.encode(codec) {
            Ok(encoded) => Ok(Body::from(encoded)),
            Err(error) => {
                // What the type says about itself is the server's business.
                tracing::error!(%error, "a reply cannot be written");
                let reason = format!("the reply cannot be written as {}", codec.name());
                Err(Fault::new(FaultKind::Internal, reason).into())
            }
        },
        Err(Failure::Declared(error)) => error_reply(codec, &error.to_wire()),
        Err(Failure::Fault(fault)) => error_reply(codec, &fault.to_wire()),
    }
}

fn error_reply(codec: &Codec, error: &WireError) -> Answer {
    let error: WireError = through(codec, error)?;
    Err(Failure::Declared(AnyError::from(error)))
}

fn through<T>(codec: &Codec, value: &T) -> Result<T, Fault>
where
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let bytes = codec.encode(value).map_err(Fault::internal)?;
    codec.decode(&bytes).map_err(Fault::internal)
}

impl Link for Reencode {
    fn call(&self, request: Message) -> Calling {
        let request = match self.message(&request) {
            Ok(request) => request,
            Err(fault) => return Calling::refused(fault),
        };
        let calling = self.link.call(request);
        let codec = self.codec.clone();
        let answered: BoxFuture<'static, Answer> =
            Box::pin(async move { answer(&codec, calling.await) });
        Calling::from(answered)
    }

    fn stream(&self, request: Message) -> Streaming {
        let request = match self.message(&request) {
            Ok(request) => request,
            Err(fault) => return refused_stream(fault),
        };
        let codec = self.codec.clone();
        self.link.stream(request).map(move |item| answer(&codec, item)).boxed()
    }

    fn publish(&self, event: &Arc<Message>) -> Published {
        match self.message(event) {
            Ok(event) => self.link.publish(&Arc::new(event)),
            Err(fault) => Published::Refused(fault),
        }
    }

    fn subscribe(&self, events: Vec<String>) -> BoxFuture<'static, Result<SubscriptionId, Fault>> {
        self.link.subscribe(events)
    }

    fn unsubscribe(&self, subscription: SubscriptionId) {
        self.link.unsubscribe(subscription);
    }

    fn close(&self, reason: EndReason) {
        self.link.close(reason);
    }
}
