//! A queue against a model of it, step by random step; and under threads.

use std::{
    collections::VecDeque,
    sync::Arc,
    task::{Context as Task, Poll, Waker},
    time::Duration,
};

use futures_core::future::BoxFuture;
use futures_util::FutureExt;
use mb_core::{Body, Context, EndReason, Fault, FaultKind, Message, Name, Published};
use proptest::prelude::*;

use super::{Overflow, Reader, queue::queue, ring::Entry};

const PATIENT: Overflow = Overflow::Wait(Duration::from_secs(3600));

#[derive(Debug, Clone, Copy)]
enum Step {
    Push,
    Gap,
    Read,
    /// A publisher that waits gives up: the one at this place among them.
    GiveUp(usize),
    Close,
}

/// What a reader gets, as a test compares it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Event(u64),
    Gap,
}

fn event(number: u64) -> Arc<Message> {
    let body = Body::shared(Arc::new(number));
    Arc::new(Message::new(Name::text("shop/counted"), Context::new(), body))
}

fn seen(entry: Entry) -> Seen {
    match entry {
        Entry::Event(event) => Seen::Event(*event.body().downcast_ref().expect("a number")),
        Entry::Gap => Seen::Gap,
    }
}

fn read(reader: &mut Reader) -> Poll<Option<Seen>> {
    reader.poll_next(&Task::from_waker(Waker::noop())).map(|entry| entry.map(seen))
}

/// What a queue should do, said in the plainest way.
struct Model {
    capacity: usize,
    overflow: Overflow,
    inside: VecDeque<Seen>,
    waiting: VecDeque<u64>,
    untold: bool,
    ended: bool,
    dropped: u64,
}

impl Model {
    fn push(&mut self, number: u64) {
        if self.ended {
        } else if self.inside.len() < self.capacity {
            self.inside.push_back(Seen::Event(number));
        } else {
            match self.overflow {
                Overflow::DropOldest => self.displace(Seen::Event(number)),
                Overflow::DropNewest => self.dropped += 1,
                Overflow::Close => {
                    self.dropped += 1;
                    self.ended = true;
                }
                Overflow::Wait(_) => self.waiting.push_back(number),
            }
        }
    }

    fn gap(&mut self) {
        if self.ended {
        } else if self.inside.len() < self.capacity {
            self.inside.push_back(Seen::Gap);
        } else if self.overflow == Overflow::DropOldest {
            self.displace(Seen::Gap);
        } else {
            self.untold = true;
        }
    }

    fn displace(&mut self, by: Seen) {
        match self.inside.pop_front() {
            Some(Seen::Event(_)) => self.dropped += 1,
            _ => self.untold = true,
        }
        self.inside.push_back(by);
    }

    fn read(&mut self) -> Poll<Option<Seen>> {
        if std::mem::take(&mut self.untold) {
            return Poll::Ready(Some(Seen::Gap));
        }
        match self.inside.pop_front() {
            Some(next) => {
                self.inside.extend(self.waiting.pop_front().map(Seen::Event));
                Poll::Ready(Some(next))
            }
            None if self.ended => Poll::Ready(None),
            None => Poll::Pending,
        }
    }

    fn close(&mut self) {
        self.ended = true;
        self.dropped += self.waiting.drain(..).count() as u64;
    }
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => Just(Step::Push),
        1 => Just(Step::Gap),
        4 => Just(Step::Read),
        1 => (0..4_usize).prop_map(Step::GiveUp),
    ];
    (prop::collection::vec(step, 0..60), any::<bool>()).prop_map(|(mut steps, close)| {
        if close {
            steps.insert(steps.len() * 3 / 4, Step::Close);
        }
        steps
    })
}

fn policies() -> impl Strategy<Value = Overflow> {
    let all = [Overflow::DropOldest, Overflow::DropNewest, Overflow::Close, PATIENT];
    prop::sample::select(all.to_vec())
}

