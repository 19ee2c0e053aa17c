//! Requests that are answered by a stream, with credits.

use std::sync::Arc;

use futures_util::{StreamExt, stream};
use mb_core::{Answer, Fault, Message, Streaming, refused_stream};
use tokio::sync::OwnedSemaphorePermit;

use super::{Courier, INTRODUCTIONS, Outgoing, nobody, silent};
use crate::{
    headers,
    outbound::Exchange,
    reply::{Read, read},
};

/// How many items of a stream may be under way, and after how many taken ones more are asked for.
const CREDIT: u64 = 32;
const MORE: u64 = 16;

/// Makes a request that is answered by a stream. Nothing is sent before it is polled.
pub(crate) fn stream<C: Courier>(courier: Arc<C>, request: Message) -> Streaming {
    let opening = stream::once(Items::open(courier, request));
    opening
        .flat_map(|opened| match opened {
            Ok(items) => items.stream().boxed(),
            Err(fault) => refused_stream(fault),
        })
        .boxed()
}

/// A stream under way.
struct Items<C> {
    courier: Arc<C>,
    outgoing: Outgoing,
    exchange: Exchange,
    taken: u64,
    introduced: usize,
    over: bool,
    _place: OwnedSemaphorePermit,
}

impl<C: Courier> Items<C> {
    async fn open(courier: Arc<C>, request: Message) -> Result<Self, Fault> {
        let outgoing = Outgoing::new(&*courier, request, Some(CREDIT))?;
        let place = courier.out().place(outgoing.deadline).await?;
        let exchange = courier.out().send(outgoing.sending()).await?;
        let (taken, introduced, over) = (0, 0, false);
        Ok(Self { courier, outgoing, exchange, taken, introduced, over, _place: place })
    }

    fn stream(self) -> impl futures_core::Stream<Item = Answer> + Send {
        stream::unfold(self, |mut items| async move {
            if items.over {
                return None;
            }
            let item = items.next().await;
            item.map(|item| (item, items))
        })
    }

    async fn next(&mut self) -> Option<Answer> {
        let answer = match self.item().await {
            Ok(answer) => answer?,
            Err(fault) => Err(fault.into()),
        };
        self.over = answer.is_err();
        Some(answer)
    }

    async fn item(&mut self) -> Result<Option<Answer>, Fault> {
        loop {
            let name = &self.outgoing.name;
            let message = self.exchange.next().await.map_err(|silence| silent(silence, name))?;
            let server = headers::get(message.headers.as_ref(), headers::SERVER).map(str::to_owned);
            match read(message, &self.courier.out().codecs) {
                Read::Answer(Ok(body)) => {
                    self.take(server.as_deref());
                    return Ok(Some(Ok(body)));
                }
                Read::Answer(failed) => {
                    self.exchange.finish();
                    return Ok(Some(failed));
                }
                Read::End => {
                    self.exchange.finish();
                    self.over = true;
                    return Ok(None);
                }
                Read::Nobody => {
                    self.exchange.finish();
                    return Err(nobody(&self.outgoing.name));
                }
                // It has not begun: it begins at whoever takes it then.
                Read::Unknown(server) if self.introduced < INTRODUCTIONS => {
                    self.exchange.finish();
                    let introducing = self.courier.introduce(server);
                    let answered = self.outgoing.in_time(introducing).await?;
                    self.introduced += usize::from(answered);
                    self.exchange = self.courier.out().send(self.outgoing.sending()).await?;
                }
                Read::Unknown(server) => return Err(self.courier.stays_unknown(&server)),
            }
        }
    }

    /// Asks for more, every so often.
    fn take(&mut self, server: Option<&str>) {
        self.taken += 1;
        if self.taken.is_multiple_of(MORE)
            && let Some(subject) = self.courier.credit(server)
        {
            let reply = Some(self.exchange.reply().into_string());
            self.courier.out().tell(subject, reply, MORE.to_string().into());
        }
    }
}
