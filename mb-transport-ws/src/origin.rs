//! Which web pages may connect (RFC 6454). A browser names the page's origin and lets no page lie;
//! what is no browser names none.

use std::str::FromStr;

use http::{
    HeaderMap, Uri,
    header::{self, HeaderValue},
};

/// `https://app.example`: a scheme, a host and perhaps a port, as browsers write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Origin(String);

/// A text that no browser would ever send as an origin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not an origin: write it like `https://app.example`")]
#[non_exhaustive]
pub struct OriginError {
    /// What was said instead of one.
    pub text: String,
}

impl FromStr for Origin {
    type Err = OriginError;

    fn from_str(text: &str) -> Result<Self, OriginError> {
        let bare = text.strip_suffix('/').unwrap_or(text);
        let parsed = bare.parse::<Uri>().ok().filter(|uri| {
            let written = uri.scheme_str().zip(uri.authority());
            // Anything behind the authority would be more than an origin.
            written.is_some_and(|(scheme, authority)| {
                bare.len() == scheme.len() + "://".len() + authority.as_str().len()
            })
        });
        match parsed {
            Some(_) => Ok(Self(bare.to_ascii_lowercase())),
            None => Err(OriginError { text: text.to_owned() }),
        }
    }
}

/// Whether a request comes from one of these origins, or from what is no browser. Where there are
/// none, every origin is let in.
pub(crate) fn allows(allowed: &[Origin], headers: &HeaderMap) -> bool {
    let is_allowed = |origin: &HeaderValue| {
        allowed.iter().any(|Origin(known)| known.as_bytes().eq_ignore_ascii_case(origin.as_bytes()))
    };
    allowed.is_empty() || headers.get_all(header::ORIGIN).iter().all(is_allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_has_a_scheme_and_a_host_and_nothing_behind() {
        for good in ["https://app.example", "https://App.example/", "http://localhost:5173"] {
            assert!(good.parse::<Origin>().is_ok(), "{good}");
        }
        for bad in ["app.example", "https://app.example/x", "https://app.example?x", "*", ""] {
            assert!(bad.parse::<Origin>().is_err(), "{bad}");
        }
    }
}
