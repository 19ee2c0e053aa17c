//! Wrong contracts, and wrong uses of right ones, do not compile, and say why at the word that is
//! wrong. After a change that is meant, `TRYBUILD=overwrite cargo test --test ui` writes the
//! messages anew; then read them.
#![allow(clippy::unwrap_used)]

use std::process::Command;

/// Whose words the messages quote. Another compiler puts some of them differently.
const COMPILER: &str = "rustc 1.95.";

#[test]
fn diagnostics() {
    let version = Command::new(std::env::var_os("RUSTC").unwrap_or("rustc".into()))
        .arg("--version")
        .output()
        .unwrap();
    let version = String::from_utf8(version.stdout).unwrap();
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    if !version.starts_with(COMPILER) {
        eprintln!("SKIPPED: the messages are those of {COMPILER}x, this is {version}");
        return;
    }
    for kind in [
        "contract",
        "types",
        "event",
        "error",
        "request",
        "stream",
        "sensitive",
        "access",
        "rules",
        "use",
    ] {
        cases.compile_fail(format!("tests/ui/{kind}/*.rs"));
    }
}
