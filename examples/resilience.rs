//! A warehouse that loses a third of its answers, then hangs, then is well again; and a shop that gets
//! by: retries hide the losses, a deadline ends each wait, a breaker leaves the warehouse alone while
//! that is of use. On a clock that jumps, so that twelve seconds take none.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use magicbutton::{
    Client, Context, Failure, Fault, FaultKind, Reply, Server, contract,
    middleware::{BreakerState, CircuitBreaker, Retry},
};
use tokio::time::{Instant, sleep, sleep_until};

contract!(
    /// What there is.
    #[contract(version = "1.0.0")]
    mod warehouse {
        /// How many are left.
        #[request(idempotent)]
        async fn left(item: u32) -> u32;
    }
);

const SECOND: Duration = Duration::from_secs(1);
const DEADLINE: Duration = Duration::from_millis(400);

struct Warehouse {
    start: Instant,
    asked: Arc<AtomicUsize>,
}

impl warehouse::Service for Warehouse {
    async fn left(&self, _: &Context, item: u32) -> Reply<u32> {
        let nth = self.asked.fetch_add(1, Ordering::SeqCst);
        sleep(Duration::from_millis(10)).await;
        match self.start.elapsed().as_secs() {
            0..3 if nth.is_multiple_of(3) => Err(Fault::unavailable("lost it"))?,
            3..8 => sleep(60 * SECOND).await,
            _ => {}
        }
        Ok(item % 7)
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build()?;
    runtime.block_on(run())
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let (start, asked) = (Instant::now(), Arc::new(AtomicUsize::new(0)));
    let service = Warehouse { start, asked: Arc::clone(&asked) };
    let server = Server::builder().serve(warehouse::serve(service)).bind("memory://warehouse");
    let server = server.start().await?;

    let retry = Arc::new(Retry::new().backoff(Duration::from_millis(20), DEADLINE / 4));
    let breaker = Arc::new(CircuitBreaker::new().window(10, 6).open_for(2 * SECOND));
    let client = Client::builder()
        .middleware(Arc::clone(&retry)) // outside: each try goes by the breaker
        .middleware(Arc::clone(&breaker))
        .request_timeout(DEADLINE)
        .connect("memory://warehouse")
        .await?;
    let warehouse: warehouse::Client = client.typed()?;

    println!("   time  it took  tries  breaker   answer");
    let mut sums = [0; 4];
    for nth in 0..24 {
        sleep_until(start + SECOND / 2 * nth).await;
        let (asking, before) = (Instant::now(), asked.load(Ordering::SeqCst));
        let reply = warehouse.left(nth).await;
        let (took, tries) = (asking.elapsed(), asked.load(Ordering::SeqCst) - before);
        let (sum, answer) = match &reply {
            Ok(left) => (0, format!("{left} left")),
            Err(Failure::Fault(fault)) if fault.kind() == FaultKind::Timeout => {
                (1, "no answer in time".to_owned())
            }
            Err(Failure::Fault(fault)) if tries == 0 => {
                let wait = fault.retry_after().unwrap_or_default();
                (2, format!("left alone for another {wait:.1?}"))
            }
            Err(failure) => (3, failure.to_string()),
        };
        if let Some(sum) = sums.get_mut(sum) {
            *sum += 1;
        }
        let at = (asking - start).as_secs_f64();
        let state = format!("{:?}", breaker.state());
        println!("{at:5.1} s  {:>4} ms  {tries:>5}  {state:<8}  {answer}", took.as_millis());
        if took > DEADLINE + Duration::from_millis(2) || (tries == 0 && took > SECOND / 100) {
            return Err("an answer came late".into());
        }
    }
    server.stop().await?;

    let [good, late, spared, other] = sums;
    println!(
        "{good} answers, after {} retries; {late} calls that their deadline ended; {spared} that were spared",
        retry.retried()
    );
    // Six in the first three seconds, and all but the one that waits for the breaker at the end.
    let adds_up = good >= 6 + 5 && retry.retried() >= 2 && (4..=6).contains(&late);
    if adds_up && spared >= 4 && other == 0 && breaker.state() == BreakerState::Closed {
        println!("everything adds up");
        return Ok(());
    }
    Err("it does not add up".into())
}
