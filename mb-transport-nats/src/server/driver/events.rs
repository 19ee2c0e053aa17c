//! Events that clients emit.

use std::{sync::Arc, time::Duration};

use async_nats::Message as NatsMessage;
use mb_core::{Fault, Message, Name, Published};
use tokio::time::timeout;

use super::{
    super::{places::Taken, station::Entry},
    Driver, Kind, Station, full_name,
};
use crate::{headers, reply::body, served::Served};

impl Driver {
    pub(super) fn emitted(&mut self, message: NatsMessage) {
        let Some(name) = full_name(&message.subject) else { return };
        let headers = message.headers.as_ref();
        let base = headers::get(headers, headers::FROM);
        let from = base.and_then(|base| self.station.known(base));
        let token = headers::get(headers, headers::TOKEN);
        let served = match (&from, token) {
            _ if let Err(fault) = self.station.fits(&name, &message) => Err(fault),
            (Some(entry), _) => Ok(Arc::clone(&entry.served)),
            (None, None) => match base {
                Some(base) => return self.joined_first(base.to_owned(), name, message),
                None => self.station.stranger(),
            },
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

    /// Takes an event of a client that this server does not know yet, when it does: it may have come a
    /// moment ago. What comes meanwhile overtakes it.
    fn joined_first(&self, base: String, name: String, message: NatsMessage) {
        let station = Arc::clone(&self.station);
        let Some(places) = station.hold(&base, message.length) else {
            return tracing::debug!(
                name,
                "an event was not taken: too many wait for who has sent them"
            );
        };
        self.station.hand_on(async move {
            let _places = places;
            let Ok(entry) = timeout(PATIENCE, station.known_soon(&base)).await else {
                return tracing::debug!(
                    name,
                    "an event was not taken: nobody knows who has sent it"
                );
            };
            let taken = station.take(&entry.served, &name, &message);
            let done = async { taken?.done().await };
            if let Err(fault) = done.await {
                tracing::debug!(%fault, name, "an event was not taken");
                entry.back.tell_error(&fault);
            }
        });
    }

    /// Takes an event when it is known who shows this token. Nobody else waits for that: what comes
    /// meanwhile overtakes it.
    fn asked_first(&self, token: String, name: String, message: NatsMessage) {
        let station = Arc::clone(&self.station);
        self.station.hand_on(async move {
            let taking = async {
                let served = station.bearer(&token, message.length).await?;
                station.take(&served, &name, &message)?.done().await
            };
            if let Err(fault) = taking.await {
                tracing::debug!(%fault, name, "an event was not taken");
            }
        });
    }
}

/// How long an event waits until it is known who has sent it.
const PATIENCE: Duration = Duration::from_secs(2);

impl Station {
    /// A client that has joined, where it is known who it is.
    fn known(&self, base: &str) -> Option<Arc<Entry>> {
        self.client(base).filter(|entry| entry.logins.is_settled())
    }

    async fn known_soon(&self, base: &str) -> Arc<Entry> {
        let mut settled = self.settled.subscribe();
        loop {
            if let Some(entry) = self.known(base) {
                return entry;
            }
            // The sender is part of `self`: no wait fails.
            let _ = settled.changed().await;
        }
    }

    /// Room for an event of a client that is not known yet. Who has not even joined may be anybody's
    /// making, and takes nobody else's.
    fn hold(&self, base: &str, bytes: usize) -> Option<(Option<Taken>, Taken)> {
        match self.client(base) {
            Some(entry) => Some((Some(entry.held.take(bytes)?), self.held.take(bytes)?)),
            None => Some((None, self.unheard_of.take(bytes)?)),
        }
    }

    /// Hands an event that was emitted to the server.
    fn take(&self, served: &Served, name: &str, message: &NatsMessage) -> Result<Published, Fault> {
        let headers = message.headers.as_ref();
        let context = headers::context(headers)?;
        let body = body(headers, message.payload.clone(), &self.codecs)?;
        let event = Arc::new(Message::new(Name::text(name.to_owned()), context, body));
        Ok(served.link.publish(&event))
    }
}
