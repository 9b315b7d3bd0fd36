//! Settings of supervision: those of all PMDs, and those of some.

use heapless::Vec;
use perf::Settings;
use perf::settings::TABLE;

use super::CORES;

/// Values for single PMDs that a command line can name.
const OWN: usize = 64;

/// What the command line says of supervision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerfOptions {
    /// What holds for a PMD of which nothing else is said.
    pub general: Settings,
    own: Vec<Own, OWN>,
}

/// The value of one setting on one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Own {
    core: usize,
    /// Its number in the table.
    setting: usize,
    /// Settings that hold the value.
    value: Settings,
}

impl Default for PerfOptions {
    fn default() -> Self {
        Self { general: Settings::DEFAULT, own: Vec::new() }
    }
}

impl PerfOptions {
    /// The settings of the PMD on `core`, before and after made to fit.
    pub fn of(&self, core: usize) -> Settings {
        let mut settings = self.general;
        for own in self.own.iter().filter(|own| own.core == core) {
            TABLE[own.setting].copy(&own.value, &mut settings);
        }
        settings.narrow();
        settings
    }

    /// Sets the setting `number` to what `text` says: a value for all PMDs, values for single ones
    /// as `CORE:VALUE`, or both, with commas between. Nothing is set unless all of it is good.
    pub(super) fn set(&mut self, number: usize, text: &str) -> Option<()> {
        let mut changed = self.clone();
        changed.reset(number);
        for (position, part) in text.split(',').enumerate() {
            match part.split_once(':') {
                Some((core, value)) => changed.set_own(number, core, value)?,
                None if position == 0 => TABLE[number].set(&mut changed.general, part)?,
                None => return None,
            }
        }
        *self = changed;
        Some(())
    }

    /// Has the setting `number` its default on all PMDs.
    pub(super) fn reset(&mut self, number: usize) {
        TABLE[number].copy(&Settings::DEFAULT, &mut self.general);
        self.own.retain(|own| own.setting != number);
    }

    fn set_own(&mut self, setting: usize, core: &str, text: &str) -> Option<()> {
        let core = core.parse().ok().filter(|core| (1..CORES).contains(core))?;
        let mut value = Settings::DEFAULT;
        TABLE[setting].set(&mut value, text)?;
        self.own.push(Own { core, setting, value }).ok()
    }
}
