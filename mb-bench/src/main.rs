//! `cargo run --release -p mb-bench -- inproc|compile|all [--json]`: what a call and a contract
//! cost, beside their floors, in one run. Ratios are what to read; absolute figures are this
//! machine's.

mod compile;
mod inproc;
mod measure;
mod report;

use std::{io, process::ExitCode};

const USAGE: &str = "usage: mb-bench inproc|compile|all [--json] [--only ROW]";

/// What to measure, and how to say it.
#[derive(Default)]
struct Options {
    inproc: bool,
    compile: bool,
    json: bool,
    only: Option<String>,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "inproc" => options.inproc = true,
                "compile" => options.compile = true,
                "all" => (options.inproc, options.compile) = (true, true),
                "--json" => options.json = true,
                // For a profiler, which sees nothing else then.
                "--only" => options.only = arguments.next(),
                other => return Err(format!("unknown argument `{other}`")),
            }
        }
        if options.inproc || options.compile { Ok(options) } else { Err("say what".to_owned()) }
    }

    fn run(&self) -> io::Result<()> {
        if self.inproc {
            let rows = measure::group(&inproc::subjects()?, self.only.as_deref());
            if self.json { report::json("inproc", &rows) } else { report::table(&rows) }
        }
        if self.compile {
            let rows = compile::measure()?;
            if self.json { report::compile_json(&rows) } else { report::compile_table(&rows) }
        }
        Ok(())
    }
}

fn main() -> ExitCode {
    let options = match Options::read(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(reason) => {
            eprintln!("{reason}\n{USAGE}");
            return ExitCode::FAILURE;
        }
    };
    match options.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
