//! Whose a request is: a client's that has joined, somebody's who shows a token, or a stranger's.

use std::sync::Arc;

use async_nats::Message as NatsMessage;
use mb_core::{Fault, FaultKind};

use super::super::{station::Station, stats::Endpoint};
use crate::{
    headers,
    pending::Key,
    reply::{Reply, too_large},
    served::{Served, send},
    subjects::last,
};

/// What anybody may ask the system, whoever they are.
const OPEN_TO_ALL: [&str; 2] = ["$ping", "$serverInfo"];

impl Station {
    /// Serves a request of this name for whoever has sent it.
    pub(super) async fn request(
        self: &Arc<Self>,
        name: &str,
        message: NatsMessage,
        endpoint: Option<Arc<Endpoint>>,
    ) {
        let station = self;
        let Some(last) = message.reply.as_ref().map(|reply| last(reply)) else { return };
        let token = headers::get(message.headers.as_ref(), headers::TOKEN);
        // Who shows a token is who that says, and has not joined.
        let sender = if token.is_none() { station.sender(message.reply.as_ref()) } else { None };
        let served = match sender {
            Some(entry) if name == "$logout" || (name == "$login" && entry.logins.is_at_rest()) => {
                let number = headers::get(message.headers.as_ref(), headers::LOGIN);
                let number = number.and_then(|number| number.parse().ok());
                let asked = entry.logins.asked(number);
                station.settled.send_replace(());
                asked.map(|()| Arc::clone(&entry.served))
            }
            // One of ours, which this server does not know yet, or not as whom.
            // A login that fails would leave it so.
            Some(entry) if name == "$login" || !entry.logins.is_settled() => {
                return station.unknown(message).await;
            }
            None if token.is_none() && Key::read(last).is_some() => {
                return station.unknown(message).await;
            }
            Some(entry) => Ok(Arc::clone(&entry.served)),
            // Who has not joined shares a connection with others, or has one for as long as a token is
            // remembered: it is nobody's to name, to log in on, or to end.
            None if name.starts_with('$') && !OPEN_TO_ALL.contains(&name) => {
                let reason = format!(
                    "{name} is for clients that have joined: log in by the header Mb-Token"
                );
                Err(Fault::new(FaultKind::Forbidden, reason))
            }
            None => match token {
                None => station.stranger(),
                Some(token) => match station.bearers.fresh(token) {
                    Some(served) => Ok(served),
                    None if let Err(fault) = station.fits(name, &message) => Err(fault),
                    None => {
                        let token = token.to_owned();
                        return station.asked_first(token, name.to_owned(), message, endpoint);
                    }
                },
            },
        };
        station.serve(served, name, message, endpoint).await;
    }

    /// Has a client join, and ask again.
    async fn unknown(&self, message: NatsMessage) {
        let Some(reply) = message.reply else { return };
        let unknown = Reply::status(headers::STATUS_UNKNOWN, &self.instance);
        send(&self.nats, reply, unknown).await;
    }

    /// Whether a message is one that this server takes: asked before it waits for anything.
    pub(super) fn fits(&self, name: &str, message: &NatsMessage) -> Result<(), Fault> {
        let (size, limit) = (message.payload.len(), self.limits.max_message);
        if size > limit {
            return Err(too_large(name, size, limit));
        }
        Ok(())
    }

    /// Goes on with a message when it is known who has sent it: a stop waits for that.
    pub(super) fn hand_on(&self, handing: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(self.handing.track_future(handing));
    }

    /// Serves a request when it is known who shows this token.
    fn asked_first(
        self: &Arc<Self>,
        token: String,
        name: String,
        message: NatsMessage,
        endpoint: Option<Arc<Endpoint>>,
    ) {
        let station = Arc::clone(self);
        self.hand_on(async move {
            let served = station.bearer(&token, message.length).await;
            station.serve(served, &name, message, endpoint).await;
        });
    }

    async fn serve(
        &self,
        served: Result<Arc<Served>, Fault>,
        name: &str,
        message: NatsMessage,
        endpoint: Option<Arc<Endpoint>>,
    ) {
        let station = self;
        match served {
            Ok(served) => served.request(&station.nats, name, message, endpoint).await,
            Err(fault) => {
                let Some(reply) = message.reply else { return };
                send(&station.nats, reply, Reply::fault(&fault)).await;
            }
        }
    }
}
