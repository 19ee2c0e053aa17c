//! A login that ends by itself, made again in time: as long as somebody provides credentials for it, and
//! the client is there.

use std::{
    pin::pin,
    sync::{Arc, Weak},
    time::Duration,
};

use futures_util::future::select;
use mb_core::{Fault, FaultKind, Link};
use tokio::{
    runtime::Handle,
    time::{sleep, timeout, timeout_at},
};

use super::{inbound::Inbound, line::Line, logins::Logins};

/// Between two attempts that fail: at first, and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What it takes, and nothing that keeps the client there.
pub(super) struct Renewal {
    pub(super) logins: Arc<Logins>,
    pub(super) link: Weak<dyn Link>,
    pub(super) line: Option<Weak<Line>>,
    pub(super) inbound: Arc<Inbound>,
}

impl Renewal {
    /// Begins. Without a runtime nobody can wait for the time to come.
    pub(super) fn start(self) {
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                let inbound = Arc::clone(&self.inbound);
                let gone = pin!(inbound.gate.when_cut().cancelled());
                select(pin!(self.run()), gone).await;
            });
        }
    }

    async fn run(self) {
        let mut held = self.logins.watch();
        let mut pause = PAUSES.0;
        loop {
            let renewal = held.borrow_and_update().as_ref().and_then(|held| held.renewal());
            let changed = match renewal {
                None => held.changed().await,
                Some(at) => match timeout_at(at, held.changed()).await {
                    Ok(changed) => changed,
                    Err(_) => match self.renew().await {
                        Ok(true) if self.logins.now().is_none() => {
                            tracing::warn!(
                                "a login is over as soon as it is made: the clocks of the two \
                                 sides do not agree"
                            );
                            sleep(pause).await;
                            pause = (pause * 2).min(PAUSES.1);
                            Ok(())
                        }
                        Ok(true) => {
                            pause = PAUSES.0;
                            Ok(())
                        }
                        // Somebody has logged in otherwise, which nobody renews.
                        Ok(false) => held.changed().await,
                        Err(fault) => {
                            // A client that is not connected logs in when it is.
                            if fault.kind() != FaultKind::Unavailable {
                                self.inbound.report(fault);
                            }
                            let waited = timeout(pause, held.changed()).await;
                            pause = (pause * 2).min(PAUSES.1);
                            waited.unwrap_or(Ok(()))
                        }
                    },
                },
            };
            if changed.is_err() {
                return;
            }
        }
    }

    async fn renew(&self) -> Result<bool, Fault> {
        let gone = || Fault::unavailable("the client is gone");
        let link = self.link.upgrade().ok_or_else(gone)?;
        let renewed = self.logins.renew(&*link).await?;
        if let Some(line) = self.line.as_ref().and_then(Weak::upgrade) {
            line.subscribe_refused().await;
        }
        Ok(renewed)
    }
}
