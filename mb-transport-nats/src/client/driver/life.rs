//! Signs of life, given and taken.

use async_nats::{Message as NatsMessage, StatusCode};
use bytes::Bytes;
use mb_core::EndReason;
use tokio::time::Instant;

use super::{super::joining, Driver};
use crate::{join::Alive, pending::Key, token::decode};

impl Driver {
    /// Gives every server a sign of life, and looks who has given none.
    pub(super) fn beat(&mut self) {
        let silence = self.shared.limits.silence;
        let mut complete = true;
        let (mut silent, mut quiet) = (Vec::new(), Vec::new());
        self.shared.roster.send_if_modified(|roster| {
            complete = roster.servers.iter().all(|known| known.answered);
            for known in &mut roster.servers {
                if std::mem::take(&mut known.answered) {
                    continue;
                }
                quiet.push(known.joined.instance.clone());
                if known.seen.elapsed() > silence {
                    silent.push(known.joined.instance.clone());
                }
            }
            // Nobody waits for that.
            false
        });
        silent.iter().for_each(|instance| self.gone(instance, EndReason::Silent));
        let pending = &self.shared.out.pending;
        if complete {
            pending.reconcile(&self.named);
        }
        self.named.clear();
        pending.next_round();
        // Who has missed something of a login or a logout says so.
        let login = Bytes::from(self.shared.join().login.number.to_string());
        // The engine knows at once that nobody listens any more.
        for instance in quiet {
            let whom = self.shared.space.system(&format!("srv.{instance}.beat"));
            let reply = self.shared.reply(&format!("quiet_{instance}"));
            self.shared.out.tell(whom, Some(reply), login.clone());
        }
        let subject = self.shared.space.system("all.beat");
        self.shared.out.tell(subject, Some(self.shared.reply("beat")), login);
    }

    pub(super) fn alive(&mut self, message: &NatsMessage) {
        if message.status == Some(StatusCode::NO_RESPONDERS) {
            return self.shared.lost(EndReason::ConnectionLost);
        }
        let Ok(alive) = serde_json::from_slice::<Alive>(&message.payload) else { return };
        if decode(&alive.instance).is_none() {
            return;
        }
        self.named.extend(alive.running.iter().filter_map(|token| Key::read(token)));
        let mut known = false;
        self.shared.roster.send_if_modified(|roster| {
            for server in &mut roster.servers {
                if server.joined.instance == alive.instance {
                    (server.seen, server.answered, known) = (Instant::now(), true, true);
                }
            }
            false
        });
        if !alive.known || !known {
            joining::ask_one(&self.shared, &alive.instance);
        }
    }
}
