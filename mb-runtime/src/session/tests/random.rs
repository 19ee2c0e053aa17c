//! Random conversations: whatever is said, lost or given up in whatever order, every call ends
//! once, no answer reaches the wrong call, and nothing is left over.

use std::{collections::HashMap, task::Poll, time::Duration};

use mb_core::EndReason;
use proptest::prelude::*;

use super::pair::{Pair, data, limits};
use crate::session::{
    calls::{CallId, Outcome},
    served::ServedId,
};

#[derive(Debug, Clone)]
enum Step {
    Call { from: usize, limit: Option<u64>, streamed: bool },
    Answer { at: usize },
    Serve { at: usize },
    Item { at: usize, which: usize },
    Finish { at: usize, which: usize },
    Take { from: usize, which: usize },
    Cancel { from: usize, which: usize },
    Allow { from: usize, which: usize },
    Pass { millis: u64 },
    Receive { at: usize },
    Reorder { at: usize },
    Close { at: usize, stop: bool },
    Cut,
}

fn step() -> impl Strategy<Value = Step> {
    let end = 0..2_usize;
    let which = 0..8_usize;
    prop_oneof![
        6 => (end.clone(), proptest::option::of(1..2000_u64), any::<bool>())
            .prop_map(|(from, limit, streamed)| Step::Call { from, limit, streamed }),
        4 => end.clone().prop_map(|at| Step::Answer { at }),
        4 => end.clone().prop_map(|at| Step::Serve { at }),
        6 => (end.clone(), which.clone()).prop_map(|(at, which)| Step::Item { at, which }),
        3 => (end.clone(), which.clone()).prop_map(|(at, which)| Step::Finish { at, which }),
        6 => (end.clone(), which.clone()).prop_map(|(from, which)| Step::Take { from, which }),
        2 => (end.clone(), which.clone()).prop_map(|(from, which)| Step::Cancel { from, which }),
        3 => (end.clone(), which).prop_map(|(from, which)| Step::Allow { from, which }),
        6 => (0..500_u64).prop_map(|millis| Step::Pass { millis }),
        4 => end.clone().prop_map(|at| Step::Receive { at }),
        1 => end.clone().prop_map(|at| Step::Reorder { at }),
        1 => (end, any::<bool>()).prop_map(|(at, stop)| Step::Close { at, stop }),
        1 => Just(Step::Cut),
    ]
}

/// What has become of a call, as its caller sees it.
struct Call {
    from: usize,
    id: CallId,
    streamed: bool,
    /// What its answer will be: its own number.
    items: u32,
}

#[derive(Default)]
struct World {
    open: Vec<Call>,
    served: [Vec<(ServedId, u32)>; 2],
    /// How often each request was handed to a handler.
    ran: HashMap<(usize, String), u32>,
    noted: [usize; 2],
}

impl World {
    fn note_requests(&mut self, pair: &Pair) {
        for at in [0, 1] {
            for (id, _) in pair.ends[at].requests.iter().skip(self.noted[at]) {
                *self.ran.entry((at, id.to_string())).or_default() += 1;
            }
            self.noted[at] = pair.ends[at].requests.len();
        }
    }

    fn step(&mut self, pair: &mut Pair, step: &Step) {
        match *step {
            Step::Call { from, limit, streamed } => {
                let limit = limit.map(Duration::from_millis);
                if let Ok(id) = pair.call(from, limit, streamed.then_some(2)) {
                    self.open.push(Call { from, id, streamed, items: 0 });
                }
            }
            Step::Answer { at } => {
                if let Some((id, _)) = pair.ends[at].requests.first() {
                    let reply = number(id);
                    pair.answer(at, reply);
                }
            }
            Step::Serve { at } => {
                if !pair.ends[at].requests.is_empty()
                    && let Some(served) = pair.serve(at, None)
                {
                    self.served[at].push((served, 0));
                }
            }
            Step::Item { at, which } => {
                if let Some((served, items)) = pick(&mut self.served[at], which)
                    && pair.stop(at, served).is_pending()
                    && pair.item(at, served, *items)
                {
                    *items += 1;
                }
            }
            Step::Finish { at, which } => {
                if !self.served[at].is_empty() {
                    let which = which % self.served[at].len();
                    let (served, _) = self.served[at].remove(which);
                    pair.finish(at, &served, number(&served.id));
                }
            }
            Step::Take { from, which } => self.take(pair, from, which),
            Step::Cancel { from, which } => {
                if let Some(at) = self.place(from, which) {
                    let call = self.open.remove(at);
                    pair.cancel(from, call.id);
                }
            }
            Step::Allow { from, which } => {
                if let Some(at) = self.place(from, which)
                    && self.open[at].streamed
                {
                    let id = self.open[at].id;
                    pair.allow(from, id, 2);
                }
            }
            Step::Pass { millis } => pair.pass(Duration::from_millis(millis)),
            Step::Receive { at } => {
                pair.transmit();
                pair.now += pair.latency;
                pair.receive(at);
            }
            Step::Reorder { at } => {
                pair.transmit();
                let arriving = &mut pair.ends[at].arriving;
                if arriving.len() > 1 {
                    arriving.swap(0, 1);
                }
            }
            Step::Close { at, stop } => pair.close(
                at,
                match stop {
                    true => EndReason::ServerStopped,
                    false => EndReason::ClientDisconnected,
                },
            ),
            Step::Cut => pair.cut(),
        }
    }

