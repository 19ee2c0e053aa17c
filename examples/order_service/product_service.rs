//! The stock: reserved all or nothing, under one lock, so that the last item goes to one order.

use std::{collections::BTreeMap, path::PathBuf, sync::Arc};

use magicbutton::{Context, Reply};

use crate::{
    contract::products::{Item, Product, Service, StockError},
    store::Store,
};

/// Clones share the stock: one service may be behind several servers.
#[derive(Clone)]
pub struct ProductService(Arc<Store<Stock>>);

type Stock = BTreeMap<String, Product>;

impl ProductService {
    /// Keeps its stock in memory, or in this file, with whoever else does.
    pub fn new(file: Option<PathBuf>, products: Vec<Product>) -> Self {
        let by_id = products.into_iter().map(|product| (product.product_id.clone(), product));
        Self(Arc::new(Store::new(file, by_id.collect())))
    }
}

fn reserve(products: &mut Stock, items: &[Item]) -> Reply<u64, StockError> {
    // One product may be on two lines of an order.
    let mut wanted: BTreeMap<&str, u32> = BTreeMap::new();
    for item in items {
        let sum = wanted.entry(&item.product_id).or_default();
        *sum = sum.saturating_add(item.quantity);
    }
    for (product_id, requested) in &wanted {
        let available = products.get(*product_id).map_or(0, |product| product.in_stock);
        if available < *requested {
            let product_id = (*product_id).to_owned();
            Err(StockError::NotInStock { product_id, requested: *requested, available })?;
        }
    }
    let mut total = 0;
    for (product_id, quantity) in wanted {
        if let Some(product) = products.get_mut(product_id) {
            product.in_stock -= quantity;
            total += product.price_cents * u64::from(quantity);
        }
    }
    Ok(total)
}

impl Service for ProductService {
    async fn reserve(&self, _: &Context, items: Vec<Item>) -> Reply<u64, StockError> {
        self.0.change(|products| reserve(products, &items))?
    }

    async fn release(&self, _: &Context, items: Vec<Item>) -> Reply<()> {
        Ok(self.0.change(|products| {
            for item in items {
                if let Some(product) = products.get_mut(&item.product_id) {
                    product.in_stock += item.quantity;
                }
            }
        })?)
    }

    async fn list(&self, _: &Context) -> Reply<Vec<Product>> {
        Ok(self.0.change(|products| products.values().cloned().collect())?)
    }
}
