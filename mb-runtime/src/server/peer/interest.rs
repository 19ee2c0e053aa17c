//! Which events a client gets.

use std::collections::HashMap;

use mb_core::{Fault, FaultKind, SubscriptionId};

/// Which events a client has asked for.
#[derive(Default)]
pub(super) struct Interest {
    pub(super) subscriptions: HashMap<SubscriptionId, Vec<&'static str>>,
    next: u64,
}

impl Interest {
    pub(super) fn has(&self, event: &str) -> bool {
        self.subscriptions.values().flatten().any(|wanted| *wanted == event)
    }

    pub(super) fn add(
        &mut self,
        events: Vec<&'static str>,
        limit: usize,
    ) -> Result<SubscriptionId, Fault> {
        if self.subscriptions.len() >= limit {
            let reason = format!(
                "{limit} subscriptions are as many as a connection may have: end one first, or raise \
                 `Limits::subscriptions` on the other side"
            );
            let fault = Fault::new(FaultKind::RateLimitExceeded, reason);
            return Err(fault.with_details(serde_json::json!({ "limit": limit })));
        }
        self.next += 1;
        let id = SubscriptionId(self.next.to_string().into());
        self.subscriptions.insert(id.clone(), events);
        Ok(id)
    }
}
