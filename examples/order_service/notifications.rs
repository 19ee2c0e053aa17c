//! The notification service: subscribes to everything orders announce, and tells the customers.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use magicbutton::{Fault, Overflow, SubscriptionGuard};

use crate::contract::orders::{self, Event};

/// How many notifications were sent, by event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sent {
    pub created: u32,
    pub changed: u32,
    pub shipped: u32,
}

pub struct Notifications {
    sent: Arc<Mutex<Sent>>,
    guard: SubscriptionGuard,
}

impl Notifications {
    pub async fn start(orders: &orders::Client) -> Result<Self, Fault> {
        let sent = Arc::new(Mutex::new(Sent::default()));
        let count = Arc::clone(&sent);
        let guard = orders
            .subscribe::<Event>()
            // No customer goes without a notification: publishers wait for this reader.
            .overflow(Overflow::Wait(Duration::from_secs(5)))
            .for_each(move |event| {
                let text =
                    notify(&event, &mut count.lock().unwrap_or_else(PoisonError::into_inner));
                println!("         ~ {text}");
                async { Ok(()) }
            })
            .await?;
        Ok(Self { sent, guard })
    }

    /// Stops, once everything that was announced has been sent.
    pub async fn finish(self) -> Sent {
        self.guard.unsubscribe().await;
        *self.sent.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn notify(event: &Event, sent: &mut Sent) -> String {
    match event {
        Event::OrderCreated(created) => {
            sent.created += 1;
            format!("{}: thank you for order {}", created.customer_id, created.order_id)
        }
        Event::OrderStatusChanged(changed) => {
            sent.changed += 1;
            format!("order {} went from {} to {}", changed.order_id, changed.from, changed.to)
        }
        Event::OrderShipped(shipped) => {
            sent.shipped += 1;
            let (carrier, number) = (&shipped.carrier, &shipped.tracking_number);
            format!("order {} is with {carrier}, {number}", shipped.order_id)
        }
    }
}
