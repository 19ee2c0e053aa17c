//! What every transport owes, held against each of them: see [`mb_runtime::conformance`].
#![allow(clippy::unwrap_used)]

use std::sync::atomic::{AtomicU8, Ordering};

use magicbutton::{Client, ClientBuilder, Endpoint, Server, ServerBuilder};
use mb_core::CustomCodec;
use mb_runtime::conformance::{self, Arena, Traits};

/// A transport as users have it, by its scheme, and the codec that clients ask for.
struct BuiltIn {
    scheme: &'static str,
    codec: Option<&'static str>,
    host: String,
    traits: Traits,
}

/// An address that nobody else listens on: while a server restarts, its port is anybody's. Where
/// there is only one, so be it.
fn host() -> String {
    static NEXT: AtomicU8 = AtomicU8::new(1);
    let next = NEXT.fetch_add(1, Ordering::Relaxed);
    let [.., high, low] = std::process::id().to_be_bytes();
    if cfg!(target_os = "linux") { format!("127.{high}.{low}.{next}") } else { "127.0.0.1".into() }
}

impl Arena for BuiltIn {
    fn endpoint(&self, name: &str) -> String {
        match self.scheme {
            "memory" => format!("memory://{name}"),
            scheme => format!("{scheme}://{}:0/{name}", self.host),
        }
    }

    fn server(&self) -> ServerBuilder {
        Server::builder().codec(Own)
    }

    fn client(&self) -> ClientBuilder {
        Client::builder().codec(Own)
    }

    fn dial(&self, bound: &Endpoint) -> String {
        match self.codec {
            Some(codec) => format!("{bound}?codec={codec}"),
            None => bound.to_string(),
        }
    }

    fn traits(&self) -> Traits {
        self.traits
    }
}

/// A codec of a user's own: JSON, behind a mark.
struct Own;

const MARK: &[u8] = b"own:";

impl CustomCodec for Own {
    fn name(&self) -> &'static str {
        "own"
    }

    fn write(&self, value: &dyn erased_serde::Serialize, out: &mut Vec<u8>) -> Result<(), String> {
        out.extend_from_slice(MARK);
        serde_json::to_writer(out, value).map_err(|error| error.to_string())
    }

    fn read(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(
            &mut dyn erased_serde::Deserializer<'_>,
        ) -> Result<(), erased_serde::Error>,
    ) -> Result<(), String> {
        let json = bytes.strip_prefix(MARK).ok_or("there is no mark")?;
        let mut json = serde_json::Deserializer::from_slice(json);
        read(&mut <dyn erased_serde::Deserializer<'_>>::erase(&mut json))
            .and_then(|()| json.end().map_err(serde::de::Error::custom))
            .map_err(|error| error.to_string())
    }
}

async fn memory(codec: Option<&'static str>) {
    let memory = BuiltIn { scheme: "memory", codec, host: host(), traits: Traits::PROCESS };
    conformance::run(&memory).await.assert();
}

async fn web_socket(codec: &'static str) {
    let web_socket =
        BuiltIn { scheme: "ws", codec: Some(codec), host: host(), traits: Traits::SESSION };
    conformance::run(&web_socket).await.assert();
}

#[tokio::test]
async fn memory_hands_values_over() {
    memory(None).await;
}

#[tokio::test]
async fn memory_through_json() {
    memory(Some("json")).await;
}

#[tokio::test]
async fn memory_through_message_pack() {
    memory(Some("msgpack")).await;
}

#[tokio::test]
async fn web_socket_with_json() {
    web_socket("json").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn web_socket_with_json_on_several_threads() {
    web_socket("json").await;
}

#[tokio::test]
async fn web_socket_with_message_pack() {
    web_socket("msgpack").await;
}

#[tokio::test]
async fn web_socket_with_a_codec_of_ones_own() {
    web_socket("own").await;
}
