//! The HTTP-like status of an error. A [`Status`] that exists is an error status.

use std::fmt;

/// An error status: a number in `400..=599`, with HTTP's meaning (RFC 9110, section 15).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Status(u16);

impl Status {
    /// The status with this number, or `None` where it is not in `400..=599`.
    pub const fn new(code: u16) -> Option<Self> {
        if code >= 400 && code <= 599 { Some(Self(code)) } else { None }
    }

    /// The status with this number; 500 where it is no error status.
    pub(crate) const fn or_internal(code: u16) -> Self {
        match Self::new(code) {
            Some(status) => status,
            None => Self(500),
        }
    }

    /// The number, in `400..=599`.
    pub const fn as_u16(self) -> u16 {
        self.0
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
