//! Housekeeping: what a PMD does between iterations that frames need not wait for.

use frame::{RxQueue, TxQueue};
use perf::{Clock, Flags, Room};

use super::{Parts, Pmd};
use crate::order::Order;
use crate::switch::Settled;

/// Orders that one visit carries out at most.
const ORDERS: usize = 32;

/// Iterations that are still to be held up, and for how long.
#[derive(Clone, Copy, Default)]
pub(super) struct Stall {
    cycles: u64,
    pub(super) times: u32,
}

impl<R: RxQueue, T: TxQueue> Pmd<R, T> {
    /// Carries out the control core's orders and what they left to be done, and has queues do what
    /// frames need not wait for: so frames come back from rings that had nothing to send for a while.
    #[cold]
    pub(super) fn housekeep(&mut self, clock: &impl Clock) {
        self.parts.recorder.arrive(Room::Housekeeping);
        for _ in 0..ORDERS {
            let Some(order) = self.parts.inbox.take() else { break };
            self.obey(order, clock);
        }
        self.welcome();
        self.lend_and_give_back();
        if self.stall.times > 0 {
            self.stall.times -= 1;
            self.parts.recorder.current.flags.set(Flags::INJECTED);
            hold_up(self.stall.cycles, clock);
        }
        let Parts { recorder, ledger, exits, pool, switch, .. } = &mut self.parts;
        switch.keep_house(recorder.latest());
        exits.outboxes.set_down(switch.network.get().down);
        exits.keep_house(pool);
        exits.publish(ledger);
        self.entries.iter_mut().for_each(|entry| entry.queue.keep_house(pool));
        recorder.current.flags.set(Flags::WORK);
        let dropped = self.books.post(ledger, exits.outboxes.parked());
        if dropped > 0 {
            recorder.dropped(dropped, 0);
        }
        recorder.look(clock);
        let before = recorder.latest();
        recorder.leave(Room::Housekeeping, clock);
        if recorder.current.packets > 0 {
            recorder.spent().housekeeping.add(recorder.latest().saturating_sub(before));
        }
        self.hurry();
    }

    fn obey(&mut self, order: Order, clock: &impl Clock) {
        match order {
            Order::Limits(limits) => self.parts.recorder.set_limits(limits),
            Order::Stall { cycles, times } => self.stall = Stall { cycles, times },
            Order::Call(function) => function(),
            Order::StepOut(function) => self.step_out(function, clock),
            Order::Remove { place, name } => self.parts.switch.remove(place, name),
            Order::EmcInsertInvProb(inverse) => self.parts.switch.emc.set_inverse(inverse),
            Order::UpcallLimit(most) => self.parts.switch.limiter.set(most),
            Order::Expect => self.expected += 1,
            Order::GiveBack { port, queue } => self.give_back(port, queue),
            Order::EndCapture(number) => self.end_capture(number),
        }
    }

    fn step_out(&mut self, function: fn(), clock: &impl Clock) {
        let flushed = self.parts.exits.flush_all(self.parts.pool, &mut self.books);
        self.account(Settled::default(), flushed);
        self.parts.recorder.leave(Room::Housekeeping, clock);
        self.parts.recorder.step_out(clock, function);
    }
}

/// Does nothing for `cycles`, or for as many looks at a clock that stands still.
fn hold_up(cycles: u64, clock: &impl Clock) {
    let start = clock.now();
    for _ in 0..cycles {
        if clock.now().saturating_sub(start) >= cycles {
            return;
        }
        core::hint::spin_loop();
    }
}
