//! A real `nats-server` for one test: on a free port, with JetStream in a folder of its own.
#![allow(dead_code, clippy::panic, clippy::unwrap_used)]

use std::{
    env, fs,
    io::Write,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
    thread,
    time::{Duration, Instant},
};

/// A server that ends with the test.
pub struct NatsServer {
    child: Option<Child>,
    pub port: u16,
    folder: PathBuf,
    config: String,
}

/// A server as it comes. `None`, and a loud word, where the program is not installed; a panic where
/// `MB_REQUIRE_SERVICES=1` says that it has to be.
pub fn start() -> Option<NatsServer> {
    start_with("")
}

/// With more in its configuration.
pub fn start_with(config: &str) -> Option<NatsServer> {
    let program = program();
    if program.is_none() {
        assert!(
            env::var("MB_REQUIRE_SERVICES").as_deref() != Ok("1"),
            "nats-server is not installed, and MB_REQUIRE_SERVICES=1 says that it has to be"
        );
        // Past the test runner, which swallows what a test prints.
        let _ = writeln!(
            std::io::stderr(),
            "\n*** SKIPPED: nats-server is not installed; this test has shown nothing ***\n"
        );
        return None;
    }
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = env::temp_dir().join(format!("mb-nats-{}-{number}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let mut server = NatsServer { child: None, port: 0, folder, config: config.to_owned() };
    // A free port may be taken by somebody else before it is used: then another.
    for _ in 0..5 {
        server.port = free_port();
        if server.begin() {
            return Some(server);
        }
    }
    let log = fs::read_to_string(server.folder.join("log")).unwrap_or_default();
    panic!("nats-server does not start: {log}");
}

/// Where the program is.
pub fn program() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/local/bin"].map(PathBuf::from);
    let folders: Vec<_> = env::split_paths(&path).chain(more).collect();
    folders.into_iter().map(|folder| folder.join("nats-server")).find(|program| program.is_file())
}

fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}

impl NatsServer {
    /// A connection string: `nats://127.0.0.1:port/path`.
    pub fn url(&self, path: &str) -> String {
        format!("nats://127.0.0.1:{}/{path}", self.port)
    }

    /// `127.0.0.1:port`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Starts it where it was, with what it had stored.
    pub fn restart(&mut self) {
        self.kill();
        assert!(self.begin(), "nats-server does not start again");
    }

    fn begin(&mut self) -> bool {
        let config = self.folder.join("nats.conf");
        let store = self.folder.join("jetstream");
        let text = format!(
            "listen: \"127.0.0.1:{}\"\njetstream {{ store_dir: {store:?} }}\n{}\n",
            self.port, self.config
        );
        fs::write(&config, text).unwrap();
        let log = fs::File::create(self.folder.join("log")).unwrap();
        let mut child = Command::new(program().unwrap())
            .arg("-c")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap();
        let until = Instant::now() + Duration::from_secs(10);
        while Instant::now() < until {
            if child.try_wait().unwrap().is_some() {
                return false;
            }
            if TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
                self.child = Some(child);
                return true;
            }
            thread::sleep(Duration::from_millis(10));
        }
        let _ = child.kill();
        let _ = child.wait();
        false
    }
}

impl Drop for NatsServer {
    fn drop(&mut self) {
        self.kill();
        let _ = fs::remove_dir_all(&self.folder);
    }
}
