//! `cargo run --release -p mb-bench -- inproc [--json]`: what a call costs, beside its floors, in
//! one run. Ratios are what to read; absolute figures are this machine's.

mod inproc;
mod measure;
mod report;

use std::process::ExitCode;

const USAGE: &str = "usage: mb-bench inproc|all [--json] [--only ROW]";

fn main() -> ExitCode {
    let mut json = false;
    let mut groups = Vec::new();
    let mut only = None;
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--json" => json = true,
            // For a profiler, which sees nothing else then.
            "--only" => only = arguments.next(),
            "all" | "inproc" => groups.push(argument),
            other => {
                eprintln!("unknown argument `{other}`\n{USAGE}");
                return ExitCode::FAILURE;
            }
        }
    }
    if groups.is_empty() {
        eprintln!("{USAGE}");
        return ExitCode::FAILURE;
    }
    let subjects = match inproc::subjects() {
        Ok(subjects) => subjects,
        Err(error) => {
            eprintln!("cannot start a runtime: {error}");
            return ExitCode::FAILURE;
        }
    };
    let rows = measure::group(&subjects, only.as_deref());
    if json {
        report::json("inproc", &rows);
    } else {
        report::table("in process, one-thread runtime", &rows);
    }
    ExitCode::SUCCESS
}
