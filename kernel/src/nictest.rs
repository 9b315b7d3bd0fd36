//! `test=nictest`: cards receive what they send, before PMDs get their queues.
//!
//! It is done by the control core at boot: later each queue is a PMD's alone, and no PMD is to know of
//! tests. What came of it is kept with the port, for the command `nictest`.

use frame::{Bulk, Burst, LocalPool, RxQueue, Store as _};
use handover::PoolStore;
use kernel::loopback::Loop;
use kernel::machine::Loopback;

use crate::arch::tsc;
use crate::pmds;
use crate::ports::Port;
use crate::queues::{Queues, Rx};

/// Polls for what comes late, before the queue is a PMD's.
const LATE: usize = 1000;

/// Has each of `ports`, whose queues these are, send so many frames to itself.
pub(crate) fn run(
    ports: &mut [Port],
    queues: &mut [&'static mut Queues],
    store: &'static PoolStore,
    frames: u32,
) {
    // Without memory for a pool the test is not run, which is told.
    let Ok(pool) = pmds::carve(LocalPool::new(store)) else { return };
    for (port, queues) in ports.iter_mut().zip(queues) {
        port.loopback = test(port, queues, pool, frames);
    }
    give_back(pool, store);
}

/// One port.
fn test(port: &Port, queues: &mut Queues, pool: &mut LocalPool, frames: u32) -> Loopback {
    let (Some(rx), Some(tx)) = (queues.rx.first_mut(), queues.tx.first_mut()) else {
        return Loopback::NotRun;
    };
    let Some(is_looped) = port.set_loopback(true) else { return Loopback::Impossible };
    let outcome = is_looped.then(|| {
        rx.start(pool);
        let hertz = tsc::frequency();
        Loop { rx: &mut *rx, tx, pool: &mut *pool, now: tsc::now, hertz }.run(frames)
    });
    let _or_it_was_not_looped = port.set_loopback(false);
    drop_late(rx, pool);
    outcome.map_or(Loopback::Refused, Loopback::Ran)
}

/// Drops what comes when nobody waits for it any more.
fn drop_late(rx: &mut Rx, pool: &mut LocalPool) {
    for _ in 0..LATE {
        let mut burst = Burst::new();
        rx.rx(pool, &mut burst);
        burst.into_iter().for_each(|frame| pool.put(frame));
    }
}

/// Gives all frames of `pool` back to the store.
fn give_back(pool: &mut LocalPool, store: &PoolStore) {
    while pool.level() > 0 {
        let mut bulk = Bulk::new();
        while !bulk.is_full() && pool.level() > 0 {
            let Some(frame) = pool.take() else { break };
            let _fits = bulk.push(frame);
        }
        store.put(&mut bulk);
    }
}
