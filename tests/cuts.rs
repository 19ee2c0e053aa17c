//! A connection that is cut anywhere: a proxy between client and server counts what passes, both
//! ways, and hangs up behind the n-th frame, or in the middle of it. Whatever n is, the client
//! recovers by itself and keeps its promises.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "helpers of tests are tests too"
)]

#[path = "cuts/alone.rs"]
mod alone;
#[path = "cuts/proxy.rs"]
mod proxy;

use std::{
    collections::{BTreeMap, HashMap},
    fmt::Debug,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use magicbutton::{
    Client, ClientStatus, Context, Failure, Fault, FaultKind, Notice, Received, Reconnect, Reply,
    Server, Stream, Subscription, contract,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::Notify,
    time::timeout,
};

use proxy::{Cut, Proxy};

contract!(
    /// A desk where things are booked once.
    #[contract(version = "1.0.0")]
    pub mod desk {
        #[error]
        enum DeskError {
            #[error(status = 409, message = "full")]
            Full,
        }

        /// Somebody rang.
        #[event]
        struct Rang {
            key: String,
        }

        /// Somebody waved.
        #[event]
        struct Waved {
            key: String,
        }

        /// May be asked as often as one likes.
        #[request(idempotent)]
        async fn look(key: String) -> String;

        /// Must not be done twice.
        #[request]
        async fn book(key: String) -> String;

        /// Counts.
        #[request]
        fn list(limit: u32) -> impl Stream<Item = Result<u32, DeskError>>;

        /// Asks the caller to beep, and says what it said.
        #[request]
        async fn page(key: String) -> String;

        /// Never answers.
        #[request]
        async fn wait(key: String) -> String;
    }
);

contract!(
    /// What the desk asks of its clients.
    #[contract(version = "1.0.0")]
    pub mod pager {
        /// Must not be done twice.
        #[request]
        async fn beep(key: String) -> String;
    }
);

type Counts = Arc<Mutex<BTreeMap<String, usize>>>;

/// Notes that something was done. Says how often.
fn count(counts: &Counts, key: &str) {
    *counts.lock().unwrap().entry(key.to_owned()).or_default() += 1;
}

fn counted(counts: &Counts, key: &str) -> usize {
    counts.lock().unwrap().get(key).copied().unwrap_or_default()
}

#[derive(Clone, Default)]
struct Desk {
    booked: Counts,
}

impl desk::Service for Desk {
    async fn look(&self, _: &Context, key: String) -> Reply<String> {
        Ok(key)
    }

    async fn book(&self, _: &Context, key: String) -> Reply<String> {
        count(&self.booked, &key);
        // Every other one takes more than one poll.
        if key.len().is_multiple_of(2) {
            tokio::task::yield_now().await;
        }
        Ok(key)
    }

    fn list(
        &self,
        _: &Context,
        limit: u32,
    ) -> impl Stream<Item = Reply<u32, desk::DeskError>> + Send {
        stream::iter(0..limit).map(Ok)
    }

    async fn page(&self, cx: &Context, key: String) -> Reply<String> {
        let pager = cx.require_caller()?.client::<pager::Client>()?;
        Ok(match pager.beep(key).await {
            Ok(said) => said,
            Err(Failure::Fault(fault)) => fault.code().to_owned(),
            Err(_) => "?".to_owned(),
        })
    }

    async fn wait(&self, _: &Context, _: String) -> Reply<String> {
        std::future::pending().await
    }
}

#[derive(Clone, Default)]
struct Pager {
    beeped: Counts,
}

impl pager::Service for Pager {
    async fn beep(&self, _: &Context, key: String) -> Reply<String> {
        count(&self.beeped, &key);
        Ok(key)
    }
}

/// One conversation, and what became of it.
struct Scene {
    cuts: Vec<Cut>,
    server: Server,
    proxy: Arc<Proxy>,
    desk: desk::Client,
    client: Client,
    service: Desk,
    pager: Pager,
    waved: Counts,
    /// Each with whether it was there before the cut, and what it has seen.
    subscriptions: Vec<(Subscription<desk::Rang>, bool)>,
    failures: Vec<String>,
    /// Units that had passed when the last step was done.
    units: usize,
}

const GUARD: Duration = Duration::from_secs(20);

impl Scene {
    async fn start(cuts: Vec<Cut>) -> Self {
        let (service, pager, waved) = (Desk::default(), Pager::default(), Counts::default());
        let seen = Arc::clone(&waved);
        let server = Server::builder()
            .id("desk")
            .serve(desk::serve(service.clone()))
            .on(move |waved: Received<desk::Waved>| {
                count(&seen, &waved.key);
                async { Ok(()) }
            })
            .bind("ws://127.0.0.1:0/desk")
            .start()
            .await
            .unwrap();
        let proxy = Proxy::start(server.endpoints()[0].authority(), cuts.clone()).await;
        let client = loop {
            let connecting = Client::builder()
                .id("c")
                .serve(pager::serve(pager.clone()))
                .speaks::<desk::Client>()
                .reconnect(
                    Reconnect::new()
                        .first_delay(Duration::from_millis(1))
                        .longest_delay(Duration::from_millis(20)),
                )
                .connect(&*proxy.endpoint);
            match guard(&cuts, "connect", connecting).await {
                Ok(client) => break client,
                // Cut before it was connected: told as what may be tried again.
                Err(fault) => {
                    assert!(proxy.was_cut(), "{cuts:?}: {fault:?}");
                    assert_passing(&cuts, &fault);
                }
            }
        };
        let desk = client.typed().unwrap();
        let subscriptions = Vec::new();
        let failures = Vec::new();
        Self {
            cuts,
            server,
            proxy,
            desk,
            client,
            service,
            pager,
            waved,
            subscriptions,
            failures,
            units: 0,
        }
    }

    async fn guard<F: Future>(&self, what: &str, future: F) -> F::Output {
        guard(&self.cuts, what, future).await
    }

    /// What must not fail but for the cut, and then in a way that may be tried again.
    fn passing<T, E: Debug>(&mut self, what: &str, reply: Reply<T, E>) -> Option<T> {
        match reply {
            Ok(value) => Some(value),
            Err(Failure::Fault(fault)) => {
                assert_passing(&self.cuts, &fault);
                self.failures.push(format!("{what}: {fault}"));
                None
            }
            Err(other) => panic!("{:?}: {what}: {other:?}", self.cuts),
        }
    }

    async fn look(&mut self, key: &str) {
        let looked = self.guard("look", self.desk.look(key.into())).await;
        assert_eq!(looked.as_deref().ok(), Some(key), "{:?}: {looked:?}", self.cuts);
    }

    async fn book(&mut self, key: &str) {
        let booked = self.guard("book", self.desk.book(key.into())).await;
        let at_most = counted(&self.service.booked, key);
        match self.passing("book", booked) {
            Some(said) => assert_eq!((&*said, at_most), (key, 1), "{:?}", self.cuts),
            None => assert!(at_most <= 1, "{:?}", self.cuts),
        }
    }

    async fn page(&mut self, key: &str) {
        let paged = self.guard("page", self.desk.page(key.into())).await;
        if let Some(said) = self.passing("page", paged) {
            assert!(said == key || said == "UNAVAILABLE", "{:?}: {said}", self.cuts);
        }
    }

    async fn list(&mut self, limit: u32) {
        let desk = self.desk.clone();
        let mut items = desk.list(limit);
        let mut expected = 0;
        while let Some(item) = self.guard("list", items.next()).await {
            if let Some(item) = self.passing("list", item) {
                assert_eq!(item, expected, "{:?}", self.cuts);
                expected += 1;
            } else {
                assert!(self.guard("list", items.next()).await.is_none(), "a failure is the last");
                return;
            }
        }
        assert_eq!(expected, limit, "{:?}: a stream that was cut must not look whole", self.cuts);
    }

    async fn subscribe(&mut self) {
        let subscribed = self.guard("subscribe", async { self.client.subscribe().await }).await;
        if let Some(subscription) =
            self.passing("subscribe", subscribed.map_err(Failure::<()>::Fault))
        {
            self.subscriptions.push((subscription, !self.proxy.was_cut()));
        }
    }

    async fn emit(&mut self, key: &str) {
        let emitted = self.guard("emit", self.client.emit(desk::Waved { key: key.into() })).await;
        self.passing("emit", emitted.map_err(Failure::<()>::Fault));
    }

    async fn broadcast(&mut self, key: &str) {
        self.server.broadcast(desk::Rang { key: key.into() }).await.unwrap();
    }

    /// Gives a call up once it is on its way.
    async fn give_up(&mut self, key: &str) {
        let waiting = self.desk.wait(key.into());
        let looking = self.desk.look(key.into());
        tokio::select! {
            biased;
            waited = waiting => { self.passing("wait", waited); }
            looked = self.guard("look", looking.into_future()) => { looked.unwrap(); }
        }
    }

    async fn at_once(&mut self, key: &str) {
        let keys = [0, 1, 2].map(|n| format!("{key}-{n}"));
        let [a, b, c] = keys.clone();
        let all = futures_util::future::join3(
            self.desk.book(a).into_future(),
            self.desk.look(b.clone()).into_future(),
            self.desk.book(c).into_future(),
        );
        let (a, looked, c) = self.guard("at once", all).await;
        assert_eq!(looked.ok(), Some(b), "{:?}", self.cuts);
        self.passing("at once", a);
        self.passing("at once", c);
    }

    /// Fifty steps.
    async fn converse(&mut self) {
        for round in 0..5 {
            let key = |what: &str| format!("{what}{round}");
            self.subscribe().await;
            self.look(&key("look")).await;
            self.book(&key("book")).await;
            self.broadcast(&key("rang")).await;
            self.emit(&key("wave")).await;
            self.list(3).await;
            self.page(&key("page")).await;
            self.give_up(&key("wait")).await;
            self.at_once(&key("many")).await;
            if round % 2 == 1 {
                self.subscriptions.pop();
            } else {
                self.book(&key("booked")).await;
            }
        }
        self.units = self.proxy.passed.load(Ordering::SeqCst);
    }

    /// Whatever has happened, now everything is well.
    async fn settle(&mut self) {
        let cut = self.proxy.was_cut();
        let mut status = self.client.watch_status();
        let cuts = self.cuts.clone();
        let up = status.wait_for(|status| *status == ClientStatus::Connected);
        guard(&cuts, "recover", up).await.unwrap();
        // A loss that nobody has noticed yet is noticed by whoever calls: this one is answered.
        self.look("settled").await;
        let booked =
            self.guard("book at last", async { self.desk.book("last".into()).await }).await;
        if let Err(fault) = &booked {
            // Only where the cut itself came this late.
            assert!(self.proxy.was_cut(), "{cuts:?}: {fault:?}");
            self.look("settled after all").await;
        }
        // The old connection may still be ending, but there is only one in the end.
        self.guard("one connection", async {
            while self.server.clients().len() != 1 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        assert_eq!(self.client.status(), ClientStatus::Connected, "{cuts:?}");
        self.broadcast("last").await;
        for (mut subscription, before) in std::mem::take(&mut self.subscriptions) {
            let (mut gaps, mut seen) = (0, HashMap::<String, usize>::new());
            while !seen.contains_key("last") {
                match self.guard("the last event", subscription.next_notice()).await {
                    Some(Notice::Event(rang)) => *seen.entry(rang.key.clone()).or_default() += 1,
                    Some(Notice::Gap) => gaps += 1,
                    other => panic!("{cuts:?}: {other:?}, {:?}", subscription.end_reason()),
                }
            }
            assert!(
                seen.values().all(|times| *times == 1),
                "{cuts:?}: an event came twice: {seen:?}"
            );
            assert_eq!(gaps, subscription.gaps(), "{cuts:?}");
            if before && cut {
                assert!(gaps >= 1, "{cuts:?}: nobody told of the gap");
            }
        }
        for (what, counts) in [
            ("booked", &self.service.booked),
            ("beeped", &self.pager.beeped),
            ("waved", &self.waved),
        ] {
            let counts = counts.lock().unwrap().clone();
            assert!(counts.values().all(|times| *times == 1), "{cuts:?}: {what} twice: {counts:?}");
        }
        if !self.proxy.was_cut() {
            assert_eq!(self.failures, [] as [String; 0], "{cuts:?}");
        }
    }
}

async fn guard<F: Future>(cuts: &[Cut], what: &str, future: F) -> F::Output {
    match timeout(GUARD, future).await {
        Ok(output) => output,
        Err(_) => panic!("{cuts:?}: `{what}` hangs"),
    }
}

fn assert_passing(cuts: &[Cut], fault: &Fault) {
    assert_eq!(fault.kind(), FaultKind::Unavailable, "{cuts:?}: {fault:?}");
    assert!(fault.is_retryable(), "{cuts:?}: {fault:?}");
}

async fn play(cuts: Vec<Cut>) -> Scene {
    let mut scene = Scene::start(cuts).await;
    scene.converse().await;
    scene.settle().await;
    scene
}

/// Plays many scenes, some at a time.
async fn play_all(scenes: Vec<Vec<Cut>>) -> usize {
    let cut = AtomicUsize::new(0);
    stream::iter(scenes)
        .map(|cuts| tokio::spawn(play(cuts)))
        .buffer_unordered(16)
        .for_each(|scene| {
            cut.fetch_add(scene.unwrap().proxy.cuts.load(Ordering::SeqCst), Ordering::SeqCst);
            std::future::ready(())
        })
        .await;
    cut.into_inner()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_anywhere_a_conversation_goes_on() {
    let whole = play(Vec::new()).await;
    let units = whole.units;
    assert!(units > 100, "{units}");
    let scenes: Vec<_> = (0..units)
        .flat_map(|after| [false, true].map(|middle| vec![Cut { after, middle }]))
        .collect();
    let many = scenes.len();
    let cuts = play_all(scenes).await;
    assert!(cuts >= many - 10, "{cuts} of {many}: the proxy hardly ever cuts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_again_while_it_recovers_it_recovers_again() {
    // The second connection is cut in its handshake, its registration, its subscriptions.
    let first = [40, 90].map(|after| Cut { after, middle: false });
    let scenes = first.into_iter().flat_map(|first| {
        (0..16).flat_map(move |after| {
            [false, true].map(|middle| {
                let again = Cut { after, middle };
                vec![first, again, again]
            })
        })
    });
    play_all(scenes.collect()).await;
}
