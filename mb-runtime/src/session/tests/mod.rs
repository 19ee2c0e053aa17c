//! A pair of sessions on virtual time, with no socket anywhere.

mod pair;
mod random;
mod seeds;

use std::{task::Poll, time::Duration};

use mb_core::{EndReason, FaultKind, Frame};

use super::{calls::Outcome, served::Stop};
use pair::{Pair, data, limits};

const SECOND: Duration = Duration::from_secs(1);

fn fault(outcome: Poll<Outcome>) -> mb_core::Fault {
    match outcome {
        Poll::Ready(Outcome::Fault(fault)) => fault,
        other => panic!("not a fault: {other:?}"),
    }
}

fn pair() -> Pair {
    Pair::new(&limits(|_| {}))
}

#[test]
fn either_end_calls_the_other() {
    let mut pair = pair();
    for (from, to) in [(0, 1), (1, 0)] {
        let call = pair.call(from, None, None).unwrap();
        assert_eq!(pair.outcome(from, call), Poll::Pending);
        pair.pass(SECOND);
        pair.answer(to, 7);
        pair.pass(SECOND);
        assert_eq!(pair.outcome(from, call), Poll::Ready(data(7)));
        assert_eq!(pair.ends[from].machine.under_way(), (0, 0));
    }
}

#[test]
fn an_answer_takes_the_way_of_the_wire_and_no_longer() {
    let mut pair = pair();
    let call = pair.call(0, None, None).unwrap();
    pair.pass(pair.latency);
    pair.answer(1, 7);
    pair.pass(pair.latency - Duration::from_millis(1));
    assert_eq!(pair.outcome(0, call), Poll::Pending);
    pair.pass(Duration::from_millis(1));
    assert_eq!(pair.outcome(0, call), Poll::Ready(data(7)));
}

#[test]
fn answers_find_their_calls_in_any_order() {
    let mut pair = pair();
    let calls: Vec<_> = (0..10).map(|_| pair.call(0, None, None).unwrap()).collect();
    pair.pass(SECOND);
    pair.ends[1].requests.reverse();
    for reply in (0..10).rev() {
        pair.answer(1, reply);
    }
    pair.pass(SECOND);
    for (reply, call) in (0..).zip(calls) {
        assert_eq!(pair.outcome(0, call), Poll::Ready(data(reply)));
    }
}

#[test]
fn a_late_answer_finds_nobody_though_its_place_is_taken_again() {
    let mut pair = pair();
    let given_up = pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    pair.cancel(0, given_up);
    let another = pair.call(0, None, None).unwrap();
    pair.answer(1, 1);
    pair.pass(SECOND);
    assert_eq!(pair.outcome(0, another), Poll::Pending);
    pair.answer(1, 2);
    pair.pass(SECOND);
    assert_eq!(pair.outcome(0, another), Poll::Ready(data(2)));
}

#[test]
fn a_cancelled_request_is_told_to_stop() {
    let mut pair = pair();
    let call = pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    let served = pair.serve(1, None).unwrap();
    assert_eq!(pair.stop(1, &served), Poll::Pending);
    pair.cancel(0, call);
    pair.pass(SECOND);
    assert_eq!(pair.stop(1, &served), Poll::Ready(Stop::Cancelled));
}

#[test]
fn both_ends_keep_a_deadline() {
    let mut pair = pair();
    let limit = 5 * SECOND;
    let call = pair.call(0, Some(limit), None).unwrap();
    let start = pair.now;
    pair.pass(SECOND);
    let served = pair.serve(1, Some(limit - (pair.now - start))).unwrap();
    pair.pass(limit - SECOND - Duration::from_millis(1));
    assert_eq!((pair.outcome(0, call), pair.stop(1, &served)), (Poll::Pending, Poll::Pending));
    pair.pass(Duration::from_millis(2));
    assert_eq!(pair.outcome(0, call), Poll::Ready(Outcome::Late));
    assert_eq!(pair.stop(1, &served), Poll::Ready(Stop::Late));
}

#[test]
fn a_later_deadline_is_kept_after_an_earlier_one() {
    let mut pair = pair();
    let calls = [3, 1, 2].map(|limit| pair.call(0, Some(limit * SECOND), None).unwrap());
    pair.pass(SECOND + Duration::from_millis(500));
    let late = |outcome: Poll<Outcome>| outcome == Poll::Ready(Outcome::Late);
    assert_eq!(calls.map(|call| late(pair.next(0, call))), [false, true, false]);
    pair.pass(SECOND);
    assert!(late(pair.next(0, calls[2])));
    pair.pass(SECOND);
    assert!(late(pair.next(0, calls[0])));
}

