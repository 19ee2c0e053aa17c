//! What became of each case, for people.

use std::{fmt, time::Duration};

/// What became of every case.
#[derive(Debug, Clone)]
#[must_use = "a report that nobody reads proves nothing"]
pub struct Report {
    cases: Vec<Case>,
}

/// One case, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Case {
    /// What is promised: `calls: a unit reply arrives`.
    pub name: String,
    /// What became of it.
    pub verdict: Verdict,
    /// How long it took.
    pub took: Duration,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Verdict {
    /// The promise was kept.
    Kept,
    /// By its [`Traits`](super::Traits) the transport does not promise this, for this reason.
    NotOwed(&'static str),
    /// The promise was broken: what was expected, what came, and where in the suite.
    Broken(String),
}

impl Report {
    pub(super) fn new(cases: Vec<Case>) -> Self {
        Self { cases }
    }

    /// Every case, in the order they ran.
    pub fn cases(&self) -> &[Case] {
        &self.cases
    }

    /// The cases whose promise was broken.
    pub fn broken(&self) -> impl Iterator<Item = &Case> {
        self.cases.iter().filter(|case| matches!(case.verdict, Verdict::Broken(_)))
    }

    /// Panics where a promise was broken, with a table that shows all of them.
    #[track_caller]
    pub fn assert(&self) {
        assert!(self.broken().next().is_none(), "\n{self}");
    }
}

/// The table: one line per case, then, under each broken one, what went wrong.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut kept = 0;
        for Case { name, verdict, took } in &self.cases {
            match verdict {
                Verdict::Kept => {
                    kept += 1;
                    writeln!(f, "  kept      {name} ({} ms)", took.as_millis())?;
                }
                Verdict::NotOwed(reason) => writeln!(f, "  not owed  {name}: {reason}")?,
                Verdict::Broken(reason) => {
                    writeln!(f, "  BROKEN    {name} ({} ms)", took.as_millis())?;
                    writeln!(f, "            {reason}")?;
                }
            }
        }
        let (all, broken) = (self.cases.len(), self.broken().count());
        write!(f, "{all} cases: {kept} kept, {} not owed, {broken} broken", all - kept - broken)
    }
}
