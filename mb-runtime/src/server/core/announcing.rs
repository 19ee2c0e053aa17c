//! What a server announces: to one of its clients, or to all, through what is around the event.

use std::sync::{Arc, PoisonError, atomic::Ordering};

use futures_core::future::BoxFuture;
use futures_util::future::join_all;
use mb_core::{Fault, Message, Name, Published};

use super::{super::peer::Peer, Core};
use crate::{
    access,
    dispatch::published,
    middleware::{End, Kind, Passing, Way},
    wire::system::is_system,
};

impl Core {
    /// Announces an event to one client or to all, through what is around it.
    pub(super) fn announce(self: &Arc<Self>, event: Message, to: Option<String>) -> Published {
        match self.routes.chain(event.name()) {
            None => self.publish(event, to.as_deref()),
            Some(chain) => {
                let readers = Readers { core: Arc::clone(self), to };
                published(Way::new(Kind::Producer, Arc::clone(chain), readers), &self.gate, event)
            }
        }
    }

    /// An event as it is announced: under its name, and as the server's.
    pub(super) fn prepared(&self, mut event: Message) -> Arc<Message> {
        let context = event.take_context().with_source(self.id().to_owned());
        event.set_context(context);
        // Over a network an event goes by its bare name, unless that could mean several.
        if let Name::Event(descriptor) = *event.name()
            && self.routes.is_ambiguous(descriptor)
        {
            let (_, context, body) = event.into_parts();
            event = Message::new(Name::text(descriptor.full_name), context, body);
        }
        Arc::new(event)
    }

    /// Hands an event to each of some clients that may read it: one payload, shared by all of them.
    pub(super) fn hand(
        &self,
        event: &Arc<Message>,
        readers: &access::Readers,
        to: impl Fn(&Peer) -> bool,
    ) -> (usize, Vec<BoxFuture<'static, Result<(), Fault>>>) {
        let mut reached = 0;
        let mut waiting = Vec::new();
        let number = self.routes.number(event.name().as_str());
        let for_all = is_for_all(event.name());
        let peers = Arc::clone(&self.read());
        for peer in peers.iter().filter(|peer| to(peer)) {
            reached += 1;
            if !(for_all || peer.wants(number)) || !peer.may_read(readers) {
                continue;
            }
            match peer.back().publish(event) {
                Published::Waiting(rest) => waiting.push(rest),
                // A reader that is gone, or that does not wait any longer, has been told so itself.
                Published::Accepted | Published::Refused(_) => {}
            }
        }
        (reached, waiting)
    }

    /// Behind whatever is around the event.
    fn publish(&self, event: Message, to: Option<&str>) -> Published {
        if self.hub.end_reason().is_some() {
            return Published::Refused(Fault::stopped());
        }
        match to {
            None => self.publish_to_all(event),
            Some(id) => self.publish_to_one(id, event),
        }
    }

    fn publish_to_one(&self, id: &str, event: Message) -> Published {
        let readers = self.routes.readers(event.name());
        // Of several connections that say that they are it, those of whoever is logged in there.
        let owner = self.owner_of(id, None);
        let one = |peer: &Peer| {
            peer.caller().id() == id && owner.as_ref().is_none_or(|owner| peer.is(owner))
        };
        let (reached, waiting) = self.hand(&self.prepared(event), &readers, one);
        if reached == 0 {
            // A handler that passes this on may have done things before.
            let missing = Fault::unavailable(format!("no client `{id}` is connected"));
            return Published::Refused(missing.with_retryable(false));
        }
        waited(Vec::new(), waiting)
    }

    /// Over every bus once, and to each client that hears none.
    fn publish_to_all(&self, event: Message) -> Published {
        let buses = Arc::clone(&self.buses.read().unwrap_or_else(PoisonError::into_inner));
        let everybody_hears = !buses.is_empty() && self.alone.load(Ordering::Acquire) == 0;
        // A bus names its server itself.
        let event = if everybody_hears { Arc::new(event) } else { self.prepared(event) };
        let mut announced = Vec::new();
        for bus in buses.iter() {
            match bus.publish(&event) {
                Published::Accepted => {}
                other => announced.push(other),
            }
        }
        if everybody_hears {
            return waited(announced, Vec::new());
        }
        let readers = self.routes.readers(event.name());
        let alone = |peer: &Peer| buses.is_empty() || !peer.back().hears_bus();
        let (_, waiting) = self.hand(&event, &readers, alone);
        waited(announced, waiting)
    }
}

/// Whether everybody gets an event, whatever they asked for.
fn is_for_all(event: &Name) -> bool {
    matches!(event, Name::Text(name) if is_system(name))
}

/// Whom an event is announced to: one client, or all.
struct Readers {
    core: Arc<Core>,
    to: Option<String>,
}

impl Readers {
    fn publish(&self, event: Message) -> Published {
        self.core.publish(event, self.to.as_deref())
    }
}

/// What is left to wait for, if anything.
fn waited(
    announced: Vec<Published>,
    waiting: Vec<BoxFuture<'static, Result<(), Fault>>>,
) -> Published {
    if announced.is_empty() && waiting.is_empty() {
        return Published::Accepted;
    }
    Published::Waiting(Box::pin(async move {
        // What a bus keeps for readers to come is kept, or the announcer is told that it is not.
        for announced in announced {
            announced.done().await?;
        }
        // Whoever does not get it in time has it counted.
        join_all(waiting).await;
        Ok(())
    }))
}

impl End for Readers {
    fn pass(&self, event: Message) -> Passing {
        Passing::Event(self.publish(event))
    }
}
