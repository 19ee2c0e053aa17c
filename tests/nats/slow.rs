//! A reader so slow that the engine's own client drops what is for it.

use std::time::Duration;

use futures_util::StreamExt;
use magicbutton::{Client, FaultKind, Overflow};
use tokio::time::timeout;

use crate::{
    contract::{Done, depot, server},
    nats_server,
};

/// More than one subscription of the engine's client holds.
const EVENTS: u64 = 40_000;

#[tokio::test]
async fn what_the_network_drops_is_a_gap_that_is_counted_and_told() {
    let Some(engine) = nats_server::start() else { return };
    let server = server("one", &Done::default()).bind(engine.url("")).start().await.unwrap();
    let client = Client::connect(engine.url("")).await.unwrap();
    let mut errors = client.errors();
    let patient = Overflow::Wait(Duration::from_secs(60));
    let subscribing = client.subscribe::<depot::Arrived>().capacity(1).overflow(patient);
    let mut events = subscribing.await.unwrap();
    for number in 0..EVENTS {
        server.broadcast(depot::Arrived { parcel: number.to_string() }).await.unwrap();
    }
    let told = timeout(Duration::from_secs(10), errors.next()).await.expect("it is told").unwrap();
    assert_eq!(told.kind(), FaultKind::RateLimitExceeded, "{told}");
    assert!(events.gaps() > 0, "and counted");
    // What came before is still there, in its order, and the first event after it says what it follows.
    let (mut seen, mut last, mut gap) = (0, None, false);
    let reading = async {
        let mut announced = false;
        loop {
            match timeout(Duration::from_millis(500), events.next()).await {
                Ok(Some(event)) => {
                    let number: u64 = event.parcel.parse().unwrap();
                    assert!(last.is_none_or(|last| last < number));
                    gap |= event.follows_gap();
                    (seen, last) = (seen + 1, Some(number));
                }
                Ok(None) => panic!("the subscription is over"),
                // Whatever was on its way has come: one more, which finds room.
                Err(_) if !announced => {
                    announced = true;
                    let parcel = EVENTS.to_string();
                    server.broadcast(depot::Arrived { parcel }).await.unwrap();
                }
                Err(_) => break,
            }
        }
    };
    timeout(Duration::from_secs(60), reading).await.unwrap();
    assert!(gap, "no event followed a gap");
    assert_eq!(last, Some(EVENTS), "the subscription goes on");
    assert!(seen > 1_000 && seen < EVENTS, "{seen} of {EVENTS} seen: nothing was dropped");
    assert_eq!(events.dropped(), 0, "it was the network that dropped them");
}
