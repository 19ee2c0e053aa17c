magicbutton::contract!(
    #[contract(version = "1.0.0")]
    mod orders {
        #[event]
        struct Created { id: String }
    }
);

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    mod billing {
        #[event]
        struct Paid { id: String }
    }
);

async fn wrong(client: orders::Client) {
    let _ = client.subscribe::<billing::Paid>().await;
    let _ = client.emit(billing::Paid { id: "b-1".into() }).await;
}

fn main() {
    let _ = wrong;
}
