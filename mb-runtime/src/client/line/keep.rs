//! Looking after a line: a new connection whenever one is lost, complete with everything the last one
//! had, before anybody hears of it.

use std::{
    sync::{Arc, PoisonError, Weak, atomic::Ordering},
    time::Duration,
};

use backon::ExponentialBackoff;
use mb_core::{Codec, Connected, EndReason, Fault, FaultKind};
use tokio::time::{Instant, sleep};

use super::{Line, State, link::Incoming};
use crate::{
    client::{
        ClientStatus,
        dial::{Dialed, Provisional},
    },
    meters,
};

/// A connection that has lived this long was a good one: the next loss starts with short delays.
const SETTLED: Duration = Duration::from_secs(1);

impl Line {
    /// Looks after the line until it is over: makes a new connection whenever one is lost.
    pub(super) async fn keep(line: Weak<Self>) {
        let mut delays = None;
        let mut attempt = 0;
        while let Some(reason) = Self::until_lost(&line, &mut delays).await {
            let Some(delay) = Self::delay(&line, &mut delays) else {
                if let Some(line) = line.upgrade() {
                    let fault = Fault::unavailable(reason.to_string());
                    line.finish(fault, ClientStatus::Disconnected(reason), reason);
                }
                return;
            };
            sleep(delay).await;
            let Some(line) = line.upgrade() else { return };
            let renewed = line.renew(attempt).await;
            let trouble = line.note_trouble(renewed.as_ref().err());
            if renewed.is_ok() {
                meters::reconnected();
                tracing::info!("a connection was made");
            }
            if let Err(fault) = renewed {
                line.inbound.report(fault.clone());
                // Somebody who cannot be reached may be tomorrow, somebody who refuses will not.
                let is_reached =
                    !matches!(fault.kind(), FaultKind::Unavailable | FaultKind::Timeout);
                if is_reached && !fault.is_retryable() {
                    tracing::warn!(%fault, "the server refuses this client: it gives up");
                    let status = ClientStatus::Refused(fault.kind());
                    line.finish(fault, status, EndReason::ConnectionLost);
                    return;
                }
                // Said aloud once for each outage: it may be a long one.
                match trouble {
                    None => {
                        tracing::warn!(%fault, "a connection cannot be made: it goes on trying")
                    }
                    Some(_) => tracing::debug!(%fault, attempt, "a connection cannot be made"),
                }
            }
            // In turn, where there are several endpoints.
            attempt += 1;
        }
    }

    /// Notes what keeps it from connecting, and says what did before.
    fn note_trouble(&self, fault: Option<&Fault>) -> Option<Fault> {
        let mut trouble = self.trouble.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::replace(&mut *trouble, fault.cloned())
    }

    /// Waits until there is no connection. `None` where there will be none any more.
    async fn until_lost(
        line: &Weak<Self>,
        delays: &mut Option<ExponentialBackoff>,
    ) -> Option<EndReason> {
        let mut state = line.upgrade()?.state.subscribe();
        let since = Instant::now();
        let lost = state.wait_for(|state| !matches!(state, State::Up(..))).await;
        if since.elapsed() >= SETTLED {
            *delays = None;
        }
        match lost.as_deref() {
            Ok(State::Down(_, reason)) => Some(*reason),
            _ => None,
        }
    }

    fn delay(line: &Weak<Self>, delays: &mut Option<ExponentialBackoff>) -> Option<Duration> {
        match delays {
            Some(delays) => delays.next(),
            None => delays.insert(line.upgrade()?.reconnect.delays()).next(),
        }
    }

    /// One attempt to get a connection.
    async fn renew(self: &Arc<Self>, attempt: usize) -> Result<(), Fault> {
        let (number, incoming) = Incoming::new(self);
        let (dialed, as_of) = self.dialer.dial(attempt, incoming).await?;
        let (connected, codec) = match dialed {
            Dialed::Session(connected, codec) => (connected, codec),
            Dialed::Linked(connected) => (connected, Codec::JSON),
        };
        self.take_over(number, connected, codec, as_of).await
    }

    /// Makes a registered connection this line's, once it has everything the last one had, and whoever
    /// has logged in or out since its own login has done so on it, too.
    pub(super) async fn take_over(
        &self,
        number: u64,
        connected: Connected,
        codec: Codec,
        mut as_of: u64,
    ) -> Result<(), Fault> {
        let provisional = Provisional::new(&connected.link);
        let _ = self.codec.set(codec);
        self.inbound.met(&connected);
        self.subscribe_again(&*connected.link).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected.clone());
        self.keeps_deadlines.store(connected.link.keeps_deadlines(), Ordering::Relaxed);
        loop {
            as_of = self.dialer.catch_up(&*connected.link, as_of).await?;
            match self.put_up(number, &connected, as_of) {
                Taken::Up => break,
                Taken::Lost(reason) => return Err(Fault::unavailable(reason.to_string())),
                Taken::Behind => {}
                Taken::NotWanted => return Ok(()),
            }
        }
        provisional.keep();
        Ok(())
    }

    /// From here on whoever calls, or logs out, reaches this connection.
    fn put_up(&self, number: u64, connected: &Connected, as_of: u64) -> Taken {
        let mut taken = Taken::NotWanted;
        self.state.send_if_modified(|state| {
            taken = match state {
                State::Down(last, reason) if *last >= number => Taken::Lost(*reason),
                State::Down(..) if !self.dialer.logins.is_as_of(as_of) => Taken::Behind,
                State::Down(..) => {
                    self.inbound.status.send_replace(ClientStatus::Connected);
                    *state = State::Up(number, connected.clone());
                    Taken::Up
                }
                State::Up(..) | State::Over(_) => Taken::NotWanted,
            };
            matches!(taken, Taken::Up)
        });
        taken
    }
}

/// What becomes of a new connection.
enum Taken {
    Up,
    /// It is over already.
    Lost(EndReason),
    /// Somebody has logged in or out, and could not reach it.
    Behind,
    /// There is another, or there will be none any more.
    NotWanted,
}
