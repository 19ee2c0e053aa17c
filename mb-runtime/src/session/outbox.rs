//! What waits to be sent: bounded in frames and in bytes, taken as a whole by the one who writes.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{self, Poll, Waker},
};

use mb_core::{Frame, Limits};

pub(super) struct Outbox {
    limits: Arc<Limits>,
    /// Whether so much waits that no more should be asked for: for those who look at every frame,
    /// without the lock.
    crowded: Arc<AtomicBool>,
    frames: VecDeque<Frame>,
    /// Those that wait, and those that are being written.
    bytes: usize,
    count: usize,
    /// What of it is being written.
    taken: (usize, usize),
    /// How many frames were ever added.
    added: u64,
    writer: Option<Waker>,
    /// Those who wait for room.
    waiting: Vec<Waker>,
}

impl Outbox {
    pub(super) fn new(limits: Arc<Limits>) -> Self {
        Self {
            limits,
            crowded: Arc::default(),
            frames: VecDeque::new(),
            bytes: 0,
            count: 0,
            taken: (0, 0),
            added: 0,
            writer: None,
            waiting: Vec::new(),
        }
    }

    /// Whether so much waits that no more should be asked for, as a flag to look at.
    pub(super) fn crowded(&self) -> &Arc<AtomicBool> {
        &self.crowded
    }

    /// Adds a frame, whatever the bounds: who calls this has asked. Hands out whom to wake.
    pub(super) fn push(&mut self, frame: Frame) -> Option<Waker> {
        self.bytes += frame.len();
        self.count += 1;
        self.added += 1;
        self.frames.push_back(frame);
        if !self.is_low() {
            self.crowded.store(true, Ordering::Relaxed);
        }
        self.writer.take()
    }

    /// The number of the next frame.
    pub(super) fn next(&self) -> u64 {
        self.added
    }

    /// The number of the first frame that nobody has taken yet.
    pub(super) fn unsent(&self) -> u64 {
        self.added - self.frames.len() as u64
    }

    /// Whether the bounds are kept after one more frame of this size.
    pub(super) fn has_room(&self, size: usize) -> bool {
        let limits = &self.limits;
        self.count < limits.queued_frames
            && (self.bytes == 0 || self.bytes.saturating_add(size) <= limits.queued_bytes)
    }

    /// Whether so little waits that more may be asked for: half of what is allowed.
    pub(super) fn is_low(&self) -> bool {
        let limits = &self.limits;
        self.count <= limits.queued_frames / 2 && self.bytes <= limits.queued_bytes / 2
    }

    /// Waits for [`is_low`](Self::is_low).
    pub(super) fn wait(&mut self, cx: &task::Context<'_>) {
        if !self.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            self.waiting.push(cx.waker().clone());
        }
    }

    /// Everything that waits, for the one who writes.
    pub(super) fn poll_take(
        &mut self,
        into: &mut VecDeque<Frame>,
        cx: &task::Context<'_>,
    ) -> Poll<()> {
        if self.frames.is_empty() {
            self.writer = Some(cx.waker().clone());
            return Poll::Pending;
        }
        std::mem::swap(into, &mut self.frames);
        self.taken = (self.count, self.bytes);
        Poll::Ready(())
    }

    /// What was taken has been written.
    pub(super) fn written(&mut self, wakers: &mut Vec<Waker>) {
        let (count, bytes) = std::mem::take(&mut self.taken);
        self.count -= count;
        self.bytes -= bytes;
        self.crowded.store(!self.is_low(), Ordering::Relaxed);
        wakers.append(&mut self.waiting);
    }

    /// Whether anything is waiting or being written.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Nothing more will be written.
    pub(super) fn clear(&mut self, wakers: &mut Vec<Waker>) {
        self.frames.clear();
        (self.count, self.bytes) = self.taken;
        self.crowded.store(false, Ordering::Relaxed);
        wakers.append(&mut self.waiting);
        wakers.extend(self.writer.take());
    }
}
