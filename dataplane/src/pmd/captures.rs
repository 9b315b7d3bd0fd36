//! How a PMD gets memory to capture frames in, and gives it back.

use frame::{RxQueue, TxQueue};

use super::Pmd;
use crate::capture::Lent;

impl<R: RxQueue, T: TxQueue> Pmd<R, T> {
    /// Captures frames by `captures` from now on.
    pub fn set_captures(&mut self, captures: Lent) {
        self.captures = Some(captures);
    }

    /// Gives back what is full, and takes what was lent.
    pub(super) fn lend_and_give_back(&mut self) {
        if self.capture.as_ref().is_some_and(|capture| capture.is_full()) {
            self.give_capture_back();
        }
        if self.capture.is_none() {
            self.capture = self.captures.as_mut().and_then(|captures| captures.lent.take());
        }
    }

    /// Gives back what was lent for the wish of this number, if it was.
    pub(super) fn end_capture(&mut self, number: u32) {
        // It may have been lent just now.
        self.lend_and_give_back();
        if self.capture.as_ref().is_some_and(|capture| capture.wish().number == number) {
            self.give_capture_back();
        }
    }

    /// Has the capture go home, or stay where the way is blocked.
    fn give_capture_back(&mut self) {
        let (Some(captures), Some(capture)) = (&mut self.captures, self.capture.take()) else {
            return;
        };
        self.capture = captures.back.send(capture).err();
    }
}
