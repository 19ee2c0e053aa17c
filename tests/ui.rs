//! Wrong contracts, and wrong uses of right ones, do not compile, and say why at the word that is
//! wrong. After a change that is meant, `TRYBUILD=overwrite cargo test --test ui` writes the
//! messages anew; then read them.

#[test]
fn diagnostics() {
    let cases = trybuild::TestCases::new();
    for kind in ["contract", "types", "event", "error", "request", "stream", "use"] {
        cases.compile_fail(format!("tests/ui/{kind}/*.rs"));
    }
    cases.pass("tests/ui/pass/*.rs");
}
