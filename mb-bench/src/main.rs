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

use measure::{Row, Threads};

const USAGE: &str =
    "usage: mb-bench inproc|ws|nats|fanout|middleware|access|connections|compile|all [--json]
       --only ROW      measures one row of a group
       --chart FILE    draws inproc and ws as an SVG
       --connections N and --seconds N are for connections
all leaves out nats where there is no nats-server, and connections where too few files may be open";

/// What to measure, and how to say it.
#[derive(Default)]
struct Options {
    groups: Vec<Group>,
    json: bool,
    only: Option<String>,
    chart: Option<String>,
    load: ws::Load,
}

/// What is drawn of what was measured.
#[derive(Default)]
struct Charts {
    inproc: Vec<Row>,
    ws: Vec<Row>,
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
                    if nats::is_there() {
                        options.groups.push(Group::Nats);
                    }
                    if ws::may_open(&options.load) {
                        options.groups.push(Group::Connections);
                    }
                }
                "--json" => options.json = true,
                // For a profiler, which sees nothing else then.
                "--only" => options.only = arguments.next(),
                "--chart" => options.chart = arguments.next(),
                "--connections" => options.load.connections = number()?,
                "--seconds" => options.load.seconds = number()?,
                other => return Err(format!("unknown argument `{other}`")),
            }
        }
        if options.groups.is_empty() { Err("say what".to_owned()) } else { Ok(options) }
    }

    fn run(&self, group: Group, charts: &mut Charts) -> io::Result<()> {
        let only = self.only.as_deref();
        match group {
            Group::Inproc => {
                let rows = measure::group(&inproc::subjects(Threads::One)?, only);
                let what = "in process, one-thread runtime";
                report::inproc::print("inproc", what, &rows, self.json);
                charts.inproc = rows;
                let rows = measure::group(&inproc::subjects(Threads::Many)?, only);
                let what = "in process, multi-thread runtime (noisy: nothing is judged by it)";
                report::inproc::print("inproc_multi_thread", what, &rows, self.json);
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
                let rows = measure::group(&ws::subjects(Threads::One)?, only);
                let what = "loopback, one connection: one call after another on one thread, \
                            64 in flight with the server on its own";
                report::ws::print("ws", what, &rows, self.json);
                charts.ws = rows;
                let rows = measure::group(&ws::subjects(Threads::Many)?, only);
                let what = "loopback, one connection, both ends on one multi-thread runtime \
                            (noisy: nothing is judged by it)";
                report::ws::print("ws_multi_thread", what, &rows, self.json);
            }
            Group::Nats => {
                let rows = nats::measure(only)?;
                let (calls, events) =
                    ("NATS on loopback, one connection", "NATS events per second, one listener");
                report::ws::print("nats", calls, &rows.calls, self.json);
                report::ws::print("nats_events", events, &rows.events, self.json);
            }
            Group::Fanout => {
                let rows = measure::rates(&inproc::fanout::subjects()?, only)?;
                let what = "one event to 1,000 subscribers in process, one thread";
                report::fanout::print("fanout_inproc", what, &rows, self.json);
                let rows = measure::rates(&ws::fanout()?, only)?;
                let what = "one event to 1,000 WebSocket subscribers, the server on its own thread";
                report::fanout::print("fanout", what, &rows, self.json);
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
    let mut charts = Charts::default();
    let measured = options.groups.iter().try_for_each(|group| options.run(*group, &mut charts));
    let drawn = measured.and_then(|()| match &options.chart {
        Some(file) => report::chart::draw(file, &charts.inproc, &charts.ws),
        None => Ok(()),
    });
    match drawn {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
