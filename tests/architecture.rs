//! The map and the land: every file that a page names is there, every example is in the README, and
//! the runtime's modules use only those below them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Every path to a Rust file in a page.
fn named(page: &str) -> impl Iterator<Item = &str> {
    page.split(|c: char| !(c.is_ascii_alphanumeric() || "/_-.".contains(c)))
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| word.contains('/') && word.ends_with(".rs"))
}

#[test]
fn every_file_that_a_page_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = [
        ("docs/architecture.md", include_str!("../docs/architecture.md")),
        ("CONTRIBUTING.md", include_str!("../CONTRIBUTING.md")),
    ];
    for (name, page) in pages {
        assert!(named(page).count() > 5, "{name} names files");
        let missing: Vec<_> = named(page).filter(|file| !root.join(file).is_file()).collect();
        assert!(missing.is_empty(), "{name} names files that are not there: {missing:#?}");
    }
}

#[test]
fn every_example_is_in_the_readme() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = include_str!("../README.md");
    let examples = fs::read_dir(root.join("examples")).into_iter().flatten().flatten();
    let names = examples.map(|example| example.path().with_extension(""));
    for name in names.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned())) {
        let line = format!("| `cargo run --example {name}` | ");
        assert!(readme.contains(&line), "the README has no line for the example {name}");
    }
}

/// The modules of the runtime, from the top. Each uses those below its row, and its own.
const LAYERS: [&[&str]; 8] = [
    &["conformance", "__private", "lib"],
    &["tower"],
    &["client"],
    &["server"],
    &["subscription"],
    &["dispatch"],
    &["session", "middleware", "access", "login", "meters"],
    &["panics", "transports", "validation", "wire"],
];

fn sources(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            sources(&path, into);
        } else {
            into.push(path);
        }
    }
}

/// Which modules a source file says `crate::` of, be it one or a list of them.
fn used(source: &str) -> Vec<String> {
    let mut used = Vec::new();
    let ident = |text: &str| -> String {
        text.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    for (at, _) in source.match_indices("crate::") {
        let rest = source.get(at + "crate::".len()..).unwrap_or_default();
        let Some(list) = rest.strip_prefix('{') else {
            used.push(ident(rest));
            continue;
        };
        let (mut depth, mut fresh) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => fresh = true,
                c if fresh && c.is_ascii_alphabetic() => {
                    fresh = false;
                    used.push(ident(list.get(at..).unwrap_or_default()));
                }
                _ => {}
            }
        }
    }
    used
}

#[test]
fn modules_use_only_those_below_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("mb-runtime/src");
    let layer = |module: &str| LAYERS.iter().position(|row| row.contains(&module));
    let mut files = Vec::new();
    sources(&root, &mut files);
    assert!(files.len() > 50);
    let mut wrong = Vec::new();
    for path in files {
        let Ok(file) = path.strip_prefix(&root) else { continue };
        let file = file.to_string_lossy().replace('\\', "/");
        let module = file.split(['/', '.']).next().unwrap_or_default();
        let Some(here) = layer(module) else {
            wrong.push(format!("{file}: in no layer"));
            continue;
        };
        let source = fs::read_to_string(&path).unwrap_or_default();
        for other in used(&source) {
            if layer(&other).is_some_and(|there| there < here) {
                wrong.push(format!("{file}: uses {other}, which is above it"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
