//! What runs as a configuration, and what of it no file says.

use core::fmt;

use perf::Settings;

use super::job::Job;
use super::{Control, Orders, Pmd};
use crate::command::ConfigPart;
use crate::logs::Levels;
use crate::show::{ConfigDiffJob, ConfigJob, Running};

impl<O: Orders> Control<'_, O> {
    pub(super) fn show_config(&mut self, part: ConfigPart) -> fmt::Result {
        self.job = Some(match part {
            ConfigPart::Set => Job::Config(ConfigJob::new(false)),
            ConfigPart::All => Job::Config(ConfigJob::new(true)),
            ConfigPart::Diff => Job::ConfigDiff(ConfigDiffJob::new()),
        });
        Ok(())
    }

    /// Goes on with one of those. False if there was nothing left to write.
    pub(super) fn step_config(&mut self, levels: &Levels) -> Result<bool, fmt::Error> {
        let Self { job, policy, saved, pmds, tables, output: out, .. } = self;
        let own = |of: fn(&Pmd<O>) -> Settings, general| {
            let nobody = pmds.is_empty().then_some((0, general));
            pmds.iter().map(move |pmd| (pmd.core(), of(pmd))).chain(nobody)
        };
        let settings = own(|pmd| pmd.settings, policy.settings);
        let runs = Running { said: &policy.said, log: levels.chosen(), settings };
        match job {
            Some(Job::Config(job)) => job.step(&runs, tables, out),
            Some(Job::ConfigDiff(job)) => {
                let settings = own(|pmd| pmd.saved, saved.settings);
                let saved = Running { said: &policy.said, log: saved.log, settings };
                job.step((&saved, &runs), tables, out)
            }
            _ => Ok(false),
        }
    }
}
