//! The contracts that the cases talk over.

crate::contract!(
    /// What the server of a case answers and announces.
    #[contract(version = "1.4.0")]
    pub(crate) mod probe {
        use std::collections::BTreeMap;

        use serde_json::Value;

        #[derive(Copy, Eq)]
        enum Color {
            Red,
            DarkBlue,
        }

        enum Shape {
            Nothing,
            Circle { radius: f64 },
            Named(String),
            Pair(i8, bool),
        }

        struct Leaf {
            name: String,
            note: Option<String>,
            color: Color,
        }

        struct Tree {
            leaves: Vec<Leaf>,
            branches: BTreeMap<String, Tree>,
        }

        /// One field of every kind that travels.
        struct Everything {
            tree: Tree,
            shapes: Vec<Shape>,
            text: String,
            letter: char,
            flag: bool,
            largest: u64,
            smallest: i64,
            floats: Vec<f64>,
            single: f32,
            there: Option<u32>,
            missing: Option<u32>,
            pair: (u8, String),
            numbers: [i16; 3],
            bytes: Vec<u8>,
            by_name: BTreeMap<String, Vec<i64>>,
            by_number: BTreeMap<u32, String>,
            nothing: (),
            anything: Value,
        }

        /// What a handler sees of its context.
        #[derive(Default)]
        struct Around {
            source: Option<String>,
            kind: Option<String>,
            capabilities: Vec<String>,
            region: Option<String>,
            color: Option<String>,
            id: String,
            trace_id: String,
            token: Option<String>,
            actor: Option<String>,
            target: Option<String>,
            remaining_ms: Option<u64>,
        }

        /// A fault to fail with, as its handler makes it.
        struct Refusal {
            code: String,
            message: String,
            retryable: bool,
            details: Option<Value>,
        }

        /// How to fail otherwise.
        enum Failing {
            NotFound,
            WrongColor,
            Closed,
            Internal,
            Panic,
            Sourced,
            Foreign,
        }

        /// What comes after the items of a stream.
        #[derive(Copy, Eq)]
        enum Then {
            End,
            Fail,
            Refuse,
            Panic,
            Hang,
        }

        /// What to ask the caller itself.
        enum Question {
            Agreeable,
            Disagreeable,
            Strokes,
            /// Something that only a newer caller knows.
            Newer,
        }

        #[event]
        struct Noted {
            number: u32,
            text: String,
        }

        #[event]
        struct Wiped {
            number: u32,
        }

        #[error]
        enum ProbeError {
            #[error(status = 404, message = "nothing called {name} among {count}")]
            NotFound { name: String, count: u64 },
            #[error(status = 409, message = "{color} is no color", code = "BAD_COLOR")]
            WrongColor { color: Color, shapes: Vec<Shape> },
            #[error(status = 503, message = "closed", retryable)]
            Closed,
        }

        #[request]
        async fn echo(text: String) -> String;

        #[request]
        async fn reflect(value: Everything) -> Everything;

        #[request]
        async fn nothing();

        #[request]
        async fn fail(how: Failing) -> Result<(), ProbeError>;

        #[request]
        async fn refuse(refusal: Refusal);

        /// Fails as `refuse`.
        #[request(idempotent)]
        async fn refuse_again(refusal: Refusal);

        #[request]
        async fn look_around() -> Around;

        /// Answers when the case lets it.
        #[request]
        async fn hold(ticket: u32) -> u32;

        #[request(detached)]
        async fn hold_detached(ticket: u32) -> u32;

        #[request(idempotent)]
        async fn hold_idempotent(ticket: u32) -> u32;

        /// A reply of so many bytes.
        #[request]
        async fn weigh(bytes: u32) -> String;

        #[request]
        async fn announce(number: u32, text: String);

        #[request]
        async fn whisper(client_id: String, text: String);

        /// What the caller answers to a question.
        #[request]
        async fn ask_back(question: Question) -> Vec<String>;

        #[request]
        fn count_to(limit: u32, then: Then) -> impl Stream<Item = Result<u32, ProbeError>>;

        /// Items of so many bytes each.
        #[request]
        fn weigh_each(bytes: Vec<u32>) -> impl Stream<Item = String>;
    }
);

crate::contract!(
    /// Another contract, whose names are those of `probe` where they can be.
    #[contract(version = "0.3.0")]
    pub(crate) mod annex {
        #[event]
        struct Noted {
            word: String,
        }

        #[request]
        async fn echo(number: u32) -> u32;
    }
);

crate::contract!(
    /// What a client serves, for its server to call.
    #[contract(version = "1.0.0")]
    pub(crate) mod screen {
        #[error]
        enum ScreenError {
            #[error(status = 403, message = "declined: {reason}")]
            Declined { reason: String },
        }

        #[request]
        async fn confirm(question: String) -> Result<String, ScreenError>;

        #[request]
        fn strokes(limit: u32) -> impl Stream<Item = Result<u32, ScreenError>>;
    }
);

crate::contract!(
    /// `screen` as only a newer client serves it.
    #[contract(name = "screen", version = "1.9.0")]
    pub(crate) mod newer_screen {
        #[request]
        async fn blink();
    }
);

crate::contract!(
    /// `probe` as a newer server knows it: with another error.
    #[contract(name = "probe", version = "1.9.0")]
    pub(crate) mod newer_probe {
        #[error]
        enum ProbeError {
            #[error(status = 418, message = "{name} is a teapot", retryable)]
            IsTeapot { name: String, spouts: u8 },
        }

        #[request]
        async fn fail() -> Result<(), ProbeError>;
    }
);

crate::contract!(
    /// `probe` as nobody serves it any more, or yet.
    #[contract(name = "probe", version = "2.0.0")]
    pub(crate) mod other_probe {}
);
