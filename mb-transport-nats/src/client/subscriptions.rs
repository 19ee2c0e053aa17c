//! The events that a client listens to. The engine copies them to it, all of a contract over one
//! subscription, as the order between two subscriptions is nobody's; a server is asked all the same,
//! as it says which there are and how many a client may have.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
};

use async_nats::Subject;
use mb_core::{Body, Context, Fault, FaultKind, Message, Name, SubscriptionId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::{driver::Command, shared::Shared};
use crate::{
    headers::{self, Headers},
    requests::{self, Aside, What},
};

/// What the client is subscribed to.
#[derive(Default)]
pub(crate) struct Subscriptions {
    next: u64,
    open: HashMap<u64, Open>,
    /// How many subscriptions need each subject.
    subjects: HashMap<String, usize>,
    /// How many want each event, by full name. Before the answer to a subscription, what comes is
    /// older than it.
    wanted: HashMap<String, usize>,
}

struct Open {
    events: Vec<String>,
    subjects: Vec<Subject>,
    /// Which server knows of it, and by which id.
    there: (Subject, String),
}

/// As a server answers.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Subscribed {
    subscription_id: String,
}

impl Shared {
    fn subscriptions(&self) -> std::sync::MutexGuard<'_, Subscriptions> {
        self.subscriptions.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Listens, then asks whether it may: what is announced after the answer is heard.
    pub(super) async fn subscribe(
        self: Arc<Self>,
        events: Vec<String>,
    ) -> Result<SubscriptionId, Fault> {
        let contract = events.first().and_then(|event| event.split_once('/')).map(|(c, _)| c);
        let home = self.home(contract)?;
        let contracts: BTreeSet<_> =
            events.iter().filter_map(|event| event.split_once('/')).map(|(c, _)| c).collect();
        let subjects = contracts.into_iter().filter_map(|contract| self.events_of(contract));
        let mut listening = Listening { shared: &self, subjects: Vec::new() };
        for subject in subjects {
            let subject = Subject::from(subject);
            let first = {
                let mut subscriptions = self.subscriptions();
                let count = subscriptions.subjects.entry(subject.to_string()).or_default();
                *count += 1;
                *count == 1
            };
            listening.subjects.push(subject.clone());
            if first {
                let subscriber = self.out.nats.subscribe(subject.clone()).await;
                let subscriber = subscriber.map_err(|error| {
                    Fault::unavailable(format!("the subscription cannot be made: {error}"))
                })?;
                let sent = self.commands.send(Command::Listen(subject, subscriber)).await;
                sent.map_err(|_| Fault::unavailable("the connection is over"))?;
            }
        }
        let id = self.ask_home(&home, &events).await?;
        let subjects = listening.keep();
        let mut subscriptions = self.subscriptions();
        subscriptions.next += 1;
        let own = subscriptions.next;
        subscriptions.open.insert(own, Open { events, subjects, there: (home, id) });
        Ok(SubscriptionId(own.to_string().into()))
    }

    async fn ask_home(
        self: &Arc<Self>,
        home: &Subject,
        events: &[String],
    ) -> Result<String, Fault> {
        let deadline = Instant::now().checked_add(self.limits.handshake);
        let context = Context::new();
        let context = match deadline {
            Some(deadline) => context.with_deadline(deadline),
            None => context,
        };
        let aside = Aside { whom: home.clone(), what: What::Wants(events.into()) };
        let body = Body::new(json!({ "events": events }));
        let request = Message::new(Name::text("$subscribe"), context, body);
        let answer = requests::call(self, request, Some(aside)).await;
        let body = answer.map_err(|failure| match failure {
            mb_core::Failure::Declared(error) => Fault::from_wire(error.to_wire()),
            mb_core::Failure::Fault(fault) => fault,
        })?;
        let subscribed: Subscribed = body.decode().map_err(|error| {
            Fault::new(FaultKind::ContractMismatch, format!("the answer is strange: {error}"))
        })?;
        Ok(subscribed.subscription_id)
    }

    pub(super) fn unsubscribe(self: &Arc<Self>, subscription: &SubscriptionId) {
        let Ok(own) = subscription.0.parse::<u64>() else { return };
        let Some(open) = self.subscriptions().open.remove(&own) else { return };
        self.want_no_more(&open.events);
        self.ignore(&open.subjects);
        let (home, id) = open.there;
        let payload = json!({ "subscriptionId": id }).to_string();
        let mut headers = Headers::default();
        headers.put(headers::NAME, "$unsubscribe");
        let Some(headers) = headers.into_map() else { return };
        let (nats, reply) = (self.out.nats.clone(), self.reply("mb_unsubscribed"));
        // In the order in which things are said: a subscription made next finds room.
        let mut telling = Box::pin(async move {
            nats.publish_with_reply_and_headers(home, reply, headers, payload.into()).await
        });
        if futures_util::FutureExt::now_or_never(&mut telling).is_none()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            runtime.spawn(telling);
        }
    }

    /// From now on these events are wanted.
    pub(super) fn want(&self, events: &[String]) {
        let mut subscriptions = self.subscriptions();
        for event in events {
            *subscriptions.wanted.entry(event.clone()).or_default() += 1;
        }
    }

    fn want_no_more(&self, events: &[String]) {
        let mut subscriptions = self.subscriptions();
        for event in events {
            if let Some(count) = subscriptions.wanted.get_mut(event) {
                *count -= 1;
                if *count == 0 {
                    subscriptions.wanted.remove(event);
                }
            }
        }
    }

    /// Whether an event is wanted.
    pub(super) fn wants(&self, event: &str) -> bool {
        event.starts_with('$') || self.subscriptions().wanted.contains_key(event)
    }

    /// Needs some subjects no more.
    fn ignore(&self, subjects: &[Subject]) {
        let mut subscriptions = self.subscriptions();
        for subject in subjects {
            if let Some(count) = subscriptions.subjects.get_mut(subject.as_str()) {
                *count -= 1;
                if *count == 0 {
                    subscriptions.subjects.remove(subject.as_str());
                    // Full, the subscription stays, and what it brings is for nobody.
                    let _ = self.commands.try_send(Command::Ignore(subject.clone()));
                }
            }
        }
    }

    /// Whether anybody needs a subject.
    pub(super) fn needs(&self, subject: &str) -> bool {
        self.subscriptions().subjects.contains_key(subject)
    }
}

/// Subjects that are given up unless somebody keeps them.
struct Listening<'a> {
    shared: &'a Shared,
    subjects: Vec<Subject>,
}

impl Listening<'_> {
    fn keep(mut self) -> Vec<Subject> {
        std::mem::take(&mut self.subjects)
    }
}

impl Drop for Listening<'_> {
    fn drop(&mut self) {
        self.shared.ignore(&self.subjects);
    }
}
