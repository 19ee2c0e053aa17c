//! A way to the engine on which messages of one subject get lost.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, copy},
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

/// Where to connect to, and what becomes of messages there.
pub struct Lossy {
    pub address: String,
    pub loses: Arc<AtomicBool>,
    pub lost: Arc<AtomicUsize>,
    lines: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Lossy {
    /// Cuts every connection. Who connects again gets through.
    pub fn cut(&self) {
        self.lines.lock().unwrap().drain(..).for_each(|line| line.abort());
    }
}

/// Stands between a program and the engine: what the engine sends on subjects that begin like this is
/// lost, for as long as `loses` says so.
pub async fn lossy(engine: String, subject: &'static str) -> Lossy {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (loses, lost) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let lines = Arc::<Mutex<Vec<AbortHandle>>>::default();
    let cut = Arc::clone(&lines);
    let (told, counted) = (Arc::clone(&loses), Arc::clone(&lost));
    tokio::spawn(async move {
        while let Ok((program, _)) = listener.accept().await {
            let (mut says, mut hears) = program.into_split();
            let (from, mut to) = TcpStream::connect(&engine).await.unwrap().into_split();
            let (loses, lost) = (Arc::clone(&told), Arc::clone(&counted));
            let there = tokio::spawn(async move { copy(&mut says, &mut to).await });
            let back = tokio::spawn(async move {
                let (mut from, mut line) = (BufReader::new(from), String::new());
                while from.read_line(&mut line).await.is_ok_and(|read| read > 0) {
                    let mut words = line.split_whitespace();
                    let is_message = words.next().is_some_and(|verb| verb.ends_with("MSG"));
                    let whose = if is_message { words.next() } else { None };
                    let is_of_it = whose.is_some_and(|whose| whose.starts_with(subject));
                    let mut payload = Vec::new();
                    if is_message {
                        let size: usize = words.last().unwrap().parse().unwrap();
                        payload.resize(size + 2, 0);
                        from.read_exact(&mut payload).await.unwrap();
                    }
                    if is_of_it && loses.load(Ordering::SeqCst) {
                        lost.fetch_add(1, Ordering::SeqCst);
                    } else if hears.write_all(line.as_bytes()).await.is_err()
                        || hears.write_all(&payload).await.is_err()
                    {
                        return;
                    }
                    line.clear();
                }
            });
            cut.lock().unwrap().extend([there.abort_handle(), back.abort_handle()]);
        }
    });
    Lossy { address, loses, lost, lines }
}
