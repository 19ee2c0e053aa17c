//! Everything a user holds can be sent to another task.
magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[event]
        struct Created { id: u32 }

        #[request]
        async fn get(id: u32) -> u32;

        #[request]
        fn watch() -> impl Stream<Item = u32>;
    }
);

fn send<T: Send>(_: T) {}
fn sync<T: Send + Sync + Clone + std::fmt::Debug + 'static>() {}

fn all(client: &orders::Client, server: &magicbutton::Server, cx: &magicbutton::Context) {
    send(client.get(1));
    send(client.watch());
    send(client.emit(orders::Created { id: 1 }));
    send(server.broadcast(orders::Created { id: 1 }));
    send(cx.broadcast(orders::Created { id: 1 }));
    send(server.stop());
    let client = client.clone();
    send(async move {
        let mut events = client.subscribe::<orders::Created>().await.unwrap();
        while let Some(event) = events.next().await {
            client.get(event.id).await.unwrap();
        }
    });
}

fn main() {
    sync::<orders::Client>();
    sync::<magicbutton::Client>();
    sync::<magicbutton::Server>();
    sync::<magicbutton::Fault>();
    let _ = all;
}
