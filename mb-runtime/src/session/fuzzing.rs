//! What a fuzzer calls, and the replay of its seeds: bytes as the frames of a conversation, with
//! everything asserted that must hold whatever they say.
#![allow(clippy::panic, reason = "an assertion that fails is what this is for")]

use std::{
    sync::Arc,
    task::{Context, Poll, Waker},
    time::Duration,
};

use bytes::Bytes;
use mb_core::{Body, Codec, EndReason, Limits, WireContext};
use tokio::time::Instant;

use super::{
    calls::{CallId, Outcome},
    machine::{Machine, Step},
    served::ServedId,
};
use crate::wire::{self, Incoming};

/// How many items this side asks for of each stream.
const ALLOWED: u32 = 2;

/// Takes bytes apart as frames of each built-in codec: of JSON one per line, of MessagePack one up
/// to each byte that it never uses. All of them go to one side of a session.
///
/// # Panics
/// Where something does not hold that must.
#[allow(unreachable_pub, reason = "public where the fuzzer is built")]
pub fn take_apart(bytes: &[u8]) {
    converse(&Codec::JSON, bytes.split(|byte| *byte == b'\n'));
    converse(&Codec::MESSAGE_PACK, bytes.split(|byte| *byte == 0xc1));
}

/// A call of this side, and what it has got.
struct Call {
    id: CallId,
    streamed: bool,
    items: u32,
    ended: bool,
}

fn converse<'a>(codec: &Codec, frames: impl Iterator<Item = &'a [u8]>) {
    let mut limits = Limits::default();
    (limits.in_flight, limits.bad_frames) = (4, 8);
    let limits = Arc::new(limits);
    let mut now = Instant::now();
    let mut machine = Machine::new(Arc::clone(&limits), now);
    let mut calls = start_calls(&mut machine, now);
    let mut served: Vec<ServedId> = Vec::new();
    for (number, frame) in frames.enumerate() {
        let frame = Bytes::copy_from_slice(frame);
        let read = wire::read(codec, &frame);
        let step = match read {
            Ok(incoming) => {
                if *codec == Codec::JSON {
                    assert_read_either_way(&frame, &incoming);
                }
                machine.receive(incoming)
            }
            Err(bad) => {
                assert!(!bad.reason.is_empty());
                machine.complain(bad.reason, bad.request_id)
            }
        };
        match step {
            Step::Serve { id, .. } => {
                assert_echoed(codec, &id);
                // Every other one is answered at once.
                if number % 2 == 0 {
                    let reply = wire::reply(codec, &id, &Body::new(7_u32)).ok();
                    machine.answered(reply);
                } else if let Some(id) = machine.serve(id.as_ref().into(), None) {
                    served.push(id);
                } else {
                    machine.answered(None);
                }
            }
            Step::Refuse { id, fault } => {
                assert_echoed(codec, &id);
                assert!(wire::failure(codec, &id, &fault.to_wire()).is_ok());
            }
            Step::Complain { reason, .. } => assert!(!reason.is_empty()),
            Step::Publish { .. } | Step::Done(_) => {}
        }
        let (ours, theirs) = machine.under_way();
        assert!(ours <= calls.len() && theirs <= limits.in_flight, "{ours}, {theirs}");
        for call in &mut calls {
            take(&mut machine, call);
        }
        // Whoever was told to stop stops.
        served.retain(|id| {
            let stopped = machine.poll_stop(id, &cx()).is_ready();
            if stopped {
                machine.finish(id, None);
            }
            !stopped
        });
        for id in &served {
            let _ = machine.poll_item(id, &cx());
        }
        now += Duration::from_millis(100);
        machine.tick(now);
    }
    machine.lose(EndReason::ConnectionLost, &mut Vec::new());
    for call in &mut calls {
        take(&mut machine, call);
        assert!(call.ended, "a call hangs");
        machine.release(call.id);
    }
    for id in &served {
        assert!(machine.poll_stop(id, &cx()).is_ready(), "a handler is not told to stop");
    }
    assert_eq!(machine.under_way().0, 0, "something is left over");
}

/// Calls for a frame to answer: their ids are `0`, `65537`, `131074`, and one has a deadline.
fn start_calls(machine: &mut Machine, now: Instant) -> Vec<Call> {
    let mut calls = Vec::new();
    for (streamed, limit) in [(false, None), (true, None), (true, Some(1)), (false, None)] {
        let deadline = limit.map(|limit| now + Duration::from_secs(limit));
        let allowed = streamed.then_some(ALLOWED);
        if let Poll::Ready(Ok(id)) = machine.poll_start(deadline, allowed, &mut None, &cx()) {
            calls.push(Call { id, streamed, items: 0, ended: false });
        }
    }
    calls
}

fn take(machine: &mut Machine, call: &mut Call) {
    while !call.ended {
        match machine.poll_outcome(call.id, &cx()) {
            Poll::Pending => return,
            Poll::Ready(Outcome::Data(_)) if call.streamed => {
                call.items += 1;
                assert!(call.items <= ALLOWED, "more items than were allowed");
            }
            Poll::Ready(_) => call.ended = true,
        }
    }
}

/// Whatever an id is, an answer carries the same.
fn assert_echoed(codec: &Codec, id: &str) {
    let Ok(reply) = wire::reply(codec, id, &Body::new(7_u32)) else {
        panic!("not written: {id:?}")
    };
    match wire::read(codec, &reply) {
        Ok(Incoming::Response { id: read, result: Ok(_) }) => assert_eq!(read, id),
        other => panic!("{id:?} was read back as {other:?}"),
    }
}

/// A JSON frame means the same with a space in it, which keeps it off the quick way. What is wrong
/// behind its payload is found out only the long way, or by whoever decodes the payload.
fn assert_read_either_way(frame: &Bytes, read: &Incoming<'_>) {
    let Some(rest) = frame.strip_prefix(b"{") else { return };
    let spaced = Bytes::from([b"{ ", rest].concat());
    if let Ok(long) = wire::read(&Codec::JSON, &spaced) {
        assert_eq!(shape(read), shape(&long));
    }
}

/// All of a frame but the time at which it was read, and the ids that are made where it has none.
fn shape(incoming: &Incoming<'_>) -> String {
    let context = |context: &mb_core::Context| {
        let wire = context.to_wire();
        wire.map(|wire| {
            let timed = wire.deadline_ms.is_some();
            let blank = |id: Option<String>| id.map(|_| String::new());
            let (trace_id, span_id) = (blank(wire.trace_id), blank(wire.span_id));
            (timed, WireContext { deadline_ms: None, trace_id, span_id, ..wire })
        })
    };
    let value = |value: &wire::Value| {
        value.clone().into_body(&Codec::JSON).decode::<serde_json::Value>().ok()
    };
    match incoming {
        Incoming::Request { id, name, payload, context: cx } => {
            format!("{:?}", (id, name, value(payload), context(cx)))
        }
        Incoming::Event { name, payload, context: cx } => {
            format!("{:?}", (name, value(payload), context(cx)))
        }
        Incoming::Response { id, result } => {
            format!("{:?}", (id, result.as_ref().map(value)))
        }
        Incoming::Item { id, data } => format!("{:?}", (id, value(data))),
        other => format!("{other:?}"),
    }
}

fn cx() -> Context<'static> {
    Context::from_waker(Waker::noop())
}
