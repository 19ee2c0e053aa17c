//! The options behind `?` in a connection string. One that is not known is an error, not a shrug.

use mb_core::Endpoint;

/// What a client takes.
pub(crate) fn of_client(tls: bool) -> &'static [&'static str] {
    if tls { &["codec", "ca", "cert", "key"] } else { &["codec"] }
}

/// What a server takes.
pub(crate) fn of_server(tls: bool) -> &'static [&'static str] {
    if tls { &["codec", "origin", "cert", "key", "client_ca"] } else { &["codec", "origin"] }
}

/// Checks that there are no others than these, each at most once but for `origin`, and nothing that
/// would be ignored.
pub(crate) fn check(endpoint: &Endpoint, known: &[&str]) -> Result<(), String> {
    if endpoint.user_info().is_some() {
        let reason =
            "a user and a password mean nothing here: log in with `.login(Credentials::..)`";
        return Err(reason.to_owned());
    }
    endpoint.check_options(known, &["origin"])
}

/// The value of an option.
#[cfg(feature = "tls")]
pub(crate) fn value(endpoint: &Endpoint, name: &str) -> Option<String> {
    endpoint.options().find(|(key, _)| *key == name).map(|(_, value)| value.to_owned())
}

/// Whether the connection is to be encrypted.
pub(crate) fn is_tls(endpoint: &Endpoint) -> bool {
    endpoint.scheme() == "wss"
}

/// The host and port to connect to or to listen on, an IPv6 address without its brackets.
pub(crate) fn address(endpoint: &Endpoint) -> Result<(String, u16), String> {
    let authority: http::uri::Authority =
        endpoint.authority().parse().map_err(|error| format!("{error}"))?;
    let host = authority.host();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let default = if is_tls(endpoint) { 443 } else { 80 };
    // Looked at as text: a number that is no port is none to `Authority::port`.
    let port = match authority.as_str().strip_prefix(host).and_then(|rest| rest.strip_prefix(':')) {
        Some(port) => {
            port.parse().map_err(|_| format!("`{port}` is not a port: there are 0 to 65535"))?
        }
        None => default,
    };
    Ok((bare.to_owned(), port))
}
