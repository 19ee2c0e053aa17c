//! Events one at a time: what nobody is working on stays with the engine, where no time runs against
//! it and no try is counted.

use std::time::Duration;

use async_nats::{
    StatusCode, Subject, Subscriber,
    jetstream::{
        self,
        consumer::{Consumer, pull},
    },
};
use futures_util::StreamExt;
use tokio::time::timeout;

/// How long the engine remembers that an event is wanted.
const EXPIRES: Duration = Duration::from_secs(30);

/// How often it says meanwhile that it does.
const HEARTBEAT: Duration = Duration::from_secs(10);

/// Silent for longer, it has forgotten.
const SILENT: Duration = Duration::from_secs(25);

/// Asks for the events of a consumer.
pub(super) struct Pull {
    nats: async_nats::Client,
    jetstream: jetstream::Context,
    consumer: Consumer<pull::Config>,
    inbox: Subject,
    answers: Subscriber,
}

impl Pull {
    pub(super) async fn new(
        nats: async_nats::Client,
        jetstream: jetstream::Context,
        consumer: Consumer<pull::Config>,
    ) -> Result<Self, async_nats::Error> {
        let inbox = Subject::from(nats.new_inbox());
        let answers = nats.subscribe(inbox.clone()).await?;
        Ok(Self { nats, jetstream, consumer, inbox, answers })
    }

    /// The next event, asked for now.
    pub(super) async fn next(&mut self) -> Result<jetstream::Message, async_nats::Error> {
        loop {
            let one = pull::BatchConfig {
                batch: 1,
                expires: Some(EXPIRES),
                idle_heartbeat: HEARTBEAT,
                ..pull::BatchConfig::default()
            };
            self.consumer.request_batch(one, self.inbox.clone()).await?;
            if let Some(message) = self.answer().await? {
                return Ok(message);
            }
        }
    }

    /// What comes of having asked: nothing, where it is to be asked again.
    async fn answer(&mut self) -> Result<Option<jetstream::Message>, async_nats::Error> {
        loop {
            let Ok(message) = timeout(SILENT, self.answers.next()).await else {
                // At an inbox of its own, so that no late answer is a second event.
                self.inbox = self.nats.new_inbox().into();
                self.answers = self.nats.subscribe(self.inbox.clone()).await?;
                return Ok(None);
            };
            let message = message.ok_or("the connection is over")?;
            match message.status {
                None | Some(StatusCode::OK) => {
                    let context = self.jetstream.clone();
                    return Ok(Some(jetstream::Message { message, context }));
                }
                Some(StatusCode::IDLE_HEARTBEAT) => {}
                Some(StatusCode::TIMEOUT) => return Ok(None),
                Some(status) => {
                    let why = message.description.unwrap_or_default();
                    return Err(format!("{status} {why}").into());
                }
            }
        }
    }
}
