//! The gRPC service of the peer `tonic`, generated without a protocol buffers compiler: the messages are
//! written by hand in `src/ws/tonic.rs`.

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let create_order = tonic_build::manual::Method::builder()
        .name("create_order")
        .route_name("CreateOrder")
        .input_type("super::super::CreateOrderRequest")
        .output_type("super::super::OrderReply")
        .codec_path("tonic_prost::ProstCodec")
        .build();
    let shop = tonic_build::manual::Service::builder()
        .package("bench")
        .name("Shop")
        .method(create_order)
        .build();
    tonic_build::manual::Builder::new().compile(&[shop]);
}
