//! One order through three services: its trace as a tree, as OpenTelemetry has it, and what was
//! measured on the way, as Prometheus reads it. Exporters that send both somewhere are set up in the
//! same places.

use std::collections::HashMap;

use magicbutton::{
    Client, Context, Reply, ServedContract, Server, contract,
    middleware::{Metrics, Trace},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use opentelemetry::trace::{SpanId, TracerProvider};
use opentelemetry_sdk::trace::{InMemorySpanExporter, SdkTracerProvider, SpanData};
use tracing_subscriber::{layer::SubscriberExt, util::SubscriberInitExt};

contract!(
    /// What shops call.
    #[contract(version = "1.0.0")]
    mod shop {
        #[request]
        async fn buy(item: String) -> u32;
    }
);

contract!(
    /// What is in stock.
    #[contract(version = "1.0.0")]
    mod stock {
        #[event]
        struct Reserved {
            item: String,
        }

        #[request]
        async fn reserve(item: String) -> u32;
    }
);

contract!(
    /// Who pays.
    #[contract(version = "1.0.0")]
    mod payments {
        #[event]
        struct Charged {
            cents: u32,
        }

        #[request]
        async fn charge(cents: u32);
    }
);

struct Shop {
    stock: stock::Client,
    payments: payments::Client,
}

impl shop::Service for Shop {
    async fn buy(&self, _: &Context, item: String) -> Reply<u32> {
        let cents = self.stock.reserve(item).await?;
        self.payments.charge(cents).await?;
        Ok(cents)
    }
}

struct Stock;

impl stock::Service for Stock {
    async fn reserve(&self, cx: &Context, item: String) -> Reply<u32> {
        cx.broadcast(stock::Reserved { item }).await?;
        Ok(250)
    }
}

struct Payments;

impl payments::Service for Payments {
    async fn charge(&self, cx: &Context, cents: u32) -> Reply<()> {
        Ok(cx.broadcast(payments::Charged { cents }).await?)
    }
}

async fn serve(
    name: &str,
    contract: ServedContract,
) -> Result<(Server, Client), Box<dyn std::error::Error>> {
    let endpoint = format!("memory://{name}?codec=json");
    let server = Server::builder()
        .id(name)
        .middleware(Trace::new())
        .middleware(Metrics::new())
        .serve(contract)
        .bind(endpoint.as_str())
        .start()
        .await?;
    let client = Client::builder().middleware(Trace::new()).connect(endpoint.as_str()).await?;
    Ok((server, client))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let spans = InMemorySpanExporter::default();
    let provider = SdkTracerProvider::builder().with_simple_exporter(spans.clone()).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("observability"));
    tracing_subscriber::registry().with(layer).try_init()?;
    let prometheus = PrometheusBuilder::new()
        .set_buckets(&[0.0001, 0.001, 0.01, 0.1, 1.0])?
        .install_recorder()?;

    let (stock_server, stock) = serve("stock", stock::serve(Stock)).await?;
    let (payment_server, payments) = serve("payments", payments::serve(Payments)).await?;
    let mut reserved = stock.subscribe::<stock::Reserved>().await?;
    let mut charged = payments.subscribe::<payments::Charged>().await?;
    let service = Shop { stock: stock.typed()?, payments: payments.typed()? };
    let (shop_server, shop) = serve("shop", shop::serve(service)).await?;

    let shop: shop::Client = shop.typed()?;
    println!("a pot of tea costs {} cents", shop.buy("tea".into()).await?);
    println!("{:?}", reserved.next().await.map(|event| event.item.clone()));
    println!("{:?}\n", charged.next().await.map(|event| event.cents));
    for server in [shop_server, payment_server, stock_server] {
        server.stop().await?;
    }

    provider.force_flush()?;
    let spans = spans.get_finished_spans()?;
    let mut children: HashMap<SpanId, Vec<&SpanData>> = HashMap::new();
    for span in &spans {
        children.entry(span.parent_span_id).or_default().push(span);
    }
    if let Some(root) = spans.iter().find(|span| span.parent_span_id == SpanId::INVALID) {
        println!("trace {}", root.span_context.trace_id());
    }
    print(&mut children, SpanId::INVALID, 1);

    println!("\n{}", prometheus.render());
    Ok(())
}

/// Prints the spans behind this one, each with its own behind it.
fn print(children: &mut HashMap<SpanId, Vec<&SpanData>>, parent: SpanId, depth: usize) {
    let mut spans = children.remove(&parent).unwrap_or_default();
    spans.sort_by_key(|span| span.start_time);
    for span in spans {
        let took = span.end_time.duration_since(span.start_time).unwrap_or_default();
        let kind = format!("{:?}", span.span_kind).to_lowercase();
        println!("{:indent$}{kind} {} ({took:.0?})", "", span.name, indent = depth * 2);
        print(children, span.span_context.span_id(), depth + 1);
    }
}
