//! Close codes (RFC 6455, section 7.4) and the reasons they stand for, both ways.
//!
//! Several reasons share 1008, so each is sent with its text, and read back by code and text. What
//! others send has no text of ours: then the code alone speaks, and a plain goodbye means that
//! whoever said it has left.

use mb_core::EndReason;
use tokio_tungstenite::tungstenite::{
    Error,
    protocol::{
        CloseFrame,
        frame::{Utf8Bytes, coding::CloseCode},
    },
};

/// Which side of a connection this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Client,
    Server,
}

/// Every reason that one side tells the other, and its code.
const TABLE: [(EndReason, CloseCode); 10] = [
    (EndReason::ServerStopped, CloseCode::Away),
    (EndReason::ClientDisconnected, CloseCode::Normal),
    (EndReason::Unsubscribed, CloseCode::Normal),
    (EndReason::TooLarge, CloseCode::Size),
    (EndReason::ServerFull, CloseCode::Again),
    (EndReason::Overflowed, CloseCode::Policy),
    (EndReason::Silent, CloseCode::Policy),
    (EndReason::BadFrames, CloseCode::Policy),
    (EndReason::NotAuthenticated, CloseCode::Policy),
    (EndReason::ConnectionLost, CloseCode::Error),
];

/// What tells the other side that the connection ends for this reason.
pub(crate) fn frame(reason: EndReason) -> CloseFrame {
    let known = TABLE.iter().find(|(known, _)| *known == reason);
    let code = known.map_or(CloseCode::Normal, |(_, code)| *code);
    CloseFrame { code, reason: reason.to_string().into() }
}

/// What the other side means by a close frame, as seen from `here`.
pub(crate) fn reason(frame: Option<&CloseFrame>, here: Side) -> EndReason {
    let left = match here {
        Side::Client => EndReason::ServerStopped,
        Side::Server => EndReason::ClientDisconnected,
    };
    // 1005: a close frame without a code.
    let Some(CloseFrame { code, reason: text }) = frame else { return left };
    let ours = TABLE.iter().find(|(known, of)| of == code && known.to_string() == text.as_str());
    if let Some((reason, _)) = ours {
        return *reason;
    }
    match code {
        CloseCode::Normal | CloseCode::Away | CloseCode::Status | CloseCode::Restart => left,
        CloseCode::Size => EndReason::TooLarge,
        CloseCode::Again => EndReason::ServerFull,
        CloseCode::Protocol | CloseCode::Unsupported | CloseCode::Invalid => EndReason::BadFrames,
        _ => EndReason::ConnectionLost,
    }
}

/// What the other side is told of an error that it has made; `None` where it cannot be told.
pub(crate) fn verdict(error: &Error) -> Option<CloseFrame> {
    let told = |code, reason| Some(CloseFrame { code, reason: Utf8Bytes::from_static(reason) });
    match error {
        Error::Capacity(_) => Some(frame(EndReason::TooLarge)),
        Error::Protocol(_) => told(CloseCode::Protocol, "the WebSocket protocol was broken"),
        Error::Utf8(_) => told(CloseCode::Invalid, "a text frame was not UTF-8"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_reads_back_as_itself() {
        for (reason, code) in TABLE {
            let sent = frame(reason);
            assert_eq!(sent.code, code);
            assert!(code.is_allowed());
            for side in [Side::Client, Side::Server] {
                assert_eq!(super::reason(Some(&sent), side), reason);
            }
        }
    }

    #[test]
    fn what_others_send_is_read_by_its_code() {
        let read = |code: u16, side| {
            let frame = CloseFrame { code: code.into(), reason: "bye".into() };
            reason(Some(&frame), side)
        };
        for (code, expected) in [
            (1000, EndReason::ClientDisconnected),
            (1001, EndReason::ClientDisconnected),
            (1002, EndReason::BadFrames),
            (1003, EndReason::BadFrames),
            (1007, EndReason::BadFrames),
            (1008, EndReason::ConnectionLost),
            (1009, EndReason::TooLarge),
            (1011, EndReason::ConnectionLost),
            (1013, EndReason::ServerFull),
            (4000, EndReason::ConnectionLost),
        ] {
            assert_eq!(read(code, Side::Server), expected, "{code}");
        }
        assert_eq!(read(1000, Side::Client), EndReason::ServerStopped);
        assert_eq!(read(1012, Side::Client), EndReason::ServerStopped);
        assert_eq!(reason(None, Side::Server), EndReason::ClientDisconnected);
        assert_eq!(reason(None, Side::Client), EndReason::ServerStopped);
    }
}
