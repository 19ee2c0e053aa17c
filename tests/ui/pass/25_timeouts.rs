//! Every unit, the longest time, and beside other keys.
use std::time::Duration;

magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(timeout = "250ms")]
        async fn quick();

        #[request(rename = "normal", timeout = "5s", idempotent)]
        async fn usual();

        #[request(timeout = "1440m")]
        async fn slow();

        #[request]
        async fn any();
    }
);

fn main() {
    let timeouts: Vec<Option<Duration>> =
        orders::CONTRACT.requests.iter().map(|request| request.timeout).collect();
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    assert_eq!(timeouts, [Some(Duration::from_millis(250)), seconds(5), seconds(86_400), None]);
}
