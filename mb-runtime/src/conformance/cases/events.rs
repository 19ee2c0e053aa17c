//! Events that a server announces, and the subscriptions that get them.

use mb_core::{EndReason, FaultKind};

use super::cases;
use crate::{
    Overflow, Subscription,
    conformance::{
        Arena,
        check::{Outcome, holds, refused, same, there},
        contract::{
            annex,
            probe::{self, Noted, Wiped},
        },
        stage::Stage,
    },
};

cases!("events":
    a_broadcast_reaches_every_subscriber_in_order,
    an_event_reaches_only_those_that_subscribed_to_it,
    all_events_of_a_contract_arrive_in_order,
    an_event_can_be_sent_to_one_client,
    a_handler_can_broadcast_and_whisper,
    an_event_comes_before_the_answer_that_follows_it,
    who_unsubscribes_gets_no_more,
    a_slow_reader_loses_what_its_policy_says,
    an_unknown_event_cannot_be_subscribed_to,
    large_and_many_events_arrive,
);

fn noted(number: u32) -> Noted {
    Noted { number, text: format!("ü {number}") }
}

async fn expect(events: &mut Subscription<Noted>, number: u32) -> Outcome {
    same("the event", there("an event", events.next().await)?.into_inner(), noted(number))
}

async fn a_broadcast_reaches_every_subscriber_in_order(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let mut readers = Vec::new();
    for _ in 0..3 {
        let client = stage.connect().await?;
        for _ in 0..2 {
            let events = client.subscribe::<Noted>().await?;
            readers.push((client.clone(), events));
        }
    }
    for number in 0..100 {
        stage.server.broadcast(noted(number)).await?;
    }
    for (_, events) in &mut readers {
        for number in 0..100 {
            expect(events, number).await?;
        }
        same("events lost", (events.dropped(), events.undecodable(), events.gaps()), (0, 0, 0))?;
    }
    Ok(())
}

async fn an_event_reaches_only_those_that_subscribed_to_it(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let (one, other) = (stage.connect().await?, stage.connect().await?);
    // Not subscribed yet: this one is for nobody.
    stage.server.broadcast(noted(0)).await?;
    let mut notes = one.subscribe::<Noted>().await?;
    let mut wipes = other.subscribe::<Wiped>().await?;
    stage.server.broadcast(noted(1)).await?;
    stage.server.broadcast(Wiped { number: 2 }).await?;
    stage.server.broadcast(noted(3)).await?;
    expect(&mut notes, 1).await?;
    expect(&mut notes, 3).await?;
    same("the other event", there("an event", wipes.next().await)?.number, 2)
}

async fn all_events_of_a_contract_arrive_in_order(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut events = client.subscribe::<probe::Event>().await?;
    let sent: [probe::Event; 3] = [noted(1).into(), Wiped { number: 2 }.into(), noted(3).into()];
    for event in &sent {
        stage.server.broadcast(event.clone()).await?;
    }
    for event in sent {
        same("the event", there("an event", events.next().await)?.into_inner(), event)?;
    }
    Ok(())
}

async fn an_event_can_be_sent_to_one_client(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let ada = stage.connect_with(|client| client.id("ada")).await?;
    let bob = stage.connect_with(|client| client.id("bob")).await?;
    let (mut hers, mut his) = (ada.subscribe().await?, bob.subscribe().await?);
    stage.server.send_to("ada", noted(1)).await?;
    stage.server.broadcast(noted(2)).await?;
    expect(&mut hers, 1).await?;
    expect(&mut hers, 2).await?;
    expect(&mut his, 2).await?;
    refused(FaultKind::Unavailable, stage.server.send_to("eve", noted(3)).await).map(drop)
}

