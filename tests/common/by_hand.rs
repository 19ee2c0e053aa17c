//! A WebSocket client that knows the wire format and nothing of this library: every frame is
//! written, and read, as text.
#![allow(dead_code, reason = "each test file uses the part it needs")]

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use magicbutton::Endpoint;
use serde_json::{Value, json};
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        Message, client::IntoClientRequest, http::HeaderValue, protocol::frame::coding::CloseCode,
    },
};

/// No test waits longer for anything that should happen.
pub const GUARD: Duration = Duration::from_secs(20);

/// Waits for what should happen soon.
pub async fn soon<F: Future>(future: F) -> F::Output {
    timeout(GUARD, future).await.expect("it takes too long")
}

/// A connection.
pub struct ByHand {
    pub socket: WebSocketStream<TcpStream>,
    binary: bool,
    next: u32,
}

/// What a request was answered with, and whatever came before the answer.
pub struct Answered {
    pub response: Value,
    pub before: Vec<Value>,
}

impl ByHand {
    /// Connects, asking for no subprotocol.
    pub async fn connect(endpoint: &Endpoint) -> Self {
        Self::connect_as(endpoint, None).await
    }

    /// Connects, asking for a subprotocol.
    pub async fn connect_as(endpoint: &Endpoint, subprotocol: Option<&str>) -> Self {
        let tcp = TcpStream::connect(endpoint.authority()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let mut request = endpoint.to_string().into_client_request().unwrap();
        if let Some(name) = subprotocol {
            let name = HeaderValue::from_str(name).unwrap();
            request.headers_mut().insert("Sec-WebSocket-Protocol", name);
        }
        let (socket, response) = soon(client_async(request, tcp)).await.unwrap();
        let agreed = response.headers().get("Sec-WebSocket-Protocol");
        assert_eq!(agreed.map(|name| name.to_str().unwrap()), subprotocol);
        let binary = subprotocol == Some("mb.msgpack");
        Self { socket, binary, next: 1 }
    }

    /// Sends a frame.
    pub async fn send(&mut self, frame: Value) {
        let message = if self.binary {
            Message::binary(rmp_serde::to_vec(&frame).unwrap())
        } else {
            Message::text(frame.to_string())
        };
        soon(self.socket.send(message)).await.unwrap();
    }

    /// Sends a text frame, whatever it says.
    pub async fn send_text(&mut self, text: impl Into<String>) {
        soon(self.socket.send(Message::text(text.into()))).await.unwrap();
    }

    /// The next frame; `None` where the connection has ended.
    pub async fn try_next(&mut self) -> Option<Value> {
        loop {
            match soon(self.socket.next()).await? {
                Ok(Message::Text(text)) => {
                    assert!(!self.binary, "text in a binary conversation: {text}");
                    return Some(serde_json::from_str(&text).unwrap());
                }
                Ok(Message::Binary(bytes)) => {
                    assert!(self.binary, "binary in a conversation in text");
                    return Some(rmp_serde::from_slice(&bytes).unwrap());
                }
                Ok(Message::Ping(_) | Message::Pong(_)) => {}
                Ok(_) | Err(_) => return None,
            }
        }
    }

    pub async fn next(&mut self) -> Value {
        self.try_next().await.expect("the connection has ended")
    }

    /// Sends a request. Says which.
    pub async fn ask(&mut self, name: &str, payload: Value) -> String {
        let id = format!("by-hand-{}", self.next);
        self.next += 1;
        self.send(json!({
            "type": "request", "requestId": id, "requestType": name, "payload": payload,
        }))
        .await;
        id
    }

    /// Sends a request and waits for its response.
    pub async fn call(&mut self, name: &str, payload: Value) -> Answered {
        let id = self.ask(name, payload).await;
        self.response(&id).await
    }

    /// Waits for the response to a request.
    pub async fn response(&mut self, id: &str) -> Answered {
        let mut before = Vec::new();
        loop {
            let frame = self.next().await;
            if frame["type"] == "response" && frame["requestId"] == id {
                return Answered { response: frame, before };
            }
            before.push(frame);
        }
    }

    /// The data of the response to a request that succeeds.
    pub async fn data(&mut self, name: &str, payload: Value) -> Value {
        let Answered { response, .. } = self.call(name, payload).await;
        assert_eq!(response["success"], true, "{response}");
        response["data"].clone()
    }

    /// The error of the response to a request that fails.
    pub async fn error(&mut self, name: &str, payload: Value) -> Value {
        let Answered { response, .. } = self.call(name, payload).await;
        assert_eq!(response["success"], false, "{response}");
        response["error"].clone()
    }

    /// The next event of this name; others are skipped, anything else is not.
    pub async fn event(&mut self, name: &str) -> Value {
        loop {
            let frame = self.next().await;
            assert_eq!(frame["type"], "event", "{frame}");
            if frame["event"] == name {
                return frame;
            }
        }
    }

    /// Asserts that nothing has come up to now, however far the server's answers are.
    pub async fn nothing(&mut self) {
        let answered = self.call("$ping", json!({})).await;
        assert_eq!(answered.before, [] as [Value; 0]);
    }

    /// Reads to the end. Says with which code and reason the server closed; `None` where it has not
    /// said goodbye.
    pub async fn closed(&mut self) -> Option<(CloseCode, String)> {
        loop {
            match soon(self.socket.next()).await {
                Some(Ok(Message::Close(Some(frame)))) => {
                    return Some((frame.code, frame.reason.to_string()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return None,
            }
        }
    }

    /// The error code of a request, as it is answered to a machine.
    pub async fn code(&mut self, name: &str, payload: Value) -> String {
        self.error(name, payload).await["code"].as_str().unwrap().to_owned()
    }
}
