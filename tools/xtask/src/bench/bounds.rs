//! The bounds of all figures, in one place.

/// Guest instructions for one forwarded 64-byte frame, from receive to transmit ring, in
/// iterations whose batches are full; recording and supervision on.
pub(super) const PER_FRAME: &str = "instructions per forwarded 64-byte frame";

/// Guest instructions of an iteration without a frame.
pub(super) const PER_IDLE: &str = "instructions per idle iteration";

/// From the start of QEMU to the first frame that comes out.
pub(super) const FIRST_FRAME: &str = "start of QEMU to first forwarded frame";

/// From an empty target directory to the image's prompt.
pub(super) const CLEAN_BUILD: &str = "clean build to running image";

const BOUNDS: [(&str, f64); 4] =
    [(PER_FRAME, 250.0), (PER_IDLE, 250.0), (FIRST_FRAME, 2.0), (CLEAN_BUILD, 180.0)];

/// What the figure called `name` may be at most, in its own unit.
pub(super) fn bound(name: &str) -> Option<f64> {
    BOUNDS.iter().find(|(figure, _)| *figure == name).map(|(_, bound)| *bound)
}
