//! Payloads of a type that is not said, and how they are recognised again.

use std::{
    any::{Any, type_name},
    sync::Arc,
};

use bytes::Bytes;
use serde::Serialize;

use crate::{Codec, EncodeError, Payload};

/// A payload whose type is known only to whoever made it and whoever reads it.
pub(super) trait Erased: Any + Send + Sync {
    fn encode(&self, codec: &Codec) -> Result<Bytes, EncodeError>;
    fn write(&self, codec: &Codec, out: &mut Vec<u8>) -> Result<(), EncodeError>;
    fn type_name(&self) -> &'static str;
}

impl<T: Serialize + Any + Send + Sync> Erased for T {
    fn encode(&self, codec: &Codec) -> Result<Bytes, EncodeError> {
        codec.encode(self)
    }

    fn write(&self, codec: &Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.write(self, out)
    }

    fn type_name(&self) -> &'static str {
        type_name::<T>()
    }
}

pub(super) fn downcast<T: Payload>(value: Box<dyn Erased>) -> Result<Box<T>, Box<dyn Erased>> {
    let any: &dyn Any = &*value;
    if any.is::<T>() {
        let any: Box<dyn Any> = value;
        Ok(any.downcast().expect("the type was just compared"))
    } else {
        Err(value)
    }
}

pub(super) fn downcast_shared<T: Payload>(
    value: Arc<dyn Erased>,
) -> Result<Arc<T>, Arc<dyn Erased>> {
    let any: &dyn Any = &*value;
    if any.is::<T>() {
        let any: Arc<dyn Any + Send + Sync> = value;
        Ok(any.downcast().expect("the type was just compared"))
    } else {
        Err(value)
    }
}
