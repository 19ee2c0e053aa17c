//! The NATS service protocol (ADR-32), on plain subjects: what `nats micro` and other tools ask.
//!
//! Each contract of a server is one service, called like the contract; its id is the server's
//! instance, its endpoints are the requests.

use std::time::{SystemTime, UNIX_EPOCH};

use async_nats::Message as NatsMessage;
use mb_core::ContractDescriptor;
use serde_json::{Value, json};

use super::station::Station;
use crate::{
    reply::Reply,
    served::send,
    token::{decode, encode},
};

/// Answers `$SRV.<verb>[.<name>[.<id>]]`. What nobody waits for is not answered, whatever it asks.
pub(crate) async fn answer(station: &Station, message: NatsMessage) {
    let Some(reply) = message.reply else { return };
    let mut tokens = message.subject.split('.').skip(1);
    let verb = tokens.next().unwrap_or_default();
    let asked = tokens.next().and_then(decode);
    for contract in station.contracts() {
        if asked.as_deref().is_some_and(|asked| asked != contract.name) {
            continue;
        }
        let told = match verb {
            "PING" => about(station, contract, "ping_response"),
            "INFO" => info(station, contract),
            "STATS" => stats(station, contract),
            _ => return,
        };
        let payload = serde_json::to_vec(&told).unwrap_or_default().into();
        send(&station.nats, reply.clone(), Reply { headers: None, payload }).await;
    }
}

fn about(station: &Station, contract: &ContractDescriptor, kind: &str) -> Value {
    json!({
        "type": format!("io.nats.micro.v1.{kind}"),
        "name": encode(contract.name),
        "id": &*station.instance,
        "version": contract.version,
        "metadata": {
            "contract": contract.name,
            "version": contract.version,
            "fingerprint": format!("{:016x}", contract.fingerprint),
            "serverId": station.host.id(),
        },
    })
}

fn info(station: &Station, contract: &ContractDescriptor) -> Value {
    let endpoints: Vec<_> = contract
        .requests
        .iter()
        .map(|request| {
            let subject = station.space.of(contract.name, contract.major(), "req", request.name);
            json!({
                "name": encode(request.name),
                "subject": subject.as_ref().map(|subject| subject.as_str()),
                "queue_group": station.group(contract.name),
                "metadata": { "description": request.docs },
            })
        })
        .collect();
    with(
        about(station, contract, "info_response"),
        [("description", json!(contract.docs)), ("endpoints", json!(endpoints))],
    )
}

fn stats(station: &Station, contract: &ContractDescriptor) -> Value {
    let own = |full_name: &str| full_name.split('/').next() == Some(contract.name);
    let mut endpoints: Vec<_> =
        station.endpoints.values().filter(|endpoint| own(endpoint.full_name)).collect();
    endpoints.sort_by_key(|endpoint| &endpoint.name);
    let endpoints: Vec<_> = endpoints
        .into_iter()
        .map(|endpoint| {
            let told = endpoint.told();
            json!({
                "name": endpoint.name,
                "subject": endpoint.subject,
                "queue_group": station.group(contract.name),
                "num_requests": told.requests,
                "num_errors": told.errors,
                "last_error": told.last_error,
                "processing_time": told.nanos,
                "average_processing_time": told.nanos.checked_div(told.requests).unwrap_or(0),
            })
        })
        .collect();
    let dropped = station.dropped.load(std::sync::atomic::Ordering::Relaxed);
    with(
        about(station, contract, "stats_response"),
        [
            ("started", json!(rfc3339(station.started))),
            ("endpoints", json!(endpoints)),
            ("data", json!({ "dropped": dropped })),
        ],
    )
}

fn with<const N: usize>(mut object: Value, more: [(&str, Value); N]) -> Value {
    if let Value::Object(fields) = &mut object {
        fields.extend(more.into_iter().map(|(key, value)| (key.to_owned(), value)));
    }
    object
}

/// A moment as in RFC 3339, in UTC.
fn rfc3339(time: SystemTime) -> String {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    let (seconds, millis) = (since.as_secs(), since.subsec_millis());
    let (days, second) = (seconds / 86_400, seconds % 86_400);
    // Days to a date, in eras of 400 years that begin in March.
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn a_moment_is_written_as_others_read_it() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_700_000_000_123, "2023-11-14T22:13:20.123Z"),
            (4_107_542_399_999, "2100-02-28T23:59:59.999Z"),
        ] {
            assert_eq!(rfc3339(UNIX_EPOCH + Duration::from_millis(millis)), text);
        }
    }
}