async fn a_handler_can_broadcast_and_whisper(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let ada = stage.connect_with(|client| client.id("ada")).await?;
    let bob = stage.connect_with(|client| client.id("bob")).await?;
    let (mut hers, mut his) = (ada.subscribe::<Noted>().await?, bob.subscribe::<Noted>().await?);
    ada.whisper("bob".into(), "psst".into()).await?;
    ada.announce(1, "ü 1".into()).await?;
    same("the whisper", there("an event", his.next().await)?.text.as_str(), "psst")?;
    expect(&mut his, 1).await?;
    expect(&mut hers, 1).await
}

async fn an_event_comes_before_the_answer_that_follows_it(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut events = client.subscribe::<Noted>().await?;
    for number in 0..20 {
        client.announce(number, format!("ü {number}")).await?;
        let event = futures_util::FutureExt::now_or_never(events.next()).flatten();
        let event = there("an event, there before the answer", event)?;
        same("the event", event.into_inner(), noted(number))?;
    }
    Ok(())
}

async fn who_unsubscribes_gets_no_more(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut early = client.subscribe::<Noted>().await?;
    let mut late = client.subscribe::<Noted>().await?;
    stage.server.broadcast(noted(1)).await?;
    expect(&mut late, 1).await?;
    early.unsubscribe();
    stage.server.broadcast(noted(2)).await?;
    expect(&mut late, 2).await?;
    // What was there before is still read.
    expect(&mut early, 1).await?;
    holds("there is no further event", early.next().await.is_none())?;
    same("the end", early.end_reason(), Some(EndReason::Unsubscribed))?;
    // With the last subscription the server sends nothing any more, and then again.
    drop(late);
    client.echo("the server knows by now".into()).await?;
    stage.server.broadcast(noted(3)).await?;
    let mut again = client.subscribe::<Noted>().await?;
    stage.server.broadcast(noted(4)).await?;
    expect(&mut again, 4).await
}

async fn a_slow_reader_loses_what_its_policy_says(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let subscribe = |overflow| client.subscribe::<Noted>().capacity(3).overflow(overflow);
    let mut oldest = subscribe(Overflow::DropOldest).await?;
    let mut newest = subscribe(Overflow::DropNewest).await?;
    let mut closed = subscribe(Overflow::Close).await?;
    // Served after the others: what it has, they have had.
    let mut fine = client.subscribe::<Noted>().await?;
    for number in 0..10 {
        stage.server.broadcast(noted(number)).await?;
    }
    for number in 0..10 {
        expect(&mut fine, number).await?;
    }
    for number in 0..3 {
        expect(&mut oldest, number + 7).await?;
        expect(&mut newest, number).await?;
        expect(&mut closed, number).await?;
    }
    same("the oldest, dropped", (oldest.dropped(), oldest.end_reason()), (7, None))?;
    same("the newest, dropped", (newest.dropped(), newest.end_reason()), (7, None))?;
    let overflowed = Some(EndReason::Overflowed);
    same("the closed", (closed.next().await.is_none(), closed.end_reason()), (true, overflowed))?;
    same("the fine", (fine.dropped(), fine.end_reason()), (0, None))?;
    stage.server.broadcast(noted(10)).await?;
    expect(&mut oldest, 10).await?;
    expect(&mut newest, 10).await
}

async fn an_unknown_event_cannot_be_subscribed_to(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let foreign = annex::Client::from(client.client().clone());
    refused(FaultKind::ContractMismatch, foreign.subscribe::<annex::Noted>().await)?;
    // The others are not disturbed.
    let mut events = client.subscribe::<Noted>().await?;
    stage.server.broadcast(noted(1)).await?;
    expect(&mut events, 1).await
}

async fn large_and_many_events_arrive(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut events = client.subscribe::<Noted>().capacity(2_000).await?;
    let text = "0123456789".repeat(10_000);
    stage.server.broadcast(Noted { number: 0, text: text.clone() }).await?;
    for number in 1..2_000 {
        stage.server.broadcast(noted(number)).await?;
    }
    same("the large one", there("an event", events.next().await)?.into_inner().text, text)?;
    for number in 1..2_000 {
        expect(&mut events, number).await?;
    }
    Ok(())
}
