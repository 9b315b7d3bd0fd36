//! Who writes to which line of the cache: what one core writes in every iteration is on no line that
//! another writes.

use core::mem::offset_of;

use crate::counters::Counters;
use crate::history::Segment;
use crate::marks::Marks;
use crate::metrics::Metrics;
use crate::milliseconds::Slot;
use crate::samples::Samples;

const LINE: usize = 64;

/// Whether neighbours of this type have no line in common.
fn is_whole<T>() -> bool {
    align_of::<T>().is_multiple_of(LINE) && size_of::<T>().is_multiple_of(LINE)
}

#[test]
fn no_line_is_of_two_pmds() {
    assert!(is_whole::<Metrics>());
    assert!(is_whole::<Counters>());
    assert!(is_whole::<Samples>());
    assert!(is_whole::<Segment>());
    assert!(is_whole::<[Slot; 3]>());
}

#[test]
fn marks_which_the_control_core_writes_to_share_no_line_with_the_rest() {
    assert!(is_whole::<Marks>());
    assert!(offset_of!(Metrics, marks).is_multiple_of(LINE));
    assert!(offset_of!(Metrics, counters).is_multiple_of(LINE));
}
