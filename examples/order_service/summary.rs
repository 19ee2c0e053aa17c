//! The summary table, and whether it adds up: what the services say, what the player counted, and
//! what the author of the file expects.

use crate::{
    contract::products::Product,
    notifications::Sent,
    play::{Expected, Played, Script},
};

/// Prints the table, and says whether everything adds up.
pub fn report(script: &Script, played: &Played, sent: Sent, stock: &[Product]) -> bool {
    println!("\n{:<44} {:>6}", "placed", played.placed);
    for (code, count) in &played.rejected {
        println!("{:<44} {count:>6}", format!("rejected: {code}"));
    }
    println!("{:<44} {:>6}", "shipped", played.shipped);
    println!("{:<44} {:>6}", "cancelled", played.cancelled);
    let notifications = sent.created + sent.changed + sent.shipped;
    println!("{:<44} {notifications:>6}", "notifications sent");
    for product in stock {
        println!("{:<44} {:>6}", format!("left of {}", product.name), product.in_stock);
    }

    let mut off = Vec::new();
    let counted = Expected {
        placed: played.placed,
        shipped: played.shipped,
        cancelled: played.cancelled,
        rejected: played.rejected.clone(),
    };
    if counted != script.expect {
        off.push(format!("expected {:?}, counted {counted:?}", script.expect));
    }
    let announced =
        Sent { created: played.placed, changed: played.changed, shipped: played.shipped };
    if sent != announced {
        off.push(format!("announced {announced:?}, notified {sent:?}"));
    }
    for before in &script.stock {
        let now = stock.iter().find(|product| product.product_id == before.product_id);
        let (now, sold) = (now.map(|now| now.in_stock), played.sold(&before.product_id));
        if now.map(|now| now + sold) != Some(before.in_stock) {
            let (name, had) = (&before.name, before.in_stock);
            off.push(format!("of {had} {name}, {sold} are in orders and {now:?} are left"));
        }
    }
    for line in &off {
        println!("OFF: {line}");
    }
    if off.is_empty() {
        println!("\neverything adds up");
    }
    off.is_empty()
}
