//! Reads the head of an HTTP message: everything up to the empty line.

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio_tungstenite::tungstenite::{Error, handshake::machine::TryParse};

/// The longest head taken, in bytes.
const LONGEST: usize = 16 * 1024;

/// How a TLS alert and a TLS handshake begin (RFC 8446, section 5.1).
const TLS_RECORDS: [u8; 2] = [21, 22];

/// There is no head.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HeadError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("it is longer than {LONGEST} bytes")]
    TooLong,
    /// The first byte is one of a TLS record, and of no HTTP.
    #[error("it is encrypted; one side means `wss://` and the other `ws://`")]
    Encrypted,
    #[error("{0}")]
    Malformed(Error),
}

/// A head, and what has been read behind it.
pub(super) async fn read<T: TryParse>(
    stream: &mut (impl AsyncRead + Unpin),
) -> Result<(T, Vec<u8>), HeadError> {
    let mut read = Vec::with_capacity(1024);
    loop {
        let before = read.len();
        if stream.read_buf(&mut read).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        if read.first().is_some_and(|first| TLS_RECORDS.contains(first)) {
            return Err(HeadError::Encrypted);
        }
        // Parsed once it is whole, not again with every byte that a slow sender adds.
        let fresh = read.get(before.saturating_sub(3)..).unwrap_or_default();
        if fresh.windows(4).any(|four| four == b"\r\n\r\n")
            && let Some((length, head)) = T::try_parse(&read).map_err(HeadError::Malformed)?
        {
            if length > LONGEST {
                return Err(HeadError::TooLong);
            }
            return Ok((head, read.split_off(length)));
        }
        if read.len() > LONGEST {
            return Err(HeadError::TooLong);
        }
    }
}
