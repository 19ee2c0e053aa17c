magicbutton::contract!(
    #[contract(version = "1.0.0")]
    pub mod orders {
        #[request(timeout = "5 s")]
        async fn spaced();

        #[request(timeout = "5")]
        async fn no_unit();

        #[request(timeout = "s")]
        async fn no_number();

        #[request(timeout = "1.5s")]
        async fn fraction();

        #[request(timeout = "-1s")]
        async fn negative();

        #[request(timeout = "1h")]
        async fn hours();

        #[request(timeout = "")]
        async fn empty();

        #[request(timeout = "0ms")]
        async fn nothing();

        #[request(timeout = "1441m")]
        async fn longer_than_a_day();

        #[request(timeout = "99999999999999999999s")]
        async fn longer_than_numbers();

        #[request(timeout = "18446744073709551615m")]
        async fn longer_than_times();
    }
);

fn main() {}
