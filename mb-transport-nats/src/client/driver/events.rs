//! Events that come, and whose they are.

use std::sync::Arc;

use async_nats::Message as NatsMessage;
use mb_core::{Body, Context, Message, Name, Published};

use super::{Driver, Kind};
use crate::{headers, reply::body, token::decode};

impl Driver {
    pub(super) fn event(&mut self, message: NatsMessage) {
        let headers = message.headers.as_ref();
        let name = match headers::get(headers, headers::NAME) {
            Some(name) => name.to_owned(),
            None => match event_name(&message.subject) {
                Some(name) if self.shared.wants(&name) => name,
                _ => return,
            },
        };
        let read = headers::context(headers).and_then(|context| {
            Ok((context, body(headers, message.payload.clone(), &self.shared.out.codecs)?))
        });
        let (context, body) = match read {
            Ok(read) => read,
            Err(fault) => return tracing::debug!(%fault, name, "an event cannot be read"),
        };
        let context = match self.announcer(&message) {
            Some(server) if context.source().is_none() => context.with_source(server),
            _ => context,
        };
        let event = Arc::new(Message::new(Name::text(name), context, body));
        match self.shared.inbound.publish(&event) {
            Published::Accepted => {}
            Published::Waiting(rest) => {
                // The next events wait in the engine's client, and nothing else does.
                self.waiting = Some(rest);
                self.intake.pause(Some(Kind::Event));
            }
            Published::Refused(fault) => tracing::debug!(%fault, "an event was not taken"),
        }
    }

    /// Says to whoever listens to the client's errors what nobody else can be told.
    pub(super) fn tell_error(&self, fault: &mb_core::Fault) {
        let body = Body::new(serde_json::to_value(fault.to_wire()).unwrap_or_default());
        let event = Message::new(Name::text("$error"), Context::new(), body);
        // Nobody waits for it.
        drop(self.shared.inbound.publish(&Arc::new(event)));
    }

    /// Which server an event comes from: its reply subject leads there.
    fn announcer(&self, message: &NatsMessage) -> Option<String> {
        let mut tokens = message.reply.as_ref()?.rsplit('.');
        let (_, instance) = (tokens.next()?, tokens.next()?);
        let roster = self.shared.roster.borrow();
        let known = roster.servers.iter().find(|known| known.joined.instance == instance);
        known.map(|known| known.joined.server_id.clone())
    }
}

/// The full name of the event that is announced on a subject: `P.<contract>.v<major>.evt.<name>`, or
/// `P.$sys.evt.<name>`.
fn event_name(subject: &str) -> Option<String> {
    let mut tokens = subject.rsplit('.');
    let name = decode(tokens.next()?)?;
    let _ = tokens.next()?;
    match tokens.next()? {
        "$sys" => Some(name),
        _ => Some(format!("{}/{name}", decode(tokens.next()?)?)),
    }
}
