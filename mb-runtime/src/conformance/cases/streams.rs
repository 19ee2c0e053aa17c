//! Streamed replies: whole, in order, and no faster than they are read.

use std::time::Duration;

use futures_util::{FutureExt, StreamExt, future::join_all};
use mb_core::{Failure, FaultKind};

use super::cases;
use crate::conformance::{
    Arena,
    check::{Outcome, fault, holds, same, there},
    contract::probe::{self, ProbeError, Then},
    service::weighing,
    stage::Stage,
};

cases!("streams":
    all_items_arrive_in_order,
    an_empty_stream_ends,
    large_items_arrive_whole,
    a_declared_error_is_the_last_item,
    a_fault_is_the_last_item,
    a_panic_is_the_last_item,
    nothing_is_sent_before_it_is_asked_for,
    a_handler_is_not_far_ahead_of_its_reader,
    a_slow_stream_does_not_block_another,
    twenty_streams_at_once_keep_their_items_apart,
    a_stream_dropped_half_way_drops_its_handler,
    a_stream_may_have_a_time_limit,
);

async fn numbers(mut items: crate::StreamCall<'_, probe::requests::CountTo>) -> Outcome<Vec<u32>> {
    let mut numbers = Vec::new();
    while let Some(item) = items.next().await {
        numbers.push(item?);
    }
    holds("after its end a stream stays at its end", items.next().await.is_none())?;
    Ok(numbers)
}

async fn all_items_arrive_in_order(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    // Around every bound that there may be on the way.
    for limit in [1, 2, 15, 16, 17, 31, 32, 33, 64, 1_000] {
        let came = numbers(client.count_to(limit, Then::End)).await?;
        same("the items", came, (0..limit).collect::<Vec<_>>())?;
    }
    let counts = stage.log.until(|counts| counts.dropped == counts.begun).await;
    same("streams", counts.begun, 10)
}

async fn an_empty_stream_ends(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    same("the number of items", numbers(client.count_to(0, Then::End)).await?.len(), 0)
}

async fn large_items_arrive_whole(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let sizes = [100_000, 0, 1, 70_000, 65_536, 125, 126, 127];
    let items: Vec<_> = client.weigh_each(sizes.into()).collect().await;
    same("the number of items", items.len(), sizes.len())?;
    for (item, size) in items.into_iter().zip(sizes) {
        same("the item", item?, weighing(size))?;
    }
    Ok(())
}

async fn a_declared_error_is_the_last_item(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    for limit in [0, 3, 32, 100] {
        let mut items = client.count_to(limit, Then::Fail);
        for number in 0..limit {
            same("the item", items.next().await, Some(Ok(number)))?;
        }
        let closed = Failure::Declared(ProbeError::Closed);
        same("the last item", items.next().await, Some(Err(closed)))?;
        same("what comes after it", items.next().await, None)?;
    }
    Ok(())
}

async fn a_fault_is_the_last_item(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut items = client.count_to(1, Then::Refuse);
    same("the item", items.next().await, Some(Ok(0)))?;
    let last = fault(FaultKind::Forbidden, there("an item", items.next().await)?)?;
    same("the message", last.message(), "so far")?;
    same("what comes after it", items.next().await, None)
}

async fn a_panic_is_the_last_item(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut items = client.count_to(1, Then::Panic);
    same("the item", items.next().await, Some(Ok(0)))?;
    let last = fault(FaultKind::Internal, there("an item", items.next().await)?)?;
    holds("its text stays on the server", !format!("{last:?}").contains("swordfish"))?;
    same("what comes after it", items.next().await, None)?;
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn nothing_is_sent_before_it_is_asked_for(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    drop(client.count_to(10, Then::End));
    let waiting = client.count_to(10, Then::End);
    client.nothing().await?;
    same("streams that have begun", stage.log.now().begun, 0)?;
    drop(waiting);
    client.nothing().await?;
    same("streams that have begun", stage.log.now().begun, 0)
}

async fn a_handler_is_not_far_ahead_of_its_reader(arena: &dyn Arena) -> Outcome {
    let ahead = arena.traits().items_ahead;
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut items = client.count_to(1_000_000, Then::End);
    let mut taken = 0;
    // Asked once, so that it begins; over a network there is nothing to read yet.
    if let Some(item) = items.next().now_or_never() {
        same("the item", item, Some(Ok(0)))?;
        taken = 1;
    }
    let bound = |taken| taken + ahead + 1;
    for reads in [0, 1, 10, 100] {
        for _ in 0..reads {
            same("the item", items.next().await, Some(Ok(taken)))?;
            taken += 1;
        }
        // Once it has used up what it may be ahead at least by half, it has time to go too far.
        stage.log.until(|counts| counts.made >= taken + ahead / 2).await;
        for _ in 0..50 {
            client.nothing().await?;
        }
        let made = stage.log.now().made;
        let claim = format_args!("{made} items were made when {taken} were taken");
        holds(claim, made <= bound(taken))?;
    }
    Ok(())
}

async fn a_slow_stream_does_not_block_another(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut slow = client.count_to(2_000, Then::End);
    same("the first item", slow.next().await, Some(Ok(0)))?;
    let came = numbers(client.count_to(2_000, Then::End)).await?;
    same("the items of the fast one", came.len(), 2_000)?;
    same("the echo", client.echo("meanwhile".into()).await?.as_str(), "meanwhile")?;
    for number in 1..2_000 {
        same("the item of the slow one", slow.next().await, Some(Ok(number)))?;
    }
    same("the end of the slow one", slow.next().await, None)
}

async fn twenty_streams_at_once_keep_their_items_apart(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let streams = (0..20).map(|limit| numbers(client.count_to(limit * 10, Then::End)));
    for (came, limit) in join_all(streams).await.into_iter().zip(0..20) {
        same("the items", came?, (0..limit * 10).collect::<Vec<_>>())?;
    }
    Ok(())
}

async fn a_stream_dropped_half_way_drops_its_handler(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    // One that waits for something, and one that waits for its reader.
    for (limit, then) in [(3, Then::Hang), (1_000_000, Then::End)] {
        let mut items = client.count_to(limit, then);
        for number in 0..3 {
            same("the item", items.next().await, Some(Ok(number)))?;
        }
        let before = stage.log.now();
        same("streams at work", before.begun - before.dropped, 1)?;
        drop(items);
        stage.log.until(|counts| counts.dropped == counts.begun).await;
    }
    same("the echo", client.echo("after".into()).await?.as_str(), "after")
}

async fn a_stream_may_have_a_time_limit(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut items = client.count_to(1, Then::Hang).timeout(Duration::from_millis(100));
    same("the item", items.next().await, Some(Ok(0)))?;
    fault(FaultKind::Timeout, there("an item", items.next().await)?)?;
    same("what comes after it", items.next().await, None)?;
    stage.log.until(|counts| counts.dropped == 1).await;
    Ok(())
}
