//! Bytes as frames of each built-in codec, and those frames as one side of a conversation.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| mb_runtime::take_apart(bytes));
