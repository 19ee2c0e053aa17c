//! What the server's log says of a failure that its caller must not see: the whole chain of causes,
//! and the id that the caller has.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fmt::{Debug, Write},
    sync::{Arc, Mutex},
};

use futures_util::FutureExt;
use magicbutton::{Context, Failure, Fault, Reply, contract};
use tracing::{Event, Metadata, Subscriber, field::Field, span};

contract!(
    #[contract(version = "1.0.0")]
    mod vault {
        #[request]
        async fn open(how: String);
    }
);

#[derive(Debug)]
struct Locked(std::io::Error);

impl std::fmt::Display for Locked {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the vault is locked")
    }
}

impl std::error::Error for Locked {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

struct Vault;

impl vault::Service for Vault {
    async fn open(&self, _: &Context, how: String) -> Reply<()> {
        assert_ne!(how, "by force", "the hinges");
        Err(Fault::internal(Locked(std::io::Error::other("wrong combination"))))?
    }
}

/// Keeps every line of the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<String>>);

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut log = self.0.lock().unwrap();
        write!(log, "{}", event.metadata().level()).unwrap();
        event.record(&mut |field: &Field, value: &dyn Debug| {
            write!(log, " {}={value:?}", field.name()).unwrap();
        });
        log.push('\n');
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

#[test]
fn the_log_has_what_the_caller_has_not() {
    let log = Log::default();
    for (how, cause) in
        [("politely", "the vault is locked: wrong combination"), ("by force", "the hinges")]
    {
        let client = vault::Client::in_process(Vault);
        let reply = tracing::subscriber::with_default(log.clone(), || {
            client.open(how.into()).now_or_never().unwrap()
        });
        let Err(Failure::Fault(fault)) = reply else { panic!("{reply:?}") };
        let id = fault.details().unwrap()["id"].as_str().unwrap().to_owned();
        assert!(!format!("{fault:?}").contains(cause));
        let log = log.0.lock().unwrap();
        let line = log.lines().find(|line| line.contains(&id)).unwrap();
        assert!(line.starts_with("ERROR"), "{line}");
        assert!(line.contains("vault/open"), "{line}");
        assert!(line.contains(cause), "{line}");
    }
}
