//! Any text as one token of a subject, and back. Only letters, digits, `-` and `_` come out: nothing
//! that a caller says adds a token, a wildcard or a line to the protocol.
//!
//! Letters, digits and `-` stand for themselves; every other byte is `_` and two hexadecimal digits;
//! the empty text is `_`.

use std::fmt::Write;

/// A text as a token.
pub(crate) fn encode(text: &str) -> String {
    if text.is_empty() {
        return "_".to_owned();
    }
    let mut token = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || byte == b'-' {
            token.push(char::from(byte));
        } else {
            // Writing to a `String` does not fail.
            let _ = write!(token, "_{byte:02x}");
        }
    }
    token
}

/// The text of a token; `None` for what [`encode`] never makes.
pub(crate) fn decode(token: &str) -> Option<String> {
    if token == "_" {
        return Some(String::new());
    }
    let mut bytes = Vec::with_capacity(token.len());
    let mut rest = token.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'_' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let value = digit(rest.next()?)? * 16 + digit(rest.next()?)?;
                bytes.push(u8::try_from(value).ok()?);
            }
            byte if byte.is_ascii_alphanumeric() || byte == b'-' => bytes.push(byte),
            _ => return None,
        }
    }
    let text = String::from_utf8(bytes).ok()?;
    // One text, one token: `_61` is not how `a` is written.
    (encode(&text) == token).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_text_comes_back_and_stays_one_token() {
        for text in
            ["", "createOrder", "a b", "a.b", "*", ">", "\r\nPUB x 0\r\n", "世界", "_", "_61"]
        {
            let token = encode(text);
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
            assert!(!token.is_empty() && token.bytes().all(plain), "{text:?} became {token:?}");
            assert_eq!(decode(&token).as_deref(), Some(text));
        }
    }

    #[test]
    fn two_texts_never_share_a_token() {
        let texts = ["a", "A", "_", "__", "", "-", ".", "a.", "_2e", "ä", "a\u{308}"];
        let mut tokens: Vec<_> = texts.iter().map(|text| encode(text)).collect();
        tokens.sort();
        tokens.dedup();
        assert_eq!(tokens.len(), texts.len());
    }

    #[test]
    fn what_was_never_written_is_not_read() {
        for token in ["_61", "_zz", "_6", "a.b", "_ff", "a b", "_2E"] {
            assert_eq!(decode(token), None, "{token}");
        }
    }
}
