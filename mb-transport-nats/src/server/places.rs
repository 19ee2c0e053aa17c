//! Messages that wait until it is known who has sent them: bounded in number and in bytes.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// How many bytes a place is for. A larger message takes several.
const PLACE: usize = 64 * 1024;

pub(crate) struct Places {
    most: usize,
    free: Arc<Semaphore>,
}

/// As many places as a message takes, until this is dropped.
pub(crate) type Taken = OwnedSemaphorePermit;

impl Places {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, free: Arc::new(Semaphore::new(most)) }
    }

    /// Places for a message of this many bytes, where they are free. The largest takes all of them.
    pub(crate) fn take(&self, bytes: usize) -> Option<Taken> {
        let places = u32::try_from(bytes.div_ceil(PLACE).clamp(1, self.most)).ok()?;
        Arc::clone(&self.free).try_acquire_many_owned(places).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_message_takes_the_places_of_several() {
        let places = Places::new(4);
        let large = places.take(3 * PLACE);
        assert!(large.is_some() && places.take(PLACE + 1).is_none());
        let small = places.take(0);
        assert!(small.is_some() && places.take(1).is_none());
        drop((large, small));
        assert!(places.take(100 * PLACE).is_some());
    }
}
