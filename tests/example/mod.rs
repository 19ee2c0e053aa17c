//! The examples as programs, for tests that run them. `cargo test` builds them all; `cargo test
//! --test chat` builds none, so one that is missing or stale is built here.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::SystemTime,
};

/// An example, about to be run.
pub fn example(name: &str) -> Command {
    let test = env::current_exe().expect("a test knows where it is");
    // <target>/<profile>/deps/<test>
    let profile = test.ancestors().nth(2).expect("tests are within a profile's folder");
    let program = profile.join("examples").join(name).with_extension(env::consts::EXE_EXTENSION);
    if !is_fresh(&program) {
        build(name, profile);
    }
    Command::new(program)
}

/// Whether no source is newer than the program. Cargo lists them in a file beside it, as make would
/// have it: `program: source source`, a blank within a name behind a backslash.
fn is_fresh(program: &Path) -> bool {
    let modified = |path: &Path| fs::metadata(path)?.modified();
    let (Ok(built), Ok(listed)) =
        (modified(program), fs::read_to_string(program.with_extension("d")))
    else {
        return false;
    };
    let listed = listed.replace("\\ ", "\0");
    let sources = listed.split_whitespace().skip(1).map(|name| name.replace('\0', " "));
    let is_older = |at: SystemTime| at <= built;
    sources.map(PathBuf::from).all(|source| modified(&source).is_ok_and(is_older))
}

fn build(name: &str, profile: &Path) {
    let profile = match profile.file_name().and_then(|name| name.to_str()) {
        Some("debug") | None => "dev",
        Some(name) => name,
    };
    let arguments = ["build", "--package", "magicbutton", "--profile", profile, "--example", name];
    let mut cargo = Command::new(env!("CARGO"));
    // What cargo says of this test's package would have build scripts run again.
    let own = env::vars_os().map(|(name, _)| name);
    for name in own.filter(|name| name.to_string_lossy().starts_with("CARGO_PKG_")) {
        cargo.env_remove(name);
    }
    let built = cargo.env_remove("CARGO_MANIFEST_DIR").args(arguments).status();
    assert!(built.is_ok_and(|status| status.success()), "the example {name} does not build");
}
