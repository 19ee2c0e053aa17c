//! A value held to the rules of its contract. The rules are garde's; what generated code adds is where
//! it stands on the wire, and what is not to be told of it.
//!
//! A value that keeps its rules costs the rules and nothing more: paths and reasons are made for one
//! that does not.

mod wire;

use std::{
    marker::PhantomData,
    panic::{AssertUnwindSafe, catch_unwind},
};

use garde::{Error, Path, Report, Validate, error::PathComponentKind, rules::inner::Inner};
use mb_core::{Codec, Payload, Rules, Violations};
use serde_json::Value;

/// What is said instead of a reason that may quote a value.
const NOT_TOLD: &str = "sensitive, so it is not shown";

/// What is wrong with a value by its rules. A panic in a rule of the user's is a reason like any other.
pub fn held<T: Payload + Validate<Context = ()>>(value: &T) -> Violations {
    let mut violations = Violations::default();
    match catch_unwind(AssertUnwindSafe(|| value.validate())) {
        Ok(Ok(())) => {}
        Ok(Err(report)) => tell(value, &report, &mut violations),
        Err(_) => violations.add(String::new, "its own code panicked"),
    }
    violations
}

#[cold]
fn tell<T: Payload>(value: &T, report: &Report, violations: &mut Violations) {
    // Through the codec, which catches what a `Serialize` of the user's may do.
    let json = Codec::JSON.encode(value).ok();
    let on_wire: Option<Value> = json.and_then(|json| Codec::JSON.decode(&json).ok());
    for (path, error) in report.iter() {
        violations.add(|| wire::path(path, on_wire.as_ref()), error.message());
    }
}

/// The rules of a type, where it has any: whether it has is asked of the compiler, by
/// `Probe::<T>::RULES`.
pub struct Probe<T>(PhantomData<T>);

impl<T: Payload + Validate<Context = ()>> Probe<T> {
    /// They are these.
    pub const RULES: Rules<T> = Some(held::<T>);
}

/// What [`Probe`] says where it has nothing of its own to say.
pub trait NoRules<T> {
    /// There are none.
    const RULES: Rules<T> = None;
}

impl<T> NoRules<T> for Probe<T> {}

/// A place in a value, for generated code to say what is wrong there.
pub struct At<'a> {
    path: &'a mut dyn FnMut() -> Path,
    report: &'a mut Report,
    telling: Telling,
    /// What may be told of everything beside it.
    of_all: Telling,
}

/// Which part of a value a place is.
pub enum Place {
    /// The field of this name on the wire.
    Named(&'static str),
    /// The part of this number.
    Nth(usize),
    /// What is on the wire in the place of the whole.
    Whole,
}

/// What may be told of a place.
#[derive(Clone, Copy, PartialEq)]
pub enum Telling {
    /// Everything.
    All,
    /// What garde's own rules say, which quotes the rule and not the value; nothing of the user's.
    Rules,
    /// The same, and of what is below it only that something is wrong: keys are values.
    Place,
}

impl<'a> At<'a> {
    /// The whole of a value.
    pub fn new(
        path: &'a mut dyn FnMut() -> Path,
        report: &'a mut Report,
        telling: Telling,
    ) -> Self {
        Self { path, report, telling, of_all: telling }
    }

    /// A part of it.
    pub fn part(&mut self, place: Place, telling: Telling, check: impl FnOnce(&mut At<'_>)) {
        let Self { path, report, of_all, .. } = self;
        let mut path = || match place {
            Place::Named(name) => path().join(name),
            Place::Nth(number) => path().join(number),
            Place::Whole => path(),
        };
        check(&mut At { path: &mut path, report, telling, of_all: *of_all });
    }

    /// What a rule of garde's says of it.
    pub fn rule(&mut self, said: Result<(), Error>) {
        if let Err(error) = said {
            self.report.append((self.path)(), error);
        }
    }

    /// What a rule says that may quote the value.
    pub fn quoting(&mut self, said: Result<(), Error>) {
        self.tell(said, self.telling);
    }

    /// What a rule says that may quote whatever is beside it.
    pub fn quoting_others(&mut self, said: Result<(), Error>) {
        let all = self.telling == Telling::All;
        self.tell(said, if all { self.of_all } else { self.telling });
    }

    fn tell(&mut self, said: Result<(), Error>, telling: Telling) {
        if let Err(error) = said {
            let told = if telling == Telling::All { error } else { Error::new(NOT_TOLD) };
            self.report.append((self.path)(), told);
        }
    }

    /// The rules of its own type.
    pub fn dive<T: Validate<Context = ()> + ?Sized>(&mut self, value: &T) {
        if self.telling != Telling::Place {
            return value.validate_into(&(), self.path, self.report);
        }
        let mut below = Report::new();
        value.validate_into(&(), self.path, &mut below);
        if !below.is_empty() {
            self.report.append((self.path)(), Error::new(NOT_TOLD));
        }
    }

    /// The rules of each of what it holds.
    pub fn inner<T, U, K>(&mut self, value: &T, mut check: impl FnMut(&mut At<'_>, &U))
    where
        T: Inner<U, Key = K>,
        K: PathComponentKind,
    {
        let Self { path, report, telling, of_all } = self;
        value.validate_inner(|item, key| {
            let mut path = || path().join(key);
            let (telling, of_all) = (*telling, *of_all);
            check(&mut At { path: &mut path, report, telling, of_all }, item);
        });
    }
}
