//! Frames as the wire format writes them, in every codec, and bytes that are no frames.

use bytes::Bytes;
use mb_core::{Body, Codec, Context, CustomCodec, WireContext, WireError};
use proptest::prelude::*;
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::{BadFrame, Incoming, Value, read};

impl Value {
    pub(crate) fn json(text: &str) -> Self {
        Self { bytes: Bytes::copy_from_slice(text.as_bytes()), followed: false }
    }

    /// The bytes of the value alone.
    fn exact(&self, codec: &Codec) -> Bytes {
        self.clone().into_body(codec).encode(codec).unwrap().bytes
    }
}

/// As JSON, which is what the session's tests speak.
impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.exact(&Codec::JSON) == other.exact(&Codec::JSON)
    }
}

/// A codec as a user may add one.
struct Stick;

impl CustomCodec for Stick {
    fn name(&self) -> &'static str {
        "stick"
    }

    fn write(&self, value: &dyn erased_serde::Serialize, out: &mut Vec<u8>) -> Result<(), String> {
        let mut writer = rmp_serde::Serializer::new(out).with_struct_map();
        erased_serde::serialize(value, &mut writer).map_err(|error| error.to_string())
    }

    fn read(
        &self,
        bytes: &[u8],
        read: &mut dyn FnMut(
            &mut dyn erased_serde::Deserializer<'_>,
        ) -> Result<(), erased_serde::Error>,
    ) -> Result<(), String> {
        let mut reader = rmp_serde::Deserializer::from_read_ref(bytes);
        let mut reader = <dyn erased_serde::Deserializer<'_>>::erase(&mut reader);
        read(&mut reader).map_err(|error| error.to_string())
    }
}

fn codecs() -> [Codec; 3] {
    [Codec::JSON, Codec::MESSAGE_PACK, Codec::custom(Stick)]
}

fn text(frame: &Bytes) -> &str {
    std::str::from_utf8(frame).unwrap()
}

