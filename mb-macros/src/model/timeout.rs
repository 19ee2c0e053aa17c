//! `timeout = "5s"`: how long a request may take.

use std::time::Duration;

use syn::LitStr;

use super::attributes::Keys;
use crate::errors::Errors;

/// What a unit is in milliseconds.
const UNITS: [(&str, u64); 3] = [("ms", 1), ("s", 1_000), ("m", 60_000)];

/// Whoever waits longer than this does not wait for an answer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);

/// The timeout that these keys say, if it is one.
pub(super) fn read(keys: &Keys, errors: &Errors) -> Option<Duration> {
    let text = keys.string("timeout", errors)?;
    parse(&text).map_err(|reason| errors.at(&text, reason)).ok()
}

fn parse(text: &LitStr) -> Result<Duration, String> {
    let text = text.value();
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let unit = UNITS.iter().find(|(known, _)| *known == unit);
    let (Some((_, millis)), false) = (unit, number.is_empty()) else {
        return Err(format!(
            "`{text}` is no time: write a whole number and `ms`, `s` or `m`, `timeout = \"5s\"`"
        ));
    };
    // Too many digits for a number are too many for a timeout.
    let time = number.parse().ok().and_then(|number: u64| number.checked_mul(*millis));
    match time.map(Duration::from_millis) {
        Some(Duration::ZERO) => {
            Err("a request that may take no time is never answered: write 1 ms at least".to_owned())
        }
        Some(time) if time <= LONGEST => Ok(time),
        _ => Err("a request takes 24 hours at most: `timeout = \"1440m\"`".to_owned()),
    }
}
