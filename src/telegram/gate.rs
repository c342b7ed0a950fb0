//! Who sends next: the most urgent first, as fast as all processes together may.
//!
//! A sender passes the gate before each message or edit. One pump lets the most urgent through
//! whenever there is credit. Where other processes use the same store, credit comes from the budget
//! they share, a little ahead of need, so that an answer in a quiet hour waits for nobody.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;
use tracing::warn;

use crate::engine::Priority;
use crate::metrics::metrics;
use crate::store::{Person, Store};

/// Of what may go out in a second, the part that each process holds ready.
const RESERVED: u32 = 5;

/// How long the shared budget may take to answer, before a message goes out without it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The longest wait for credit before it is asked for again, whatever the store's clock does.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// The gate.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    queue: Mutex<Queue>,
    news: Notify,
    store: Arc<dyn Store>,
    per_second: NonZeroU32,
    alone: DefaultDirectRateLimiter,
}

#[derive(Default)]
struct Queue {
    waiting: BTreeMap<(Priority, u64), Waiter>,
    last: u64,
    /// How many may go out now.
    credit: u32,
}

struct Waiter {
    person: Person,
    since: Instant,
    pass: oneshot::Sender<()>,
}

impl Gate {
    /// A gate for messages that share the budget of this store. Its pump runs as long as the
    /// runtime.
    pub fn new(store: Arc<dyn Store>, per_second: NonZeroU32) -> Gate {
        let gate = Gate::closed(store, per_second);
        tokio::spawn(pump(gate.inner.clone()));
        gate
    }

    /// A gate that lets nobody through by itself.
    fn closed(store: Arc<dyn Store>, per_second: NonZeroU32) -> Gate {
        let inner = Arc::new(Inner {
            queue: Mutex::default(),
            news: Notify::new(),
            store,
            per_second,
            alone: RateLimiter::direct(Quota::per_second(per_second)),
        });
        Gate { inner }
    }

    /// Wait for one's turn to send one message.
    pub async fn pass(&self, person: Person, priority: Priority) {
        let (pass, passed) = oneshot::channel();
        {
            let mut queue = self.inner.queue();
            if queue.waiting.is_empty() && queue.credit > 0 {
                queue.credit -= 1;
                let is_low = queue.credit < self.inner.reserve() / 2;
                drop(queue);
                if is_low {
                    self.inner.news.notify_one();
                }
                return metrics().send_wait.of(priority).took(Duration::ZERO);
            }
            queue.last += 1;
            let place = (priority, queue.last);
            let since = Instant::now();
            let waiter = Waiter {
                person,
                since,
                pass,
            };
            queue.waiting.insert(place, waiter);
            metrics().send_waiting.set(queue.waiting.len());
        }
        self.inner.news.notify_one();
        // The other end goes away only with the runtime.
        let _ = passed.await;
    }

    /// Whatever waits for this person is at least so urgent from now on: they have just written,
    /// and their answer comes after it.
    pub fn hurry(&self, person: Person, priority: Priority) {
        let mut queue = self.inner.queue();
        let lazy: Vec<_> = queue
            .waiting
            .range((priority, u64::MAX)..)
            .filter(|(_, waiter)| waiter.person == person)
            .map(|(place, _)| *place)
            .collect();
        for place in lazy {
            if let Some(waiter) = queue.waiting.remove(&place) {
                queue.waiting.insert((priority, place.1), waiter);
            }
        }
    }

    /// How many wait.
    #[cfg(test)]
    fn waiting(&self) -> usize {
        self.inner.queue().waiting.len()
    }
}

impl Inner {
    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The credit that this process holds ready.
    fn reserve(&self) -> u32 {
        (self.per_second.get() / RESERVED).max(1)
    }

    /// Take the most urgent out.
    fn next(&self) -> Option<((Priority, u64), Waiter)> {
        let mut queue = self.queue();
        let next = queue.waiting.pop_first();
        metrics().send_waiting.set(queue.waiting.len());
        next
    }

    /// Let the most urgent through. Those that gave up meanwhile cost nothing.
    fn let_through(&self) -> bool {
        loop {
            let Some(((priority, _), waiter)) = self.next() else {
                return false;
            };
            if waiter.pass.send(()).is_ok() {
                let waited = waiter.since.elapsed();
                metrics().send_wait.of(priority).took(waited);
                return true;
            }
        }
    }

