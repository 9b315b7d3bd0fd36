//! Figures as lines: what the program prints and `cargo xtask bench perf` reads.

use std::fmt::{self, Display, Formatter};

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

/// What the name of a figure ends in where it is the median over neighbouring blocks, one of each
/// kind. Without it, the figure is of the fastest tenth of either kind's blocks.
pub const IN_PAIRS: &str = ", in pairs";

/// A measured figure. Its text is one line of JSON.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// How much it was.
    pub value: f64,
    /// Of what.
    pub unit: String,
}

impl Figure {
    /// A figure.
    pub fn new(name: impl Into<String>, value: f64, unit: &str) -> Self {
        Self { name: name.into(), value, unit: unit.to_owned() }
    }

    /// The figure that `line` says.
    ///
    /// # Errors
    ///
    /// It is not such a line.
    pub fn parse(line: &str) -> Result<Self> {
        let read = || {
            let object: Value = serde_json::from_str(line).ok()?;
            let (name, unit) = (object["figure"].as_str()?, object["unit"].as_str()?);
            Some(Self::new(name, object["value"].as_f64()?, unit))
        };
        read().with_context(|| format!("expected a figure, found: {line}"))
    }
}

impl Display for Figure {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        let Self { name, value, unit } = self;
        json!({ "figure": name, "value": value, "unit": unit }).fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_survives_being_printed() {
        let figure = Figure::new("idle: rooms", -0.5, "cycles");
        assert_eq!(Figure::parse(&figure.to_string()).unwrap(), figure);
        assert!(Figure::parse("{}").unwrap_err().to_string().contains("{}"));
    }
}
