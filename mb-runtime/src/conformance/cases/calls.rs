//! Calls, and whatever they carry.

use std::collections::BTreeMap;

use futures_util::{StreamExt, future::join_all, stream::FuturesUnordered};
use mb_core::Body;
use serde_json::json;

use super::cases;
use crate::conformance::{
    Arena,
    check::{Outcome, answered, holds, same, there},
    contract::probe::{Color, Everything, Leaf, Shape, Tree, requests},
    service::weighing,
    stage::{Stage, hold},
};

cases!("calls":
    a_payload_of_every_shape_arrives_whole,
    an_empty_payload_of_every_shape_arrives_whole,
    text_of_every_script_arrives,
    a_hundred_kilobytes_arrive_both_ways,
    a_request_without_arguments_and_a_unit_reply,
    many_calls_at_once_get_each_its_own_answer,
    a_hundred_calls_are_answered_out_of_order,
    a_call_by_name_needs_no_types,
    a_request_can_be_sent_as_a_value,
    two_clients_share_a_server_and_nothing_else,
);

async fn a_payload_of_every_shape_arrives_whole(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let sent = everything();
    same("what came back", client.reflect(sent.clone()).await?, sent)
}

async fn an_empty_payload_of_every_shape_arrives_whole(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let sent = nothing_at_all();
    same("what came back", client.reflect(sent.clone()).await?, sent)
}

async fn text_of_every_script_arrives(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    for text in [
        "",
        "\0\u{1}\u{1f}\u{7f}\u{80}\u{2028}\u{feff}\u{fffd}\u{10ffff}",
        "\"quotes\" \\back\\slashes/ \r\n\t",
        "Grüße, 世界, עולם, 👩‍👩‍👧‍👦",
        "{\"type\":\"response\",\"requestId\":\"0\"}",
    ] {
        same("the echo", client.echo(text.into()).await?.as_str(), text)?;
    }
    Ok(())
}

async fn a_hundred_kilobytes_arrive_both_ways(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let text = "0123456789".repeat(10_000);
    same("the echo", client.echo(text.clone()).await?, text)?;
    same("the reply", client.weigh(100_000).await?.len(), 100_000)
}

async fn a_request_without_arguments_and_a_unit_reply(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    client.nothing().await?;
    // A tool may send no payload to speak of, in several ways.
    for payload in [json!({}), json!({ "unknown": 1 })] {
        let reply = client.client().call_raw("probe/nothing", Body::new(payload)).await;
        answered(reply)?.decode::<()>()?;
    }
    Ok(())
}

async fn many_calls_at_once_get_each_its_own_answer(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let numbers = 0..500;
    let calls = numbers.clone().map(|number| client.echo(format!("number {number}")));
    for (number, echo) in numbers.zip(join_all(calls).await) {
        same("the echo", echo?, format!("number {number}"))?;
    }
    Ok(())
}

async fn a_hundred_calls_are_answered_out_of_order(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let mut calls: FuturesUnordered<_> = (0..100).map(|ticket| hold(&client, ticket)).collect();
    stage.log.until(|counts| counts.begun == 100).await;
    // The last is answered first, and nobody waits for anybody else.
    for ticket in (0..100).rev() {
        stage.log.release(ticket);
        same("the answer", there("an answer", calls.next().await)??, Ok(ticket))?;
    }
    same("handlers that came to their end", stage.log.now().finished, 100)
}

async fn a_call_by_name_needs_no_types(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    for name in ["probe/echo", "echo"] {
        let payload = json!({ "text": "hello", "added": "by a newer client" });
        let reply = client.client().call_raw(name, Body::new(payload)).await;
        same("the reply", answered(reply)?.decode::<serde_json::Value>()?, json!("hello"))?;
    }
    Ok(())
}

async fn a_request_can_be_sent_as_a_value(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let client = stage.connect().await?;
    let reply = client.send(requests::Echo { text: "hello".into() }.into()).await?;
    same("the reply", reply.decode::<String>()?.as_str(), "hello")
}

async fn two_clients_share_a_server_and_nothing_else(arena: &dyn Arena) -> Outcome {
    let stage = Stage::open(arena).await?;
    let (first, second) = (stage.connect().await?, stage.connect().await?);
    holds("two clients have two ids", first.client().id() != second.client().id())?;
    same("the server's id", first.client().server_id().as_deref(), Some("stage"))?;
    same("the clients of the server", stage.server.clients().len(), 2)?;
    let held = hold(&first, 1);
    stage.log.until(|counts| counts.begun == 1).await;
    same("the echo", second.echo("hello".into()).await?.as_str(), "hello")?;
    stage.log.release(1);
    same("the answer", held.await?, Ok(1))
}

fn leaf(name: &str, note: Option<&str>, color: Color) -> Leaf {
    Leaf { name: name.into(), note: note.map(str::to_owned), color }
}

fn everything() -> Everything {
    let leaves = vec![leaf("a", None, Color::Red), leaf("ß", Some("noted"), Color::DarkBlue)];
    let twig = Tree { leaves: leaves.clone(), branches: BTreeMap::new() };
    let branch = Tree { leaves: Vec::new(), branches: BTreeMap::from([("twig".into(), twig)]) };
    let tree = Tree { leaves, branches: BTreeMap::from([("".into(), branch)]) };
    Everything {
        tree,
        shapes: vec![
            Shape::Nothing,
            Shape::Circle { radius: -0.1 },
            Shape::Named("n".into()),
            Shape::Pair(i8::MIN, true),
        ],
        text: "Grüße, 世界 👩‍👩‍👧‍👦".into(),
        letter: '\u{10ffff}',
        flag: true,
        largest: u64::MAX,
        smallest: i64::MIN,
        floats: vec![
            0.1,
            0.1 + 0.2,
            1e-300,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            f64::EPSILON,
            // A whole number stays a float, and one too large for an integer too.
            3.0,
            9_007_199_254_740_993.0,
            1e19,
        ],
        single: 0.1,
        there: Some(u32::MAX),
        missing: None,
        pair: (u8::MAX, "second".into()),
        numbers: [i16::MIN, 0, i16::MAX],
        bytes: (0..=255).collect(),
        by_name: BTreeMap::from([("a b".into(), vec![-1, 1]), (String::new(), Vec::new())]),
        by_number: BTreeMap::from([(0, "zero".into()), (u32::MAX, "most".into())]),
        nothing: (),
        anything: json!({ "deep": [[[{ "x": null }]], 1.5, -1, u64::MAX, "text", true] }),
    }
}

fn nothing_at_all() -> Everything {
    Everything {
        tree: Tree { leaves: Vec::new(), branches: BTreeMap::new() },
        shapes: Vec::new(),
        text: weighing(0),
        letter: '\0',
        flag: false,
        largest: 0,
        smallest: 0,
        floats: vec![0.0],
        single: 0.0,
        there: Some(0),
        missing: None,
        pair: (0, String::new()),
        numbers: [0; 3],
        bytes: Vec::new(),
        by_name: BTreeMap::new(),
        by_number: BTreeMap::new(),
        nothing: (),
        anything: json!(null),
    }
}