#[test]
fn a_streamed_reply_is_no_further_ahead_than_allowed() {
    let mut pair = pair();
    let call = pair.call(0, None, Some(2)).unwrap();
    pair.pass(SECOND);
    let served = pair.serve(1, None).unwrap();
    let sent: Vec<_> = (0..4).map(|item| pair.item(1, &served, item)).collect();
    assert_eq!(sent, [false; 4], "its credit came before it was noted");
    pair.allow(0, call, 2);
    pair.pass(SECOND);
    let sent: Vec<_> = (0..4).map(|item| pair.item(1, &served, item)).collect();
    assert_eq!(sent, [true, true, false, false]);
    pair.pass(SECOND);
    assert_eq!(pair.next(0, call), Poll::Ready(data(0)));
    assert_eq!(pair.next(0, call), Poll::Ready(data(1)));
    assert_eq!(pair.next(0, call), Poll::Pending);
    pair.finish(1, &served, 0);
    pair.pass(SECOND);
    assert_eq!(pair.next(0, call), Poll::Ready(Outcome::End));
}

#[test]
fn items_that_were_not_allowed_end_their_call() {
    let mut pair = pair();
    let call = pair.call(0, None, Some(1)).unwrap();
    let id = call.number().to_string();
    for item in 0..3_u32 {
        let body = mb_core::Body::new(item);
        let frame = crate::wire::item(&mb_core::Codec::JSON, &id, &body).unwrap();
        pair.ends[0].handle(Frame::Data(frame));
    }
    assert_eq!(pair.next(0, call), Poll::Ready(data(0)));
    assert!(!fault(pair.next(0, call)).is_retryable());
}

#[test]
fn one_request_too_many_is_refused_and_the_next_after_an_answer_is_not() {
    let mut pair = Pair::of([&limits(|_| {}), &limits(|limits| limits.in_flight = 2)]);
    let calls: Vec<_> = (0..3).map(|_| pair.call(0, None, None).unwrap()).collect();
    pair.pass(SECOND);
    assert_eq!(pair.ends[1].requests.len(), 2);
    let Poll::Ready(Outcome::Failed(error)) = pair.outcome(0, calls[2]) else { panic!("served") };
    assert_eq!((error.code.as_str(), error.retryable), ("RATE_LIMIT_EXCEEDED", Some(true)));
    pair.answer(1, 1);
    pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    assert_eq!(pair.ends[1].requests.len(), 2);
}

#[test]
fn an_id_that_is_under_way_is_not_served_twice() {
    let mut pair = pair();
    let body = mb_core::Body::new(());
    for _ in 0..2 {
        let frame = crate::wire::request(
            &mb_core::Codec::JSON,
            "same",
            "do",
            &body,
            &mb_core::Context::new(),
        )
        .unwrap();
        pair.ends[0].machine.send(frame);
        pair.pass(SECOND);
        if !pair.ends[1].requests.is_empty() {
            pair.serve(1, None).unwrap();
        }
    }
    assert_eq!((pair.ends[1].complaints, pair.ends[1].machine.under_way()), (1, (0, 1)));
}

#[test]
fn a_cut_ends_every_call_and_says_which_may_have_run() {
    let mut pair = pair();
    let sent = pair.call(0, None, None).unwrap();
    let streamed = pair.call(0, None, Some(8)).unwrap();
    pair.pass(SECOND);
    let served = pair.serve(1, None).unwrap();
    let unsent = pair.call(0, None, None).unwrap();
    pair.cut();
    for (call, ran) in [(sent, true), (streamed, true), (unsent, false)] {
        let fault = fault(pair.outcome(0, call));
        assert_eq!((fault.kind(), fault.is_retryable()), (FaultKind::Unavailable, true));
        assert_eq!(fault.may_have_run(), ran, "{fault}");
    }
    assert_eq!(pair.stop(1, &served), Poll::Ready(Stop::Closed));
    assert!(pair.call(0, None, None).is_err());
    assert_eq!(pair.ends[0].machine.under_way(), (0, 0));
}

#[test]
fn a_stopping_end_answers_what_it_serves_and_then_says_goodbye() {
    let mut pair = pair();
    let call = pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    let served = pair.serve(1, None).unwrap();
    pair.close(1, EndReason::ServerStopped);
    pair.pass(SECOND);
    assert_eq!(pair.stop(1, &served), Poll::Ready(Stop::Leaving));
    assert_eq!(pair.outcome(0, call), Poll::Pending);
    assert!(!pair.ends[1].machine.is_over());
    let refused = pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    let Poll::Ready(Outcome::Failed(error)) = pair.outcome(0, refused) else { panic!("served") };
    assert_eq!((error.code.as_str(), error.retryable), ("UNAVAILABLE", Some(true)));
    pair.finish(1, &served, 7);
    pair.pass(SECOND);
    assert_eq!(pair.outcome(0, call), Poll::Ready(data(7)));
    assert_eq!(pair.ends[0].machine.end(), Some(EndReason::ServerStopped));
}

