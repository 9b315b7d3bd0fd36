//! Settings of supervision: those of all PMDs, and those of some.

use dataplane::PORTS;
use heapless::Vec;
use perf::Settings;
use perf::settings::TABLE;

use super::CORES;

/// What the command line says of supervision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PerfOptions {
    /// What holds for a PMD of which nothing else is said.
    pub general: Settings,
    /// Those of as many cores as there can be PMDs.
    own: Vec<Own, PORTS>,
}

/// Values of settings on one core.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Own {
    core: usize,
    /// Bit i says that the setting i of the table has a value of its own there.
    mask: u16,
    /// Settings that hold those values.
    values: Settings,
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
        if let Some(own) = self.own.iter().find(|own| own.core == core) {
            let named = TABLE.iter().enumerate().filter(|(number, _)| own.mask >> number & 1 == 1);
            named.for_each(|(_, setting)| setting.copy(&own.values, &mut settings));
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
        self.own.iter_mut().for_each(|own| own.mask &= !(1 << number));
        self.own.retain(|own| own.mask != 0);
    }

    fn set_own(&mut self, setting: usize, core: &str, text: &str) -> Option<()> {
        let core = core.parse().ok().filter(|core| (1..CORES).contains(core))?;
        let place = match self.own.iter().position(|own| own.core == core) {
            Some(place) => place,
            None => {
                self.own.push(Own { core, mask: 0, values: Settings::DEFAULT }).ok()?;
                self.own.len() - 1
            }
        };
        let own = &mut self.own[place];
        TABLE[setting].set(&mut own.values, text)?;
        own.mask |= 1 << setting;
        Some(())
    }
}
