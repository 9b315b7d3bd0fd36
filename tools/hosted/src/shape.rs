//! What an iteration finds at the two ports.

use clap::ValueEnum;

/// A kind of iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Shape {
    /// Two polls that bring nothing.
    Idle,
    /// Two polls that bring a frame each.
    #[value(name = "2x1")]
    Single,
    /// Two polls that bring full bursts.
    #[value(name = "2x32")]
    Full,
}

impl Shape {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Idle, Self::Single, Self::Full];

    /// Its name in figures and on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Idle => "idle",
            Self::Single => "2x1",
            Self::Full => "2x32",
        }
    }

    /// Frames that each poll brings.
    pub(crate) const fn burst(self) -> u32 {
        match self {
            Self::Idle => 0,
            Self::Single => 1,
            Self::Full => 32,
        }
    }

    /// Iterations that take a millisecond or two; whole rounds of housekeeping.
    pub(crate) const fn block(self) -> u64 {
        dataplane::HOUSEKEEPING
            * match self {
                Self::Idle => 32,
                Self::Single => 8,
                Self::Full => 1,
            }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_knows_shapes_by_their_names() {
        for shape in Shape::ALL {
            assert_eq!(Shape::from_str(shape.name(), false), Ok(shape));
        }
    }
}
