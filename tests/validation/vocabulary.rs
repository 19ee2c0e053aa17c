//! Every word of garde's, in a contract.

use magicbutton::{Body, Context, Reply, contract};
use serde_json::{Value, json};

use crate::{fault, told};

contract!(
    #[contract(version = "1.0.0")]
    mod words {
        struct Words {
            #[garde(required)]
            required: Option<u32>,
            #[garde(ascii)]
            ascii: String,
            #[garde(alphanumeric)]
            alphanumeric: String,
            #[garde(email)]
            email: String,
            #[garde(url)]
            url: String,
            #[garde(ip)]
            ip: String,
            #[garde(ipv4)]
            ipv4: String,
            #[garde(ipv6)]
            ipv6: String,
            #[garde(length(chars, min = 2, max = 3), length(bytes, max = 4))]
            length: String,
            #[garde(length(graphemes, equal = 1))]
            graphemes: String,
            #[garde(length(utf16, max = 1))]
            utf16: String,
            #[garde(range(min = -1.5, max = 1.5))]
            range: f64,
            #[garde(contains("@"))]
            contains: String,
            #[garde(prefix("a"))]
            prefix: String,
            #[garde(suffix("z"))]
            suffix: String,
            #[garde(pattern(r"^\p{Lu}$"))]
            pattern: String,
            #[garde(skip)]
            new_password: String,
            #[garde(matches(new_password))]
            matches: String,
            #[garde(custom(|value: &u32, _: &()| match value {
                7 => Ok(()),
                _ => Err(::magicbutton::garde::Error::new("not seven")),
            }))]
            custom: u32,
            #[garde(inner(inner(ascii, length(min = 1))))]
            inner: Vec<Vec<String>>,
            #[garde(if(cond = self.custom == 7, ascii, length(min = 2)))]
            conditional: Option<String>,
        }

        #[request]
        async fn say(#[garde(dive)] words: Words);
    }
);

struct Said;

impl words::Service for Said {
    async fn say(&self, _: &Context, _: words::Words) -> Reply<()> {
        Ok(())
    }
}

fn right() -> Value {
    json!({
        "required": 1, "ascii": "a", "alphanumeric": "a1", "email": "a@example.com",
        "url": "https://example.com", "ip": "::1", "ipv4": "127.0.0.1", "ipv6": "::1", "length": "ää",
        "graphemes": "é", "utf16": "a", "range": 1.5, "contains": "a@b", "prefix": "ab",
        "suffix": "yz", "pattern": "Ä", "newPassword": "p", "matches": "p", "custom": 7,
        "inner": [["a"], []], "conditional": "ab",
    })
}

#[tokio::test]
async fn each_holds_a_value_to_what_it_says() {
    let client = words::Client::in_process(Said);
    let call = |words: Value| {
        let client = client.client().clone();
        async move { client.call_raw("say", Body::new(json!({ "words": words }))).await }
    };
    call(right()).await.unwrap();
    for (field, value, expected) in [
        ("required", Value::Null, "not set"),
        ("ascii", json!("ä"), "not ascii"),
        ("alphanumeric", json!("a-1"), "not alphanumeric"),
        ("email", json!("nobody"), "not a valid email: value is missing `@`"),
        ("url", json!("nowhere"), "not a valid url: relative URL without a base"),
        ("ip", json!("1.2.3"), "not a valid IP address"),
        ("ipv4", json!("::1"), "not a valid IPv4 address"),
        ("ipv6", json!("127.0.0.1"), "not a valid IPv6 address"),
        ("length", json!("ä"), "length is lower than 2"),
        ("length", json!("äää"), "length is greater than 4"),
        ("graphemes", json!("éé"), "length is greater than 1"),
        ("utf16", json!("🦀"), "length is greater than 1"),
        ("range", json!(1.6), "greater than 1.5"),
        ("range", json!(-2), "lower than -1.5"),
        ("contains", json!("ab"), "does not contain \"@\""),
        ("prefix", json!("b"), "value does not begin with \"a\""),
        ("suffix", json!("a"), "does not end with \"z\""),
        ("pattern", json!("ä"), "does not match pattern /^\\p{Lu}$/"),
        ("matches", json!("q"), "does not match newPassword field"),
        ("custom", json!(6), "not seven"),
        ("conditional", json!("a"), "length is lower than 2"),
    ] {
        let mut words = right();
        words[field] = value;
        let fault = fault(call(words).await);
        assert_eq!(told(&fault), [(format!("words.{field}").as_str(), expected)]);
    }
    let mut words = right();
    words["inner"] = json!([["a"], ["a", ""]]);
    let fault = fault(call(words).await);
    assert_eq!(told(&fault), [("words.inner[1][1]", "length is lower than 1")]);
    // Where the condition does not hold, the rest does.
    let mut words = right();
    (words["custom"], words["conditional"]) = (json!(6), json!("a"));
    assert_eq!(told(&crate::fault(call(words).await)), [("words.custom", "not seven")]);
}
