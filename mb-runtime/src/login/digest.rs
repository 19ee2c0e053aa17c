//! What is kept of a token: enough to know it again, and too little to use it.

use sha2::{Digest as _, Sha256};

/// The SHA-256 of something. For what nobody can guess, so that it need not be slow.
pub(super) type Digest = [u8; 32];

/// Of several parts, with their lengths: no two lists of parts look the same.
pub(super) fn digest(parts: &[&str]) -> Digest {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hash.finalize().into()
}
