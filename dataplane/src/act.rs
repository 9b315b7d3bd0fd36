//! The room that carries out verdicts.

use frame::{Frame, LocalPool, TxQueue};

use crate::batch::{Batch, Verdict};
use crate::books::Books;
use crate::exits::Exits;
use crate::ledger::Reason;

/// Moves each frame of `batch` to where its verdict sends it: an outbox, or back to `pool`. Frames
/// that are still open have no rule.
#[inline]
pub(crate) fn act<T: TxQueue>(
    batch: &mut Batch,
    exits: &mut Exits<T>,
    pool: &mut LocalPool,
    books: &mut Books,
) {
    let arrived = batch.frames.len() as u64;
    if let Some(Verdict::Output(port)) = batch.shared
        && exits.send_all(port, batch)
    {
        books.account(batch.port).forwarded += arrived;
    } else {
        act_on_each(batch, exits, pool, books);
    }
}

fn act_on_each<T: TxQueue>(
    batch: &mut Batch,
    exits: &mut Exits<T>,
    pool: &mut LocalPool,
    books: &mut Books,
) {
    let mut open = core::mem::take(&mut batch.open);
    let mut forwarded = 0;
    for (frame, &verdict) in batch.frames.drain(..).zip(&batch.verdicts) {
        let verdict = if open & 1 != 0 { Verdict::Drop(Reason::NoRule) } else { verdict };
        open >>= 1;
        let ended = match batch.shared.unwrap_or(verdict) {
            Verdict::Output(exit) => exits.send(exit, frame),
            Verdict::Drop(reason) => Err((frame, reason)),
        };
        match ended {
            Ok(()) => forwarded += 1,
            Err((frame, reason)) => discard(frame, reason, pool, books),
        }
    }
    books.account(batch.port).forwarded += forwarded;
}

/// Puts `frame` back into `pool`, for `reason`.
#[cold]
pub(crate) fn discard(frame: Frame, reason: Reason, pool: &mut LocalPool, books: &mut Books) {
    books.dropped(frame.port, reason, 1);
    pool.put(frame);
}
