//! What the runtime itself counts, where the feature `metrics` is on. See
//! [`Metrics`](crate::middleware::Metrics) for the names.

#[cfg(feature = "metrics")]
mod on {
    use metrics::{counter, gauge, histogram};

    pub(crate) fn sent(frames: usize, bytes: impl FnOnce() -> usize) {
        histogram!("magicbutton.outbox").record(frames as f64);
        counter!("magicbutton.sent").increment(bytes() as u64);
    }

    pub(crate) fn received(bytes: usize) {
        counter!("magicbutton.received").increment(bytes as u64);
    }

    pub(crate) fn queued(events: usize) {
        histogram!("magicbutton.events.queued").record(events as f64);
    }

    pub(crate) fn dropped(events: usize) {
        counter!("magicbutton.events.dropped").increment(events as u64);
    }

    pub(crate) fn reconnected() {
        counter!("magicbutton.reconnects").increment(1);
    }

    pub(crate) fn login_throttled() {
        counter!("magicbutton.logins.throttled").increment(1);
    }

    /// A connection, while it is there.
    pub(crate) struct Connection(());

    impl Connection {
        pub(crate) fn one() -> Self {
            gauge!("magicbutton.connections").increment(1);
            Self(())
        }
    }

    impl Drop for Connection {
        fn drop(&mut self) {
            gauge!("magicbutton.connections").decrement(1);
        }
    }
}

#[cfg(not(feature = "metrics"))]
mod off {
    #[inline]
    pub(crate) fn sent(_: usize, _: impl FnOnce() -> usize) {}
    #[inline]
    pub(crate) fn received(_: usize) {}
    #[inline]
    pub(crate) fn queued(_: usize) {}
    #[inline]
    pub(crate) fn dropped(_: usize) {}
    #[inline]
    pub(crate) fn reconnected() {}
    #[inline]
    pub(crate) fn login_throttled() {}

    /// A connection, while it is there.
    pub(crate) struct Connection(());

    impl Connection {
        #[inline]
        pub(crate) fn one() -> Self {
            Self(())
        }
    }
}

#[cfg(not(feature = "metrics"))]
pub(crate) use off::*;
#[cfg(feature = "metrics")]
pub(crate) use on::*;