    /// Wait for credit, at least one.
    async fn credit(self: Arc<Self>, wanted: u32) -> u32 {
        if !self.store.is_shared() {
            self.alone.until_ready().await;
            return 1;
        }
        loop {
            let asked = self.store.grant(wanted, self.per_second.get());
            match tokio::time::timeout(PATIENCE, asked).await {
                Ok(Ok(grant)) if grant.count > 0 => return grant.count,
                Ok(Ok(grant)) => tokio::time::sleep(grant.wait.min(LONGEST_WAIT)).await,
                Ok(Err(_)) | Err(_) => {
                    warn!("the shared send budget does not answer; sending at our own pace");
                    self.alone.until_ready().await;
                    return 1;
                }
            }
        }
    }
}

async fn pump(inner: Arc<Inner>) {
    let mut refill: Option<BoxFuture<'static, u32>> = None;
    loop {
        let (waiting, credit) = {
            let mut queue = inner.queue();
            if !queue.waiting.is_empty() && queue.credit > 0 {
                queue.credit -= 1;
                drop(queue);
                if !inner.let_through() {
                    inner.queue().credit += 1;
                }
                continue;
            }
            (queue.waiting.len(), queue.credit)
        };
        metrics().send_budget.set(credit as usize);
        if credit < inner.reserve() && refill.is_none() {
            let wanted = u32::try_from(waiting).unwrap_or(u32::MAX);
            let wanted = wanted.saturating_add(inner.reserve() - credit);
            let wanted = wanted.min(inner.per_second.get());
            refill = Some(inner.clone().credit(wanted).boxed());
        }
        match &mut refill {
            Some(more) => {
                let got = tokio::select! {
                    got = more => Some(got),
                    () = inner.news.notified(), if credit > 0 => None,
                };
                if let Some(got) = got {
                    inner.queue().credit += got;
                    refill = None;
                }
            }
            None => inner.news.notified().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::memory::MemoryStore;
    use Priority::{Answer, Emergency, Progress, Reminder, TakeOff};

    /// Who is let through, one after the other, when all of these wait.
    async fn order(waiting: &[Priority], meanwhile: impl Fn(&Gate)) -> Vec<i64> {
        let gate = Gate::closed(Arc::new(MemoryStore::new()), NonZeroU32::MIN);
        let (passed, mut order) = tokio::sync::mpsc::unbounded_channel();
        for (person, priority) in (0..).map(Person).zip(waiting) {
            let (gate2, passed, priority) = (gate.clone(), passed.clone(), *priority);
            let before = gate.waiting();
            tokio::spawn(async move {
                gate2.pass(person, priority).await;
                let _ = passed.send(person.0);
            });
            while gate.waiting() == before {
                tokio::task::yield_now().await;
            }
        }
        meanwhile(&gate);
        let mut seen = Vec::new();
        while gate.inner.let_through() {
            seen.extend(order.recv().await);
        }
        seen
    }

    #[tokio::test]
    async fn the_most_urgent_goes_first_and_then_who_came_first() {
        let waiting = [Progress, Reminder, Answer, TakeOff, Answer, Emergency];
        assert_eq!(order(&waiting, |_| {}).await, [5, 3, 2, 4, 1, 0]);
    }

    #[tokio::test]
    async fn somebody_who_writes_no_longer_waits_behind_the_reminders_of_others() {
        let hurry = |gate: &Gate| gate.hurry(Person(2), Answer);
        assert_eq!(order(&[Reminder; 3], hurry).await, [2, 0, 1]);
        let hurry = |gate: &Gate| gate.hurry(Person(1), Answer);
        assert_eq!(order(&[Answer, Emergency], hurry).await, [1, 0]);
    }

    #[tokio::test]
    async fn who_gives_up_takes_nothing_from_the_others() {
        let gate = Gate::closed(Arc::new(MemoryStore::new()), NonZeroU32::MIN);
        let mut pass = Box::pin(gate.pass(Person(1), Answer));
        assert_eq!(pass.as_mut().now_or_never(), None);
        drop(pass);
        let mut pass = Box::pin(gate.pass(Person(2), Reminder));
        assert_eq!(pass.as_mut().now_or_never(), None);
        assert!(gate.inner.let_through());
        assert_eq!(pass.now_or_never(), Some(()));
        assert!(!gate.inner.let_through());
    }

    #[tokio::test]
    async fn the_pump_lets_everybody_through() {
        let gate = Gate::new(Arc::new(MemoryStore::new()), NonZeroU32::new(1000).unwrap());
        for person in 0..100 {
            gate.pass(Person(person), Answer).await;
        }
        assert_eq!(gate.waiting(), 0);
    }
}
