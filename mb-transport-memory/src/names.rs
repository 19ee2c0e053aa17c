//! Who serves which name in this process.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError},
};

use mb_core::Host;

type Names = HashMap<String, Arc<dyn Host>>;

static NAMES: LazyLock<Mutex<Names>> = LazyLock::new(Mutex::default);

fn names() -> MutexGuard<'static, Names> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A name that belongs to one server until this is dropped.
pub(crate) struct Claim(String);

/// Takes a name, unless somebody has it.
pub(crate) fn claim(name: &str, host: Arc<dyn Host>) -> Option<Claim> {
    match names().entry(name.to_owned()) {
        Entry::Occupied(_) => None,
        Entry::Vacant(entry) => {
            entry.insert(host);
            Some(Claim(name.to_owned()))
        }
    }
}

/// The server that has a name.
pub(crate) fn find(name: &str) -> Option<Arc<dyn Host>> {
    names().get(name).cloned()
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Taken out first: dropping the last handle on a server may drop more than a map may see.
        let host = names().remove(&self.0);
        drop(host);
    }
}
