//! facade
pub use mb_runtime::*;
