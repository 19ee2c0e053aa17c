//! Where servers and clients run: one-thread runtimes, a server mostly on a thread of its own.

use std::{
    io,
    sync::mpsc,
    thread::{self, JoinHandle},
};

use tokio::runtime::{Builder, Runtime};

/// The runtime of every server and of every client.
pub(crate) fn runtime() -> io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// Starts a server on a thread of its own, and answers with its address once it listens. The thread
/// then does `work`; the server lives until that is done.
pub(super) fn serve<Serve, Serving, Server, Work, Done>(
    serve: Serve,
    work: Work,
) -> io::Result<(String, JoinHandle<io::Result<Done>>)>
where
    Serve: FnOnce() -> Serving + Send + 'static,
    Serving: Future<Output = io::Result<(String, Server)>>,
    Work: FnOnce(&Runtime, &Server) -> Done + Send + 'static,
    Done: Send + 'static,
{
    let (tell, told) = mpsc::channel();
    let thread = thread::spawn(move || {
        let runtime = runtime()?;
        let (address, server) = runtime.block_on(serve())?;
        // Whoever started this waits for the address.
        let _ = tell.send(address);
        Ok(work(&runtime, &server))
    });
    match told.recv() {
        Ok(address) => Ok((address, thread)),
        Err(_) => Err(finished(thread).err().unwrap_or_else(|| io::Error::other("no address"))),
    }
}

/// What a server's thread has come to.
pub(super) fn finished<Done>(thread: JoinHandle<io::Result<Done>>) -> io::Result<Done> {
    thread.join().map_err(|_| io::Error::other("a server panicked"))?
}
