//! A connection string, parsed: `scheme://authority/path?option=value` (RFC 3986).

use std::{fmt, str::FromStr};

use http::Uri;

/// Where a server is: a connection string that parsed. Its `Display` hides passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    scheme: String,
    authority: String,
    path: String,
    options: Vec<(String, String)>,
}

/// A text that is not a connection string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a connection string: {reason} (write it like `memory://orders`)")]
#[non_exhaustive]
pub struct EndpointError {
    /// What is wrong with it. The text itself is left out, as it may hold a password.
    pub reason: String,
}

impl Endpoint {
    /// The part before `://`, in lower case: `memory`.
    pub fn scheme(&self) -> &str {
        &self.scheme
    }

    /// The host and port, or, for `memory`, the name. Without user and password.
    pub fn authority(&self) -> &str {
        self.authority.rsplit('@').next().unwrap_or_default()
    }

    /// The user and password before the host, as they were written: `ada:secret`. Not for logs.
    pub fn user_info(&self) -> Option<&str> {
        self.authority.rsplit_once('@').map(|(user_info, _)| user_info)
    }

    /// The path, `/` where there is none.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The options behind `?`, decoded, in order.
    pub fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.options.iter().map(|(key, value)| (key.as_str(), value.as_str()))
    }

    /// Checks that there are no options but these, and none twice but those in `repeated`: for
    /// transports, as an option that is not known is an error and not a shrug.
    ///
    /// # Errors
    /// What is wrong, in words, and which options there are.
    pub fn check_options(&self, known: &[&str], repeated: &[&str]) -> Result<(), String> {
        for (at, (key, _)) in self.options().enumerate() {
            if !known.contains(&key) {
                return Err(format!("no option is called `{key}`: there is {}", known.join(", ")));
            }
            let is_again = self.options().take(at).any(|(other, _)| other == key);
            if is_again && !repeated.contains(&key) {
                return Err(format!("the option `{key}` is given twice"));
            }
        }
        Ok(())
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    fn from_str(text: &str) -> Result<Self, EndpointError> {
        let refuse = |reason: String| EndpointError { reason };
        if text.ends_with("://") {
            return Err(refuse("it has no host or name".into()));
        }
        let uri: Uri = text.parse().map_err(|error| refuse(format!("{error}")))?;
        let parts = uri.into_parts();
        let scheme = parts.scheme.ok_or_else(|| refuse("it has no scheme".into()))?;
        let authority = parts.authority.ok_or_else(|| refuse("it has no host or name".into()))?;
        let (path, options) = match &parts.path_and_query {
            Some(rest) => (
                rest.path().to_owned(),
                form_urlencoded::parse(rest.query().unwrap_or_default().as_bytes())
                    .into_owned()
                    .collect(),
            ),
            None => ("/".to_owned(), Vec::new()),
        };
        Ok(Self {
            scheme: scheme.as_str().to_ascii_lowercase(),
            authority: authority.as_str().to_owned(),
            path,
            options,
        })
    }
}

/// What names an endpoint: a connection string, or one that is parsed already.
pub trait IntoEndpoint {
    /// The endpoint, or what is wrong with the connection string.
    fn into_endpoint(self) -> Result<Endpoint, EndpointError>;
}

impl IntoEndpoint for Endpoint {
    fn into_endpoint(self) -> Result<Endpoint, EndpointError> {
        Ok(self)
    }
}

impl IntoEndpoint for &Endpoint {
    fn into_endpoint(self) -> Result<Endpoint, EndpointError> {
        Ok(self.clone())
    }
}

impl IntoEndpoint for &str {
    fn into_endpoint(self) -> Result<Endpoint, EndpointError> {
        self.parse()
    }
}

impl IntoEndpoint for String {
    fn into_endpoint(self) -> Result<Endpoint, EndpointError> {
        self.parse()
    }
}

impl IntoEndpoint for &String {
    fn into_endpoint(self) -> Result<Endpoint, EndpointError> {
        self.parse()
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.authority())?;
        if self.path != "/" { f.write_str(&self.path) } else { Ok(()) }
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_string_is_taken_apart() {
        let endpoint: Endpoint = "Memory://orders?codec=json&x=a%20b".parse().unwrap();
        assert_eq!(endpoint.scheme(), "memory");
        assert_eq!(endpoint.authority(), "orders");
        assert_eq!(endpoint.path(), "/");
        let options: Vec<_> = endpoint.options().collect();
        assert_eq!(options, [("codec", "json"), ("x", "a b")]);
    }

    #[test]
    fn a_password_is_never_shown() {
        let endpoint: Endpoint = "nats://ada:secret@host:4222/x?token=abc".parse().unwrap();
        assert_eq!(endpoint.to_string(), "nats://host:4222/x");
        assert_eq!(format!("{endpoint:?}"), "Endpoint(nats://host:4222/x)");
        assert_eq!(endpoint.user_info(), Some("ada:secret"));
    }

    #[test]
    fn what_is_no_connection_string_says_why() {
        for (text, reason) in [
            ("orders", "it has no scheme"),
            ("", "empty string"),
            ("memory://", "it has no host or name"),
            ("memory://a b", "invalid uri character"),
            ("/orders", "it has no scheme"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err();
            assert!(error.reason.contains(reason), "{text:?}: {error}");
        }
    }
}
