//! Who serves which name in this process.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use mb_core::{Codec, Host};

/// The server that has a name, and the codec it forces on everybody.
pub(crate) type Served = (Arc<dyn Host>, Option<Codec>);

type Names = HashMap<String, Served>;

static NAMES: LazyLock<Mutex<Names>> = LazyLock::new(Mutex::default);

fn names() -> MutexGuard<'static, Names> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that belongs to one server until this is dropped.
pub(crate) struct Claim(String);

/// Takes a name, unless somebody has it.
pub(crate) fn claim(name: &str, served: Served) -> Option<Claim> {
    match names().entry(name.to_owned()) {
        Entry::Occupied(_) => None,
        Entry::Vacant(entry) => {
            entry.insert(served);
            Some(Claim(name.to_owned()))
        }
    }
}

/// The server that has a name.
pub(crate) fn find(name: &str) -> Option<Served> {
    names().get(name).cloned()
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Taken out first: dropping the last handle on a server may drop more than a map may see.
        let served = names().remove(&self.0);
        drop(served);
    }
}
