//! The room that carries out verdicts.

use frame::{Frame, LocalPool, TxQueue};

use crate::batch::{Batch, Verdict};
use crate::books::Books;
use crate::exits::Exits;
use crate::ledger::Reason;

/// Moves each frame of `batch` to where its verdict sends it: an outbox, or back to `pool`.
/// Frames that are still open have no rule.
#[inline]
pub(crate) fn act<T: TxQueue>(
    batch: &mut Batch,
    exits: &mut Exits<T>,
    pool: &mut LocalPool,
    books: &mut Books,
) {
    let open = core::mem::take(&mut batch.open);
    for (i, frame) in batch.frames.drain(..).enumerate() {
        let is_open = open >> i & 1 != 0;
        let verdict = if is_open { Verdict::Drop(Reason::NoRule) } else { batch.verdicts[i] };
        let refused = match verdict {
            Verdict::Output(port) => exits.send(port, frame, books),
            Verdict::Drop(reason) => Some((frame, reason)),
        };
        if let Some((frame, reason)) = refused {
            discard(frame, reason, pool, books);
        }
    }
}

/// Puts `frame` back into `pool`, for `reason`.
#[cold]
pub(crate) fn discard(frame: Frame, reason: Reason, pool: &mut LocalPool, books: &mut Books) {
    books.dropped(frame.port, reason, 1);
    pool.put(frame);
}