#[test]
fn an_answer_where_it_was_read_is_not_lost_in_a_stop() {
    let mut pair = pair();
    let call = pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    pair.close(1, EndReason::ServerStopped);
    pair.answer(1, 7);
    pair.pass(SECOND);
    assert_eq!(pair.outcome(0, call), Poll::Ready(data(7)));
}

#[test]
fn two_quiet_ends_keep_each_other_alive() {
    let mut pair = pair();
    pair.pass(3600 * SECOND);
    assert_eq!((pair.ends[0].machine.end(), pair.ends[1].machine.end()), (None, None));
}

#[test]
fn an_end_that_says_nothing_counts_as_gone() {
    let mut pair = pair();
    let call = pair.call(0, None, None).unwrap();
    pair.transmit();
    pair.connected = false;
    pair.ends[1].arriving.clear();
    pair.pass(91 * SECOND);
    assert_eq!(pair.ends[0].machine.end(), None, "it was heard of in the first beat");
    pair.pass(30 * SECOND);
    assert_eq!(pair.ends[0].machine.end(), Some(EndReason::Silent));
    assert!(fault(pair.outcome(0, call)).may_have_run());
}

#[test]
fn an_end_that_reads_nothing_is_left_when_its_queue_is_full() {
    let mut pair = Pair::new(&limits(|limits| limits.queued_frames = 8));
    let event = bytes::Bytes::from_static(b"{}");
    for _ in 0..8 {
        pair.ends[0].machine.announce(event.clone()).unwrap();
    }
    let unheard = pair.ends[0].machine.announce(event).unwrap_err();
    assert_eq!(unheard.reason, EndReason::Overflowed);
    assert_eq!(pair.ends[0].machine.end(), Some(EndReason::Overflowed));
}

#[test]
fn bytes_are_bounded_as_well_as_frames() {
    let mut pair = Pair::new(&limits(|limits| limits.queued_bytes = 100));
    let event = bytes::Bytes::from_static(&[b' '; 60]);
    pair.ends[0].machine.announce(event.clone()).unwrap();
    pair.ends[0].machine.announce(event).unwrap_err();
    assert_eq!(pair.ends[0].machine.end(), Some(EndReason::Overflowed));
}

#[test]
fn a_writer_that_is_stuck_for_too_long_ends_the_session() {
    let mut pair = pair();
    // Taken, and never written.
    let mut batch = std::collections::VecDeque::new();
    pair.ends[0].machine.send(bytes::Bytes::from_static(b"{}"));
    assert!(pair.ends[0].machine.poll_outgoing(&mut batch, &pair::cx()).is_ready());
    for _ in 0..3 {
        pair.ends[0].machine.heard();
        pair.now += 30 * SECOND;
        pair.ends[0].machine.tick(pair.now);
    }
    assert_eq!(pair.ends[0].machine.end(), Some(EndReason::Overflowed));
}

#[test]
fn bad_frames_are_counted_per_beat_and_then_too_many() {
    let mut pair = Pair::new(&limits(|limits| limits.bad_frames = 3));
    for _ in 0..3 {
        pair.ends[0].handle(Frame::Data(bytes::Bytes::from_static(b"nonsense")));
    }
    assert!(!pair.ends[0].machine.is_fed_up());
    pair.pass(31 * SECOND);
    for _ in 0..4 {
        pair.ends[0].handle(Frame::Data(bytes::Bytes::from_static(b"{\"type\":\"what\"}")));
    }
    assert!(pair.ends[0].machine.is_fed_up());
    assert_eq!(pair.ends[0].complaints, 7);
}

#[test]
fn a_call_that_leaves_with_a_goodbye_may_have_run() {
    let mut pair = pair();
    let queued = pair.call(0, None, None).unwrap();
    let unsent = pair.ends[0].machine.poll_start(None, None, &mut None, &pair::cx());
    let Poll::Ready(Ok(unsent)) = unsent else { panic!("{unsent:?}") };
    pair.close(0, EndReason::ClientDisconnected);
    // Its frame is written all the same, before the goodbye; the other's is not any more.
    assert!(fault(pair.outcome(0, queued)).may_have_run());
    assert!(!fault(pair.outcome(0, unsent)).may_have_run());
    pair.ends[0].machine.request(unsent, "{}".into());
    pair.pass(SECOND);
    assert_eq!((pair.ends[1].requests.len(), pair.ends[1].complaints), (1, 0));
}

#[test]
fn what_is_being_answered_is_answered_before_a_goodbye() {
    let mut pair = pair();
    let call = pair.call(0, None, None).unwrap();
    pair.pass(SECOND);
    pair.close(1, EndReason::ClientDisconnected);
    assert!(!pair.ends[1].machine.is_over());
    pair.answer(1, 7);
    assert!(pair.ends[1].machine.is_over());
    pair.pass(SECOND);
    assert_eq!(pair.outcome(0, call), Poll::Ready(data(7)));
}