#[tokio::test(start_paused = true)]
async fn frames_are_written_as_the_wire_format_says() {
    let json = &Codec::JSON;
    let body = Body::new(json!({ "orderId": "o-1" }));
    let context = Context::new().with_deadline(Instant::now() + Duration::from_millis(2500));
    let error = WireError {
        code: "ORDER_NOT_FOUND".into(),
        message: "order o-1 not found".into(),
        details: Some(json!({ "orderId": "o-1" })),
        status: Some(404),
        retryable: Some(false),
    };
    let frames = [
        (
            super::request(json, "r-1", "createOrder", &body, &context).unwrap(),
            r#"{"type":"request","requestId":"r-1","requestType":"createOrder","context":{"deadlineMs":2500},"payload":{"orderId":"o-1"}}"#,
        ),
        (
            super::reply(json, "r-1", &body).unwrap(),
            r#"{"type":"response","requestId":"r-1","success":true,"data":{"orderId":"o-1"}}"#,
        ),
        (
            super::failure(json, "r-1", &error).unwrap(),
            r#"{"type":"response","requestId":"r-1","success":false,"error":{"code":"ORDER_NOT_FOUND","message":"order o-1 not found","details":{"orderId":"o-1"},"status":404,"retryable":false}}"#,
        ),
        (
            super::event(json, "orderCreated", &body, &Context::new()).unwrap(),
            r#"{"type":"event","event":"orderCreated","payload":{"orderId":"o-1"}}"#,
        ),
        (
            super::item(json, "r-1", &body).unwrap(),
            r#"{"type":"item","requestId":"r-1","data":{"orderId":"o-1"}}"#,
        ),
        (
            super::end(json, "r-1").unwrap(),
            r#"{"type":"response","requestId":"r-1","success":true}"#,
        ),
        (super::credit(json, "r-1", 32).unwrap(), r#"{"type":"credit","requestId":"r-1","n":32}"#),
        (super::cancel(json, "r-1").unwrap(), r#"{"type":"cancel","requestId":"r-1"}"#),
        (
            super::cancel(json, "a \"quoted\" id\n").unwrap(),
            r#"{"type":"cancel","requestId":"a \"quoted\" id\n"}"#,
        ),
    ];
    for (frame, expected) in &frames {
        assert_eq!(text(frame), *expected);
    }
}

#[test]
fn every_codec_reads_what_it_writes() {
    for codec in codecs() {
        let body = Body::new(json!({ "orderId": "o-1", "items": [1, -2, 3.5, null, "x"] }));
        let context = WireContext { trace_id: Some("t".repeat(32)), ..WireContext::default() };
        let frame = super::request(
            &codec,
            "ré-1",
            "createOrder",
            &body,
            &Context::from_wire(context.clone()),
        )
        .unwrap();
        let Incoming::Request { id, name, payload, context: read_context } =
            read(&codec, &frame).unwrap()
        else {
            panic!("{codec:?}: no request")
        };
        assert_eq!((&*id, &*name), ("ré-1", "createOrder"));
        assert_eq!(read_context.to_wire(), Some(context));
        let value: serde_json::Value = payload.into_body(&codec).decode().unwrap();
        assert_eq!(value, json!({ "orderId": "o-1", "items": [1, -2, 3.5, null, "x"] }));

        let frame = super::reply(&codec, "1", &Body::new(7_u32)).unwrap();
        let Incoming::Response { result: Ok(data), .. } = read(&codec, &frame).unwrap() else {
            panic!("{codec:?}: no reply")
        };
        assert_eq!(data.into_body(&codec).decode::<u32>().unwrap(), 7);

        let error = WireError {
            code: "NO".into(),
            message: "no".into(),
            details: Some(json!({ "why": ["a", 1] })),
            status: Some(409),
            retryable: Some(true),
        };
        let frame = super::failure(&codec, "1", &error).unwrap();
        let Incoming::Response { result: Err(read_error), .. } = read(&codec, &frame).unwrap()
        else {
            panic!("{codec:?}: no failure")
        };
        assert_eq!(read_error, error);

        let frame = super::credit(&codec, "1", 70_000).unwrap();
        assert!(matches!(read(&codec, &frame), Ok(Incoming::Credit { n: 70_000, .. })));
        let frame = super::cancel(&codec, "1").unwrap();
        assert!(matches!(read(&codec, &frame), Ok(Incoming::Cancel { .. })));
        let frame = super::item(&codec, "1", &body).unwrap();
        assert!(matches!(read(&codec, &frame), Ok(Incoming::Item { .. })));
        let frame = super::event(&codec, "made", &body, &Context::new()).unwrap();
        assert!(matches!(read(&codec, &frame), Ok(Incoming::Event { .. })));
        let frame = super::end(&codec, "1").unwrap();
        assert!(matches!(read(&codec, &frame), Ok(Incoming::Response { result: Ok(_), .. })));
    }
}

#[test]
fn a_reader_is_lenient_about_what_it_does_not_know_or_need() {
    fn frame(text: &'static str) -> Result<Incoming<'static>, BadFrame> {
        // What is read is borrowed from it.
        read(&Codec::JSON, Box::leak(Box::new(Bytes::from_static(text.as_bytes()))))
    }
    let unknown = frame(r#"{"type":"request","requestId":"1","requestType":"ping","later":[{}]}"#);
    let Ok(Incoming::Request { payload, .. }) = unknown else { panic!() };
    assert_eq!(payload, Value::json("{}"), "no payload is an empty one");
    let null = frame(r#"{"type":"request","requestId":"1","requestType":"p","payload":null}"#);
    let Ok(Incoming::Request { payload, .. }) = null else { panic!() };
    assert_eq!(payload, Value::json("{}"));
    let done = frame(r#"{"requestId":"1","success":true,"type":"response"}"#);
    let Ok(Incoming::Response { result: Ok(data), .. }) = done else { panic!() };
    assert_eq!(data, Value::json("null"));
    let escaped = frame(r#"{"type":"cancel","requestId":"\u0061\n"}"#);
    let Ok(Incoming::Cancel { id }) = escaped else { panic!() };
    assert_eq!(&*id, "a\n");
}

#[test]
fn what_is_no_frame_says_why_and_whose_it_was() {
    let cases = [
        ("", "not a JSON frame"),
        ("nonsense", "not a JSON frame"),
        ("[]", "not a JSON frame"),
        ("{}", "no `type`"),
        (r#"{"type":"dance"}"#, "no frame has the type `dance`"),
        (r#"{"type":"request","requestType":"x"}"#, "no `requestId`"),
        (r#"{"type":"request","requestId":7,"requestType":"x"}"#, "not a JSON frame"),
        (r#"{"type":"request","requestId":"7"}"#, "no `requestType`"),
        (r#"{"type":"response","requestId":"7"}"#, "no `success`"),
        (r#"{"type":"response","requestId":"7","success":false}"#, "no `error`"),
        (r#"{"type":"credit","requestId":"7"}"#, "no `n`"),
        (r#"{"type":"credit","requestId":"7","n":-1}"#, "not a JSON frame"),
        (r#"{"type":"event"}"#, "no `event`"),
        (r#"{"type":"event","event":"x","context":7}"#, "the context is not as it should be"),
        (r#"{"type":"event","type":"event","event":"x"}"#, "duplicate field"),
    ];
    for (frame, expected) in cases {
        let bad = read(&Codec::JSON, &Bytes::from_static(frame.as_bytes())).unwrap_err();
        assert!(bad.reason.contains(expected), "{frame}: {}", bad.reason);
        let readable = !expected.starts_with("not a JSON frame");
        let named = frame.contains(r#""requestId":"7""#) && readable;
        assert_eq!(bad.request_id.is_some(), named, "{frame}");
    }
}

#[test]
fn a_message_pack_count_that_lies_is_found_out() {
    // A map of four thousand million entries, an array within a map, a string of 4 GiB.
    for bytes in [
        &[0xdf, 0xff, 0xff, 0xff, 0xff][..],
        &[0x81, 0xa1, b'x', 0xdd, 0xff, 0xff, 0xff, 0xff],
        &[0x81, 0xa4, b't', b'y', b'p', b'e', 0xdb, 0xff, 0xff, 0xff, 0xff],
    ] {
        let bad = read(&Codec::MESSAGE_PACK, &Bytes::from_static(bytes)).unwrap_err();
        assert_eq!(bad.reason, "the frame is cut short");
    }
}

#[test]
fn nesting_without_end_costs_nothing() {
    let deep = format!(
        r#"{{"type":"event","event":"x","payload":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let Ok(Incoming::Event { payload, .. }) = read(&Codec::JSON, &Bytes::from(deep)) else {
        panic!()
    };
    payload.into_body(&Codec::JSON).decode::<serde_json::Value>().unwrap_err();
    let mut deep = vec![0x83, 0xa4];
    deep.extend(b"type\xa5event\xa5event\xa1x\xa7payload");
    deep.extend([0x91].repeat(100_000));
    deep.push(0xc0);
    let Ok(Incoming::Event { payload, .. }) = read(&Codec::MESSAGE_PACK, &Bytes::from(deep)) else {
        panic!()
    };
    payload.into_body(&Codec::MESSAGE_PACK).decode::<serde_json::Value>().unwrap_err();
}

/// What a frame means, down to its payload. A wrong payload may be found out later than the rest.
fn meaning(frame: &str) -> Result<String, ()> {
    let frame = Bytes::copy_from_slice(frame.as_bytes());
    let decoded = |value: Value| {
        let body = value.into_body(&Codec::JSON);
        body.decode::<serde_json::Value>().map_err(drop)
    };
    match read(&Codec::JSON, &frame).map_err(drop)? {
        Incoming::Request { id, name, payload, context } => {
            Ok(format!("{id} {name} {context:?} {}", decoded(payload)?))
        }
        Incoming::Response { id, result } => {
            Ok(format!("{id} {}", decoded(result.map_err(drop)?)?))
        }
        other => Ok(format!("{other:?}")),
    }
}

#[tokio::test(start_paused = true)]
async fn a_frame_means_the_same_whichever_way_it_is_read() {
    let frames = [
        r#"{"type":"request","requestId":"7","requestType":"a/b","payload":{"x":[1,"}"]}}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","payload":1,"context":{"deadlineMs":9}}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":{"x":"}"}}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":"é"}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":null}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":[1],"more":{}}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":[1],"more"}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":1 2}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":9},"payload":1}}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":},"payload":1}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","context":{"deadlineMs":99999999999999999999},"payload":1}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","payload":1,"context":{"id":"x"}}"#,
        r#"{"type":"request","requestId":"7","requestType":"a","payload":1,"more":2}"#,
        r#"{"type":"request","requestId":"\u0037","requestType":"a","payload":null}"#,
        r#"{"type":"request","requestId":"é","requestType":"a","context":{"deadlineMs":9},"payload":1}"#,
        r#"{"type":"response","requestId":"7","success":true,"data":{"a":"\"}"}}"#,
        r#"{"type":"response","requestId":"7","success":true,"data":1,"error":null}"#,
        r#"{"type":"response","requestId":"7","success":true,"data":null}"#,
        r#"{"type":"response","requestId":"7","success":true,"data":}"#,
        r#"{"type":"response","requestId":"7","success":true,"data":1}}"#,
        r#"{"type":"response","requestId":"7","success":true,"data":nul}"#,
    ];
    for frame in frames {
        // With a space in it, which nothing that this side writes has, it is read the long way.
        let spaced = frame.replacen('{', "{ ", 1);
        assert_eq!(meaning(frame), meaning(&spaced), "{frame}");
    }
}

/// Something like a frame: the right words, in the wrong places.
fn almost() -> impl Strategy<Value = Vec<u8>> {
    let word = prop_oneof![
        "[a-z{}\\[\\]\",:0-9]{0,6}",
        Just("\"type\":".to_owned()),
        Just("\"request\"".to_owned()),
        Just("\"response\"".to_owned()),
        Just("\"requestId\":\"1\"".to_owned()),
        Just("\"success\":false".to_owned()),
        Just("\"payload\":{}".to_owned()),
        Just("\"context\":{\"deadlineMs\":1}".to_owned()),
        Just(",".to_owned()),
        Just("{".to_owned()),
        Just("}".to_owned()),
    ];
    proptest::collection::vec(word, 0..12).prop_map(|words| words.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_a_complaint(bytes in prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        almost(),
    ]) {
        for codec in codecs() {
            let frame = Bytes::from(bytes.clone());
            if let Err(BadFrame { reason, .. }) = read(&codec, &frame) {
                prop_assert!(!reason.is_empty());
            }
        }
    }

    #[test]
    fn a_frame_cut_anywhere_is_a_complaint(id in "\\PC{0,12}", cut in 0..200_usize) {
        for codec in codecs() {
            let body = Body::new(vec![1_u32, 2, 3]);
            let frame = super::request(&codec, &id, "do", &body, &Context::new()).unwrap();
            let Ok(Incoming::Request { id: read_id, .. }) = read(&codec, &frame) else {
                panic!("not read")
            };
            prop_assert_eq!(&*read_id, &*id);
            if cut < frame.len() {
                prop_assert!(read(&codec, &frame.slice(..cut)).is_err());
            }
        }
    }
}
