//! What a contract costs to compile: fifty requests, against the same service written by hand on
//! plain traits and serde. `cargo check` after a touch of the file, both in turn.

mod sources;

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Instant, SystemTime},
};

use crate::report::compile::CompileRow;

const REQUESTS: usize = 50;
const ROUNDS: usize = 11;

/// The packages that are compared.
const PACKAGES: [&str; 2] = ["by-hand", "contract"];

/// Writes both packages, and times checking each.
pub(crate) fn measure() -> io::Result<Vec<CompileRow>> {
    let workspace = workspace()?;
    let mut seconds: Vec<Vec<f64>> = PACKAGES.iter().map(|_| Vec::new()).collect();
    for round in 0..=ROUNDS {
        for (package, seconds) in PACKAGES.iter().zip(&mut seconds) {
            let taken = check(&workspace, package)?;
            // The first round compiles the dependencies.
            if round > 0 {
                seconds.push(taken);
            }
        }
    }
    let [by_hand, contract] = &seconds[..] else { return Ok(Vec::new()) };
    let ratios = contract.iter().zip(by_hand).map(|(ours, floor)| ours / floor).collect();
    Ok(vec![
        CompileRow::new("floor_by_hand", by_hand.clone(), None),
        CompileRow::new("magicbutton", contract.clone(), Some(ratios)),
    ])
}

/// One `cargo check` of a package whose source has just been touched.
fn check(workspace: &Path, package: &str) -> io::Result<f64> {
    File::options()
        .append(true)
        .open(workspace.join(package).join("src/lib.rs"))?
        .set_modified(SystemTime::now())?;
    let start = Instant::now();
    let status = Command::new(env!("CARGO"))
        .args(["check", "--quiet", "--offline", "--package", package])
        .current_dir(workspace)
        .stdin(Stdio::null())
        .status()?;
    if !status.success() {
        return Err(io::Error::other(format!("`{package}` does not compile")));
    }
    Ok(start.elapsed().as_secs_f64())
}

/// A workspace of its own in the target folder, with the dependencies of this one.
fn workspace() -> io::Result<PathBuf> {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize()?;
    let workspace = home.join("target/compile-bench");
    let manifest = format!(
        "[workspace]\nresolver = \"3\"\nmembers = {PACKAGES:?}\n\n[workspace.dependencies]\n\
         magicbutton = {{ path = {home:?} }}\n\
         serde = {{ version = \"1\", features = [\"derive\", \"rc\"] }}\nserde_json = \"1\"\n"
    );
    write(&workspace.join("Cargo.toml"), &manifest)?;
    fs::copy(home.join("Cargo.lock"), workspace.join("Cargo.lock"))?;
    let package = |name: &str, dependencies: &[&str], source: &str| {
        let dependencies: String =
            dependencies.iter().map(|name| format!("{name}.workspace = true\n")).collect();
        let manifest = format!(
            "[package]\nname = {name:?}\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
             [dependencies]\n{dependencies}"
        );
        write(&workspace.join(name).join("Cargo.toml"), &manifest)?;
        write(&workspace.join(name).join("src/lib.rs"), source)
    };
    package("by-hand", &["serde", "serde_json"], &sources::by_hand(REQUESTS))?;
    package("contract", &["magicbutton", "serde"], &sources::contract(REQUESTS))?;
    Ok(workspace)
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
