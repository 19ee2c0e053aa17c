//! The fuzzer's seeds, without the fuzzer: each file is a conversation, in one codec or the other.

use std::{fs, path::Path};

use crate::session::fuzzing::take_apart;

#[test]
fn every_seed_of_the_fuzzer_holds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/seeds/frames");
    let mut replayed = 0;
    for seed in fs::read_dir(seeds).unwrap() {
        let bytes = fs::read(seed.unwrap().path()).unwrap();
        take_apart(&bytes);
        // Cut off anywhere, and with any one byte gone wrong, nothing breaks either.
        for at in 0..bytes.len().min(600) {
            take_apart(&bytes[..at]);
            let mut wrong = bytes.clone();
            wrong[at] ^= 0x15;
            take_apart(&wrong);
        }
        replayed += 1;
    }
    assert!(replayed >= 30, "{replayed}");
}
