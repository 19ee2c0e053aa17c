//! The stock: reserved all or nothing, under one lock, so that the last item goes to one order.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use magicbutton::{Context, Reply};

use crate::contract::products::{Item, Product, Service, StockError};

/// Clones share the stock: one service may be behind several servers.
#[derive(Clone)]
pub struct ProductService(Arc<Mutex<BTreeMap<String, Product>>>);

impl ProductService {
    pub fn new(products: Vec<Product>) -> Self {
        let by_id = products.into_iter().map(|product| (product.product_id.clone(), product));
        Self(Arc::new(Mutex::new(by_id.collect())))
    }

    fn products(&self) -> MutexGuard<'_, BTreeMap<String, Product>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Service for ProductService {
    async fn reserve(&self, _: &Context, items: Vec<Item>) -> Reply<u64, StockError> {
        let mut products = self.products();
        // One product may be on two lines of an order.
        let mut wanted: BTreeMap<&str, u32> = BTreeMap::new();
        for item in &items {
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

    async fn release(&self, _: &Context, items: Vec<Item>) -> Reply<()> {
        let mut products = self.products();
        for item in items {
            if let Some(product) = products.get_mut(&item.product_id) {
                product.in_stock += item.quantity;
            }
        }
        Ok(())
    }

    async fn list(&self, _: &Context) -> Reply<Vec<Product>> {
        Ok(self.products().values().cloned().collect())
    }
}
