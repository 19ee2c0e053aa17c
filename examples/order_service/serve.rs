//! A process that serves until it is told to end, and then drains: no call is lost.

use std::{error::Error, io, path::Path};

use crate::shop::Shop;

pub async fn serve(endpoint: &str, folder: Option<&Path>) -> Result<(), Box<dyn Error>> {
    // Listened for before anybody is told where to connect: no signal is missed.
    let told_to_end = told_to_end()?;
    let shop = Shop::open(endpoint, folder).await?;
    if let Some(endpoint) = shop.endpoint() {
        println!("serving orders and products at {endpoint}");
    }
    let signal = told_to_end.await;
    println!("{signal}: draining");
    shop.close().await?;
    println!("stopped: every call was answered");
    Ok(())
}

/// Which signal it was.
#[cfg(unix)]
fn told_to_end() -> io::Result<impl Future<Output = &'static str>> {
    use tokio::signal::unix::{SignalKind, signal};

    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => "Ctrl-C",
            _ = terminate.recv() => "SIGTERM",
        }
    })
}

#[cfg(windows)]
fn told_to_end() -> io::Result<impl Future<Output = &'static str>> {
    let mut interrupt = tokio::signal::windows::ctrl_c()?;
    Ok(async move {
        interrupt.recv().await;
        "Ctrl-C"
    })
}
