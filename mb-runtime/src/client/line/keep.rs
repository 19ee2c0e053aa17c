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
            if renewed.is_ok() {
                meters::reconnected();
            }
            if let Err(fault) = renewed {
                line.inbound.report(fault.clone());
                // Somebody who cannot be reached may be tomorrow, somebody who refuses will not.
                if !fault.is_retryable() && fault.kind() != FaultKind::Unavailable {
                    tracing::warn!(%fault, "the server refuses this client: it gives up");
                    let status = ClientStatus::Error(fault.kind());
                    line.finish(fault, status, EndReason::ConnectionLost);
                    return;
                }
            }
            // In turn, where there are several endpoints.
            attempt += 1;
        }
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
        let dialed = self.dialer.dial(attempt, incoming).await?;
        match dialed {
            Dialed::Session(connected, codec) => self.take_over(number, connected, codec).await,
            Dialed::Linked(connected) => self.take_over(number, connected, Codec::JSON).await,
        }
    }

    /// Makes a registered connection this line's, once it has everything the last one had.
    pub(super) async fn take_over(
        &self,
        number: u64,
        connected: Connected,
        codec: Codec,
    ) -> Result<(), Fault> {
        let provisional = Provisional::new(&connected.link);
        let _ = self.codec.set(codec);
        self.inbound.met(&connected);
        self.subscribe_again(&*connected.link).await?;
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(connected.clone());
        self.keeps_deadlines.store(connected.link.keeps_deadlines(), Ordering::Relaxed);
        let mut lost = None;
        let up = self.state.send_if_modified(|state| {
            match state {
                State::Down(last, reason) if *last >= number => lost = Some(*reason),
                State::Down(..) => {
                    self.inbound.status.send_replace(ClientStatus::Connected);
                    *state = State::Up(number, connected);
                }
                State::Up(..) | State::Over(_) => return false,
            }
            lost.is_none()
        });
        if let Some(reason) = lost {
            return Err(Fault::unavailable(reason.to_string()));
        }
        if !up {
            return Ok(());
        }
        provisional.keep();
        Ok(())
    }
}
