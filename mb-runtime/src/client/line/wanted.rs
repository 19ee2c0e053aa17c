//! What a line is subscribed to, on whichever connection is behind it.

use std::sync::{Arc, atomic::Ordering};

use mb_core::{Fault, FaultKind, Link, SubscriptionId};
use tokio::time::timeout;

use super::Line;

/// A subscription, as this side knows it, and as the server does.
pub(super) struct Wanted {
    events: Vec<String>,
    pub(super) there: Option<SubscriptionId>,
    /// Whether the present connection has refused it.
    refused: bool,
}

impl Line {
    pub(super) async fn subscribe_again(&self, link: &dyn Link) -> Result<(), Fault> {
        let wanted: Vec<_> = {
            let mut wanted = self.wanted();
            wanted.values_mut().for_each(|wanted| {
                wanted.there = None;
                wanted.refused = false;
            });
            wanted.iter().map(|(id, wanted)| (id.clone(), wanted.events.clone())).collect()
        };
        for (id, events) in wanted {
            let there = match self.ask(link, events).await {
                Ok(there) => there,
                Err(fault) if is_denial(&fault) => {
                    // Whoever is logged in may not read it now: somebody may after the next login.
                    self.inbound.report(fault);
                    if let Some(wanted) = self.wanted().get_mut(&id) {
                        wanted.refused = true;
                    }
                    continue;
                }
                Err(fault) => return Err(fault),
            };
            match self.wanted().get_mut(&id) {
                Some(wanted) => wanted.there = Some(there),
                // Taken back meanwhile.
                None => link.unsubscribe(there),
            }
        }
        Ok(())
    }

    /// Asks once more for what the present connection has refused: somebody else is logged in now.
    pub(in crate::client) async fn subscribe_refused(&self) {
        let Ok((number, link)) = self.link() else { return };
        let refused: Vec<_> = {
            let mut wanted = self.wanted();
            let refused = wanted.iter_mut().filter(|(_, wanted)| wanted.refused);
            // Whoever asks for it has it in hand: two logins at once do not make two subscriptions.
            refused
                .map(|(id, wanted)| {
                    wanted.refused = false;
                    (id.clone(), wanted.events.clone())
                })
                .collect()
        };
        for (id, events) in refused {
            let asked = self.ask(&*link, events).await;
            // On a connection that was lost meanwhile it means nothing any more: the next one asks.
            if !self.link().is_ok_and(|(current, _)| current == number) {
                return;
            }
            let there = match asked {
                Ok(there) => Some(there),
                Err(fault) => {
                    self.inbound.report(fault);
                    None
                }
            };
            match self.wanted().get_mut(&id) {
                Some(wanted) => {
                    wanted.refused = there.is_none();
                    wanted.there = there;
                }
                // Taken back meanwhile.
                None => {
                    if let Some(there) = there {
                        link.unsubscribe(there);
                    }
                }
            }
        }
    }

    /// Subscribes on one connection. A server that answers everything but this must not hold a
    /// client up.
    async fn ask(&self, link: &dyn Link, events: Vec<String>) -> Result<SubscriptionId, Fault> {
        let limit = self.dialer.limits.handshake;
        timeout(limit, link.subscribe(events)).await.unwrap_or_else(|_| {
            let reason = format!("the server did not answer a subscription within {limit:?}");
            Err(Fault::new(FaultKind::Timeout, reason).with_retryable(true))
        })
    }

    pub(super) async fn subscribe(
        self: Arc<Self>,
        events: Vec<String>,
    ) -> Result<SubscriptionId, Fault> {
        let (number, link) = self.link()?;
        let id = SubscriptionId(self.next.fetch_add(1, Ordering::Relaxed).to_string().into());
        // Noted before it is there: a connection made meanwhile makes it too.
        let place = Noted { line: &self, id: Some(id.clone()) };
        self.wanted()
            .insert(id.clone(), Wanted { events: events.clone(), there: None, refused: false });
        let there = self.ask(&*link, events).await;
        match there {
            Ok(there) => {
                // On a connection that was lost meanwhile it means nothing any more.
                if self.link().is_ok_and(|(current, _)| current == number)
                    && let Some(wanted) = self.wanted().get_mut(&id)
                {
                    wanted.there = Some(there);
                }
            }
            // Lost on the way: the next connection makes it.
            Err(fault) if fault.may_have_run() && self.link().is_err() => {}
            Err(fault) => return Err(fault),
        }
        place.keep();
        Ok(id)
    }
}

fn is_denial(fault: &Fault) -> bool {
    matches!(fault.kind(), FaultKind::Forbidden | FaultKind::AuthenticationRequired)
}

/// A subscription that is forgotten unless somebody keeps it.
struct Noted<'a> {
    line: &'a Line,
    id: Option<SubscriptionId>,
}

impl Noted<'_> {
    fn keep(mut self) {
        self.id = None;
    }
}

impl Drop for Noted<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id.take() {
            self.line.wanted().remove(&id);
        }
    }
}
