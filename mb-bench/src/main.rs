//! `cargo run --release -p mb-bench -- inproc|middleware|access|compile|ws|nats|fanout|connections|all
//! [--json]`: what a call, an event, a connection and a contract cost, beside their floors and peers,
//! in one run.
//! Ratios are what to read; absolute figures are this machine's.

mod access;
mod compile;
mod inproc;
mod measure;
mod middleware;
mod nats;
mod payload;
mod report;
mod ws;

use std::{io, process::ExitCode};

const USAGE: &str =
    "usage: mb-bench inproc|middleware|access|compile|ws|nats|fanout|connections|all [--json] [--only ROW]
       connections also takes [--connections N] [--seconds N]; all leaves it out, and nats, which needs a
       nats-server";

/// What to measure, and how to say it.
#[derive(Default)]
struct Options {
    groups: Vec<Group>,
    json: bool,
    only: Option<String>,
    load: ws::Load,
}

#[derive(Clone, Copy)]
enum Group {
    Inproc,
    Middleware,
    Access,
    Compile,
    Ws,
    Nats,
    Fanout,
    Connections,
}

impl Options {
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut number = || {
                let number = arguments.next().and_then(|number| number.parse().ok());
                number.ok_or_else(|| format!("`{argument}` takes a number"))
            };
            match argument.as_str() {
                "inproc" => options.groups.push(Group::Inproc),
                "middleware" => options.groups.push(Group::Middleware),
                "access" => options.groups.push(Group::Access),
                "compile" => options.groups.push(Group::Compile),
                "ws" => options.groups.push(Group::Ws),
                "nats" => options.groups.push(Group::Nats),
                "fanout" => options.groups.push(Group::Fanout),
                "connections" => options.groups.push(Group::Connections),
                "all" => {
                    options.groups = vec![
                        Group::Inproc,
                        Group::Middleware,
                        Group::Access,
                        Group::Compile,
                        Group::Ws,
                        Group::Fanout,
                    ];
                }
                "--json" => options.json = true,
                // For a profiler, which sees nothing else then.
                "--only" => options.only = arguments.next(),
                "--connections" => options.load.connections = number()?,
                "--seconds" => options.load.seconds = number()?,
                other => return Err(format!("unknown argument `{other}`")),
            }
        }
        if options.groups.is_empty() { Err("say what".to_owned()) } else { Ok(options) }
    }

    fn run(&self, group: Group) -> io::Result<()> {
        let only = self.only.as_deref();
        match group {
            Group::Inproc => {
                let rows = measure::group(&inproc::subjects()?, only);
                report::inproc::print("inproc", "in process", &rows, self.json);
            }
            Group::Middleware => {
                let rows = measure::group(&middleware::subjects()?, only);
                let what = "in process, behind layers that do nothing";
                report::inproc::print("middleware", what, &rows, self.json);
            }
            Group::Access => {
                let rows = measure::group(&access::subjects()?, only);
                let what = "in process, with and without access rules";
                report::inproc::print("access", what, &rows, self.json);
            }
            Group::Compile => {
                let rows = compile::measure()?;
                if self.json { report::compile::json(&rows) } else { report::compile::table(&rows) }
            }
            Group::Ws => {
                let rows = measure::group(&ws::subjects()?, only);
                if self.json { report::ws::json(&rows) } else { report::ws::table(&rows) }
            }
            Group::Nats => {
                let rows = nats::measure(only)?;
                if self.json {
                    report::ws::json_of("nats", &rows.calls);
                    report::ws::json_of("nats_events", &rows.events);
                } else {
                    report::ws::titled("NATS on loopback, one connection", &rows.calls);
                    report::ws::titled("NATS events per second, one listener", &rows.events);
                }
            }
            Group::Fanout => {
                let rows = ws::fanout(only)?;
                if self.json { report::fanout::json(&rows) } else { report::fanout::table(&rows) }
            }
            Group::Connections => {
                let rows = ws::connections(&self.load, only)?;
                if self.json {
                    report::connections::json(&rows)
                } else {
                    report::connections::table(&rows)
                }
            }
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
    match options.groups.iter().try_for_each(|group| options.run(*group)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
