//! Tests that cannot be run here: neither passed nor failed, but said. All test programs of this crate
//! have this module.

use anyhow::Result;
use libtest_mimic::{Completion, Failed};

/// A reason why a test cannot be run here. Not a failure.
pub(crate) use qemu::missing::Missing as Skipped;

/// How a test ended, from its result.
pub(crate) fn completion(result: Result<()>) -> Result<Completion, Failed> {
    match result {
        Ok(()) => Ok(Completion::Completed),
        Err(error) => match error.downcast_ref::<Skipped>() {
            Some(Skipped(reason)) => {
                eprintln!("\nSKIPPED: {reason}");
                Ok(Completion::ignored_with(format!("SKIPPED: {reason}")))
            }
            // All causes, the outermost first.
            None => Err(format!("{error:#}").into()),
        },
    }
}
