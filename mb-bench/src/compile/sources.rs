//! The same service twice: as a contract, and by hand.

use std::fmt::Write;

/// What both have: the types, and how a handler answers.
const ORDER: &str = "Order { id: customer_id, total: items.len() as f64 }";

pub(super) fn contract(requests: usize) -> String {
    let mut declared = String::new();
    let mut implemented = String::new();
    for number in 0..requests {
        write_all(
            &mut declared,
            format_args!(
                "        /// Request {number}.\n        #[request]\n        async fn request_{number}(customer_id: String, items: Vec<Item>) -> Result<Order, OrderError>;\n"
            ),
        );
        write_all(
            &mut implemented,
            format_args!(
                "    async fn request_{number}(&self, _: &Context, customer_id: String, items: Vec<Item>) -> Reply<Order, OrderError> {{\n        if items.is_empty() {{\n            Err(OrderError::Empty {{ customer_id: customer_id.clone() }})?;\n        }}\n        Ok({ORDER})\n    }}\n"
            ),
        );
    }
    format!(
        "use magicbutton::{{Context, Reply, contract}};\nuse orders::{{Item, Order, OrderError}};\n\n\
contract!(
    #[contract(version = \"1.0.0\")]
    pub mod orders {{
        struct Item {{ product_id: String, quantity: u32 }}
        struct Order {{ id: String, total: f64 }}
        #[error]
        enum OrderError {{
            #[error(status = 404, message = \"order {{order_id}} not found\")]
            NotFound {{ order_id: String }},
            #[error(status = 400, message = \"{{customer_id}} ordered nothing\")]
            Empty {{ customer_id: String }},
        }}
{declared}    }}
);

pub struct Orders;

impl orders::Service for Orders {{
{implemented}}}
"
    )
}

pub(super) fn by_hand(requests: usize) -> String {
    let (mut types, mut methods, mut arms, mut calls, mut implemented) = Default::default();
    for number in 0..requests {
        write_all(
            &mut types,
            format_args!(
                "/// Request {number}.\n#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]\n#[serde(rename_all = \"camelCase\")]\npub struct Request{number} {{\n    pub customer_id: String,\n    pub items: Vec<Item>,\n}}\n"
            ),
        );
        write_all(
            &mut methods,
            format_args!(
                "    fn request_{number}(&self, context: &Context, customer_id: String, items: Vec<Item>) -> impl Future<Output = Result<Order, Failure>> + Send;\n"
            ),
        );
        write_all(
            &mut arms,
            format_args!(
                "        \"request{number}\" => {{\n            let request: Request{number} = serde_json::from_slice(payload).map_err(Failure::wire)?;\n            let reply = service.request_{number}(context, request.customer_id, request.items).await?;\n            serde_json::to_vec(&reply).map_err(Failure::wire)\n        }}\n"
            ),
        );
        write_all(
            &mut calls,
            format_args!(
                "    pub async fn request_{number}(&self, customer_id: String, items: Vec<Item>) -> Result<Order, Failure> {{\n        let request = Request{number} {{ customer_id, items }};\n        let payload = serde_json::to_vec(&request).map_err(Failure::wire)?;\n        let reply = self.transport.call(\"request{number}\", payload).await?;\n        serde_json::from_slice(&reply).map_err(Failure::wire)\n    }}\n"
            ),
        );
        write_all(
            &mut implemented,
            format_args!(
                "    async fn request_{number}(&self, _: &Context, customer_id: String, items: Vec<Item>) -> Result<Order, Failure> {{\n        if items.is_empty() {{\n            return Err(Failure::Declared(OrderError::Empty {{ customer_id: customer_id.clone() }}));\n        }}\n        Ok({ORDER})\n    }}\n"
            ),
        );
    }
    let (types, methods, arms, calls, implemented): (String, String, String, String, String) =
        (types, methods, arms, calls, implemented);
    format!(
        "use std::{{fmt, pin::Pin, sync::Arc}};\n\nuse serde::{{Deserialize, Serialize}};\n
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = \"camelCase\")]
pub struct Item {{ pub product_id: String, pub quantity: u32 }}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = \"camelCase\")]
pub struct Order {{ pub id: String, pub total: f64 }}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = \"code\", content = \"details\")]
pub enum OrderError {{
    NotFound {{ order_id: String }},
    Empty {{ customer_id: String }},
}}

impl fmt::Display for OrderError {{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {{
        match self {{
            Self::NotFound {{ order_id }} => write!(f, \"order {{order_id}} not found\"),
            Self::Empty {{ customer_id }} => write!(f, \"{{customer_id}} ordered nothing\"),
        }}
    }}
}}

#[derive(Debug)]
pub enum Failure {{ Declared(OrderError), Fault(String) }}

impl Failure {{
    fn wire(error: serde_json::Error) -> Self {{
        Self::Fault(error.to_string())
    }}
}}

pub struct Context {{ pub caller: String }}

{types}
pub trait Service: Send + Sync + 'static {{
{methods}}}

pub async fn dispatch<S: Service>(service: &S, context: &Context, name: &str, payload: &[u8]) -> Result<Vec<u8>, Failure> {{
    match name {{
{arms}        other => Err(Failure::Fault(format!(\"unknown request {{other}}\"))),
    }}
}}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>> + Send + 'a>>;

pub trait Transport: Send + Sync {{
    fn call<'a>(&'a self, name: &'a str, payload: Vec<u8>) -> Answer<'a>;
}}

#[derive(Clone)]
pub struct Client {{ transport: Arc<dyn Transport> }}

impl Client {{
{calls}}}

pub struct Orders;

impl Service for Orders {{
{implemented}}}
"
    )
}

fn write_all(text: &mut String, piece: std::fmt::Arguments<'_>) {
    // Writing to a String cannot fail.
    let _ = text.write_fmt(piece);
}
