//! Events that clients emit.

use std::sync::Arc;

use async_nats::Message as NatsMessage;
use mb_core::{Fault, Message, Name, Published};

use super::{Driver, Kind, Station, full_name};
use crate::{
    headers,
    reply::{body, too_large},
    served::Served,
};

impl Driver {
    pub(super) fn emitted(&mut self, message: NatsMessage) {
        let Some(name) = full_name(&message.subject) else { return };
        let headers = message.headers.as_ref();
        let from = headers::get(headers, headers::FROM).and_then(|base| self.station.client(base));
        let token = headers::get(headers, headers::TOKEN);
        let served = match (&from, token) {
            (Some(entry), _) => Ok(Arc::clone(&entry.served)),
            (None, None) => self.station.stranger(),
            (None, Some(token)) => match self.station.bearers.fresh(token) {
                Some(served) => Ok(served),
                None => return self.asked_first(token.to_owned(), name, message),
            },
        };
        let taken = served.and_then(|served| self.station.take(&served, &name, &message));
        match taken {
            Ok(Published::Accepted) => {}
            Ok(Published::Waiting(rest)) => {
                self.waiting = Some(rest);
                self.intake.pause(Some(Kind::Emitted));
            }
            Ok(Published::Refused(fault)) | Err(fault) => {
                tracing::debug!(%fault, name, "an event was not taken");
                if let Some(entry) = from {
                    entry.back.tell_error(&fault);
                }
            }
        }
    }

    /// Takes an event when it is known who shows this token. Nobody else waits for that: what comes
    /// meanwhile overtakes it.
    fn asked_first(&self, token: String, name: String, message: NatsMessage) {
        let station = Arc::clone(&self.station);
        self.station.tracker.spawn(async move {
            let taking = async {
                let served = station.bearer(&token).await?;
                station.take(&served, &name, &message)?.done().await
            };
            if let Err(fault) = taking.await {
                tracing::debug!(%fault, name, "an event was not taken");
            }
        });
    }
}

impl Station {
    /// Hands an event that was emitted to the server.
    fn take(&self, served: &Served, name: &str, message: &NatsMessage) -> Result<Published, Fault> {
        let (size, limit) = (message.payload.len(), self.limits.max_message);
        if size > limit {
            return Err(too_large(name, size, limit));
        }
        let headers = message.headers.as_ref();
        let context = headers::context(headers)?;
        let body = body(headers, message.payload.clone(), &self.codecs)?;
        let event = Arc::new(Message::new(Name::text(name.to_owned()), context, body));
        Ok(served.link.publish(&event))
    }
}
