//! What the expansion of `contract!` names. Nothing else may: it changes without notice.

#[cfg(feature = "macros")]
pub use mb_macros::contract;

/// The expansion of this version's macro names everything through here.
pub mod v1 {
    pub use futures_core::{Stream, future::BoxFuture};
    pub use mb_core::*;
    pub use serde;

    pub use crate::{
        Call, Client, RawCall, RawStream, ServedContract, StreamCall, Subscribing,
        dispatch::{Handlers, Items, Run, guarded},
    };

    #[cfg(feature = "validate")]
    pub use crate::validation::{At, NoRules, Place, Probe, Telling, held};
    #[cfg(feature = "validate")]
    pub use garde;

    /// `count` of some errors, from the place `start` on.
    pub const fn part(
        errors: &'static [ErrorDescriptor],
        start: usize,
        count: usize,
    ) -> &'static [ErrorDescriptor] {
        errors.split_at(start).1.split_at(count).0
    }
}