proptest! {
    #[test]
    fn a_queue_does_what_its_model_does(
        capacity in 1..5_usize,
        overflow in policies(),
        steps in steps(),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let _on_it = runtime.enter();
        let mut reader = queue(capacity, overflow);
        let mut model = Model {
            capacity,
            overflow,
            inside: VecDeque::new(),
            waiting: VecDeque::new(),
            untold: false,
            ended: false,
            dropped: 0,
        };
        let mut publishers: Vec<(u64, BoxFuture<'static, Result<(), Fault>>)> = Vec::new();
        for (number, step) in steps.into_iter().enumerate() {
            let number = number as u64;
            match step {
                Step::Push => {
                    let (ended, waiting) = (model.ended, model.waiting.len());
                    model.push(number);
                    match reader.queue().push(&event(number)) {
                        Published::Refused(_) => prop_assert!(ended),
                        Published::Waiting(place) => {
                            prop_assert_eq!(model.waiting.len(), waiting + 1);
                            publishers.push((number, place));
                        }
                        Published::Accepted => prop_assert_eq!(model.waiting.len(), waiting),
                    }
                }
                Step::Gap => {
                    model.gap();
                    reader.queue().gap();
                }
                Step::Read => prop_assert_eq!(read(&mut reader), model.read()),
                Step::GiveUp(at) => {
                    if let Some(number) = model.waiting.remove(at) {
                        model.dropped += 1;
                        publishers.retain(|(other, _)| *other != number);
                    }
                }
                Step::Close => {
                    model.close();
                    reader.queue().close(EndReason::Unsubscribed);
                }
            }
            prop_assert_eq!(reader.queue().dropped(), model.dropped);
            prop_assert_eq!(reader.queue().end().is_some(), model.ended);
            // A publisher is told as soon as its event is in, and when it never will be.
            for (number, place) in std::mem::take(&mut publishers) {
                let mut place = place;
                match (&mut place).now_or_never() {
                    None => {
                        prop_assert!(model.waiting.contains(&number));
                        publishers.push((number, place));
                    }
                    Some(told) => {
                        prop_assert!(!model.waiting.contains(&number));
                        prop_assert!(told.is_ok() || model.ended);
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn so_many_events_wait_and_no_more() {
    let mut reader = queue(1, PATIENT);
    let mut waiting: Vec<_> = (0..1025).map(|at| reader.queue().push(&event(at))).collect();
    match reader.queue().push(&event(1025)) {
        Published::Refused(fault) => assert_eq!(fault.kind(), FaultKind::RateLimitExceeded),
        _ => panic!("it waits too"),
    }
    assert_eq!(reader.queue().dropped(), 1);
    // The next has the place of whoever gives up.
    waiting.truncate(1024);
    assert_eq!(reader.queue().dropped(), 2);
    assert!(matches!(reader.queue().push(&event(1026)), Published::Waiting(_)));
    assert_eq!(read(&mut reader), Poll::Ready(Some(Seen::Event(0))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_reader_sleeps_through_an_event_and_no_publisher_through_its_turn() {
    const EACH: u64 = 5_000;
    let mut reader = queue(2, PATIENT);
    let publishers: Vec<_> = (0..4)
        .map(|_| {
            let queue = Arc::clone(reader.queue());
            tokio::spawn(async move {
                for number in 0..EACH {
                    queue.push(&event(number)).done().await.expect("there is a reader");
                }
            })
        })
        .collect();
    let mut sum = 0;
    for _ in 0..4 * EACH {
        let next = std::future::poll_fn(|cx| reader.poll_next(cx)).await;
        match next.map(seen) {
            Some(Seen::Event(number)) => sum += number,
            other => panic!("{other:?} instead of an event"),
        }
    }
    assert_eq!(sum, 4 * (0..EACH).sum::<u64>());
    for publisher in publishers {
        publisher.await.expect("it has published all");
    }
    assert_eq!(reader.queue().dropped(), 0);
    // Who is gone is told to whoever comes next.
    let queue = Arc::clone(reader.queue());
    drop(reader);
    assert!(matches!(queue.push(&event(0)), Published::Refused(_)));
}
