//! What a server listens to.

use async_nats::Subscriber;
use mb_core::Fault;

use super::station::Station;
use crate::{intake::Intake, token::encode};

/// What comes, causes before effects: what a client emitted before its request, a request before its
/// being taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Emitted,
    Request,
    /// A request whose subject does not tell its name.
    Any,
    /// For this server alone.
    Direct,
    Inbox,
    /// From a client to every server.
    All,
    /// From clients that want to come in.
    Door,
    Discovery,
}

/// Begins to listen. Clients find the server when the engine has heard of it.
pub(crate) async fn listen(station: &Station) -> Result<Intake<Kind>, Fault> {
    let mut intake = Intake::new();
    let space = &station.space;
    for contract in station.contracts() {
        let group = station.group(contract.name);
        for (kind, what) in [(Kind::Request, "req"), (Kind::Emitted, "emit")] {
            let subject = space.all_of(contract.name, contract.major(), what);
            let subscriber = station.nats.queue_subscribe(subject, group.clone()).await;
            intake.add(kind, heard(subscriber)?);
        }
        let name = encode(contract.name);
        for subject in [format!("$SRV.*.{name}"), format!("$SRV.*.{name}.{}", station.instance)] {
            intake.add(Kind::Discovery, heard(station.nats.subscribe(subject).await)?);
        }
    }
    let any = station.nats.queue_subscribe(space.system("any"), station.group("mb")).await;
    intake.add(Kind::Any, heard(any)?);
    let others = [
        (Kind::Direct, space.system(&format!("srv.{}.*", station.instance)).to_string()),
        (Kind::Inbox, format!("{}>", station.base)),
        (Kind::All, space.system("all.*").to_string()),
        (Kind::Door, space.system("door.*").to_string()),
        (Kind::Discovery, "$SRV.*".to_owned()),
    ];
    for (kind, subject) in others {
        intake.add(kind, heard(station.nats.subscribe(subject).await)?);
    }
    Ok(intake)
}

fn heard<E: std::fmt::Display>(subscriber: Result<Subscriber, E>) -> Result<Subscriber, Fault> {
    subscriber.map_err(|error| Fault::unavailable(format!("nothing can be listened to: {error}")))
}
