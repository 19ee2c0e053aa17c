//! A line per message, for people at a terminal.

mod payload;

use std::{fmt, io::Write, sync::Arc, time::SystemTime};

use async_trait::async_trait;
use mb_core::Message;
use tokio::time::Instant;

use super::{
    Handled, Kind, Middleware, Next,
    watched::{Ending, watched},
};

/// Writes one line for every message, when it has ended: what it was, from whom, how long it took and
/// what became of it.
///
/// ```text
/// 14:03:07.512  <- orders/createOrder   from web-7      1.2 ms  OK
/// 14:03:07.513  >> orders/orderCreated                  0.1 ms  OK
/// 14:03:09.020  <- orders/getOrder      from web-7      0.3 ms  ORDER_NOT_FOUND  trace 4bf92f35
/// ```
///
/// `->` is a request that is sent, `<-` one that is served, `>>` an event that is sent and `<<` one
/// that has arrived. An internal error shows the id under which the log has the rest. Payloads are
/// not in it, unless [asked for](Self::payloads).
#[derive(Clone)]
#[must_use = "it does nothing until a server or a client is given it"]
pub struct Log {
    write: Arc<dyn Fn(&str) + Send + Sync>,
    payloads: bool,
}

impl Log {
    /// Lines on the standard error stream.
    pub fn new() -> Self {
        // A stream that nobody reads any more is no reason to fail.
        Self::to(|line| drop(writeln!(std::io::stderr(), "{line}")))
    }

    /// Lines handed to `write`, without a line break. It is called in the task of the message, and
    /// should not block.
    pub fn to(write: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self { write: Arc::new(write), payloads: false }
    }

    /// Shows what requests and events carry, too, as JSON of at most 500 characters: where
    /// something is `#[sensitive]`, only those fields that hold nothing of it, and `***`. For development: each payload is encoded
    /// once more for it.
    pub fn payloads(self) -> Self {
        Self { payloads: true, ..self }
    }
}

impl Default for Log {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Middleware for Log {
    async fn handle(&self, message: Message, next: Next) -> Handled {
        let (start, kind) = (Instant::now(), next.kind());
        let payload = if self.payloads { payload::shown(&message) } else { None };
        let head = Head::of(kind, &message, payload);
        let write = Arc::clone(&self.write);
        watched(next.run(message), move |ending| {
            write(&head.line(start.elapsed().as_secs_f64() * 1000.0, &ending));
        })
        .await
    }
}

/// What is known of a message before it is passed on.
struct Head {
    kind: Kind,
    name: String,
    from: Option<String>,
    trace: String,
    payload: Option<String>,
}

impl Head {
    fn of(kind: Kind, message: &Message, payload: Option<String>) -> Self {
        let context = message.context();
        let arrived = matches!(kind, Kind::Server | Kind::Consumer);
        let from = context.source().filter(|_| arrived).map(plain);
        let name = plain(message.name().as_str());
        let trace = context.trace_id().chars().take(8).filter(char::is_ascii_hexdigit).collect();
        Self { kind, name, from, trace, payload }
    }

    fn line(&self, millis: f64, ending: &Ending<'_>) -> String {
        let Self { kind, name, from, trace, payload } = self;
        let arrow = match kind {
            Kind::Client => "->",
            Kind::Server => "<-",
            Kind::Producer => ">>",
            Kind::Consumer => "<<",
        };
        let from = from.as_ref().map_or(String::new(), |from| format!("from {from}"));
        let time = TimeOfDay(SystemTime::now());
        let code = plain(ending.code());
        let mut line = format!("{time}  {arrow} {name:<28} {from:<16} {millis:>9.1} ms  {code}");
        match ending {
            Ending::Done { items: None } => {}
            Ending::Done { items: Some(items) } => line.push_str(&format!("  {items} items")),
            Ending::Failed(_) | Ending::GivenUp => {
                line.push_str(&format!("  trace {trace}"));
                if let Some(id) = ending.fault().and_then(|fault| fault.id()) {
                    line.push_str(&format!("  logged as {}", plain(id)));
                }
            }
        }
        if let Some(payload) = payload {
            line.push_str("  ");
            line.push_str(payload);
        }
        line
    }
}

/// A text from outside as it may stand in a line: short, and without control characters.
fn plain(text: &str) -> String {
    clean(text, 100)
}

fn clean(text: &str, longest: usize) -> String {
    text.chars().take(longest).map(|c| if is_plain(c) { c } else { '\u{fffd}' }).collect()
}

/// Whether a character stands for itself: no control, and nothing that moves or hides others.
fn is_plain(c: char) -> bool {
    let moves = matches!(c, '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}');
    !c.is_control() && !moves
}

/// A time of day, in UTC.
struct TimeOfDay(SystemTime);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let since = self.0.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let (seconds, millis) = (since.as_secs(), since.subsec_millis());
        let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
        write!(f, "{hours:02}:{minutes:02}:{:02}.{millis:03}", seconds % 60)
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Log")
    }
}
