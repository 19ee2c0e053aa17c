//! What is measured by how much of it is done in a second, and by nothing else.

use std::{io, time::Instant};

use super::{ROUNDS, chosen, median, ratio, spread};

/// One way to do it.
pub(crate) struct Rate {
    name: &'static str,
    round: Box<dyn Fn() -> io::Result<()>>,
    /// How many are done in a round.
    done: usize,
}

/// What was measured of one of them.
pub(crate) struct RateRow {
    pub(crate) name: &'static str,
    pub(crate) per_second: f64,
    pub(crate) spread: f64,
    /// As a share of the floor's.
    pub(crate) vs_floor: Option<f64>,
}

impl Rate {
    /// A round that does so many.
    pub(crate) fn new(
        name: &'static str,
        done: usize,
        round: impl Fn() -> io::Result<()> + 'static,
    ) -> Self {
        Self { name, round: Box::new(round), done }
    }

    fn measure(&self) -> io::Result<f64> {
        let start = Instant::now();
        let named =
            |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", self.name));
        (self.round)().map_err(named)?;
        Ok(self.done as f64 / start.elapsed().as_secs_f64())
    }
}

/// Measures all in turn, or one of them; the first is the floor.
pub(crate) fn rates(subjects: &[Rate], only: Option<&str>) -> io::Result<Vec<RateRow>> {
    let mut rounds: Vec<Vec<f64>> = subjects.iter().map(|_| Vec::new()).collect();
    for number in 0..=ROUNDS {
        for (subject, rounds) in subjects.iter().zip(&mut rounds) {
            if !chosen(subject.name, only) {
                continue;
            }
            let rate = subject.measure()?;
            // The first round warms up.
            if number > 0 {
                rounds.push(rate);
            }
        }
    }
    let floor = rounds.first().filter(|rounds| !rounds.is_empty());
    let measured = subjects.iter().zip(&rounds).filter(|(_, rounds)| !rounds.is_empty());
    let row = |(subject, rounds): (&Rate, &Vec<f64>)| RateRow {
        name: subject.name,
        per_second: median(rounds.clone()),
        spread: spread(rounds),
        vs_floor: floor.map(|floor| ratio(rounds, floor)),
    };
    Ok(measured.map(row).collect())
}