    fn place(&self, from: usize, which: usize) -> Option<usize> {
        let mine: Vec<_> = (0..self.open.len()).filter(|at| self.open[*at].from == from).collect();
        mine.get(which % mine.len().max(1)).copied()
    }

    fn take(&mut self, pair: &mut Pair, from: usize, which: usize) {
        let Some(at) = self.place(from, which) else { return };
        let call = &mut self.open[at];
        let outcome = pair.next(from, call.id);
        match outcome {
            Poll::Pending => {}
            Poll::Ready(Outcome::Data(item)) if call.streamed => {
                assert_eq!(Outcome::Data(item), data(call.items), "items come in order");
                call.items += 1;
            }
            Poll::Ready(outcome) => {
                if let Outcome::Data(_) = outcome {
                    let expected = number(&call.id.number().to_string());
                    assert_eq!(outcome, data(expected), "an answer found another call");
                }
                pair.ends[from].machine.release(call.id);
                self.open.remove(at);
            }
        }
    }
}

/// A number that only this request has.
fn number(id: &str) -> u32 {
    u32::try_from(id.parse::<u64>().unwrap() & 0xffff_ffff).unwrap()
}

fn pick<T>(all: &mut [T], which: usize) -> Option<&mut T> {
    let which = which % all.len().max(1);
    all.get_mut(which)
}

fn converse(steps: &[Step], in_order: bool) {
    let mut pair = Pair::new(&limits(|limits| limits.in_flight = 16));
    let mut world = World::default();
    for step in steps {
        if in_order && matches!(step, Step::Reorder { .. }) {
            continue;
        }
        if !in_order && matches!(step, Step::Item { .. }) {
            continue;
        }
        world.noted = [0, 1].map(|at| pair.ends[at].requests.len());
        world.step(&mut pair, step);
        let shrunk = [0, 1].map(|at| pair.ends[at].requests.len() < world.noted[at]);
        for at in [0, 1] {
            if shrunk[at] {
                world.noted[at] = pair.ends[at].requests.len();
            }
        }
        world.note_requests(&pair);
    }
    assert!(world.ran.values().all(|times| *times == 1), "a request ran twice");
    // In the end the wire is cut: whoever still waits is told.
    pair.cut();
    for call in std::mem::take(&mut world.open) {
        let end = (0..100).find_map(|_| match pair.next(call.from, call.id) {
            Poll::Ready(Outcome::Data(_)) if call.streamed => None,
            Poll::Ready(outcome) => Some(outcome),
            Poll::Pending => panic!("a call hangs"),
        });
        assert!(end.is_some(), "a call has no end");
        pair.ends[call.from].machine.release(call.id);
    }
    for (at, served) in world.served.iter().enumerate() {
        for (served, _) in served {
            assert!(pair.stop(at, served).is_ready(), "a handler is not told that it is over");
        }
    }
    for end in &pair.ends {
        let (calls, _) = end.machine.under_way();
        assert_eq!(calls, 0, "something is left over");
    }
}

proptest! {
    #[test]
    fn every_call_ends_once(steps in proptest::collection::vec(step(), 1..200)) {
        converse(&steps, true);
    }

    #[test]
    fn not_even_a_wire_that_reorders_hangs_a_call(
        steps in proptest::collection::vec(step(), 1..200)
    ) {
        converse(&steps, false);
    }
}
