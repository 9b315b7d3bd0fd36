//! Which PMD polls which receive queue, by the cycles that queues take: the part that only computes.
//!
//! | module | question it answers |
//! |---|---|
//! | `seats` | Which cores get a PMD? |
//! | `steps` | How much was it in the last 60 seconds? |
//! | `shares` | Which cycles of a PMD did each of its queues take? |
//! | `assign` | Which PMD is to poll which queue? |
//! | `overload` | Is it time to ask that anew, and worth it? |

mod assign;
mod overload;
mod seats;
mod shares;
mod steps;

pub use assign::{Assigned, Assignment, Candidate, Plan};
pub use overload::{Overload, improvement};
pub use seats::{Seat, seated};
pub use shares::{Spending, shares};
pub use steps::{SECONDS, STEP, STEPS, Steps, window};
