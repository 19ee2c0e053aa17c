//! Events that clients emit.

use std::sync::Arc;

use async_nats::Message as NatsMessage;
use mb_core::{Message, Name, Published};

use super::{Driver, Kind, full_name};
use crate::{headers, reply::body};

impl Driver {
    pub(super) fn emitted(&mut self, message: NatsMessage) {
        let Some(name) = full_name(&message.subject) else { return };
        let headers = message.headers.as_ref();
        let from = headers::get(headers, headers::FROM).and_then(|base| self.station.client(base));
        let served = match from {
            Some(entry) => Arc::clone(&entry.served),
            None => match self.station.stranger() {
                Ok(served) => served,
                Err(fault) => return tracing::debug!(%fault, "an event was not taken"),
            },
        };
        let read = headers::context(headers).and_then(|context| {
            Ok((context, body(headers, message.payload.clone(), &self.station.codecs)?))
        });
        let (context, body) = match read {
            Ok(read) => read,
            Err(fault) => return tracing::debug!(%fault, name, "an event cannot be read"),
        };
        let event = Arc::new(Message::new(Name::text(name), context, body));
        match served.link.publish(&event) {
            Published::Accepted => {}
            Published::Waiting(rest) => {
                self.waiting = Some(rest);
                self.intake.pause(Some(Kind::Emitted));
            }
            Published::Refused(fault) => tracing::debug!(%fault, "an event was not taken"),
        }
    }
}
