//! What holds for long, in words: of the machine, ports, PMDs, as the image knows it at boot.

use core::fmt::{Arguments, Write};

use heapless::String;
use perf::stream::Fact;

/// A fact that was told.
#[derive(Clone, Debug, Default)]
pub struct Told {
    about: String<16>,
    name: String<24>,
    value: String<96>,
}

/// All that were told.
pub(super) struct Facts<'a> {
    told: &'a mut [Told],
    count: usize,
}

impl<'a> Facts<'a> {
    /// None, with room for as many as `told` has.
    pub(super) fn new(told: &'a mut [Told]) -> Self {
        Self { told, count: 0 }
    }

    /// Keeps one, in place of what was told of the same. What is too long ends early.
    pub(super) fn tell(&mut self, about: &str, name: &str, value: Arguments<'_>) {
        let is_same = |fact: &Told| fact.about == about && fact.name == name;
        let place = self.told[..self.count].iter().position(is_same).unwrap_or(self.count);
        let Some(fact) = self.told.get_mut(place) else { return };
        self.count = self.count.max(place + 1);
        *fact = Told::default();
        let _fits = fact.about.push_str(about);
        let _fits = fact.name.push_str(name);
        let _fits = Short(&mut fact.value).write_fmt(value);
    }

    /// The one with this number.
    pub(super) fn get(&self, number: usize) -> Option<Fact<'_>> {
        let Told { about, name, value } = self.told[..self.count].get(number)?;
        Some(Fact { about, name, value })
    }
}

/// A text that takes what there is room for.
struct Short<'s, const N: usize>(&'s mut String<N>);

impl<const N: usize> Write for Short<'_, N> {
    fn write_str(&mut self, text: &str) -> core::fmt::Result {
        text.chars().try_for_each(|letter| self.0.push(letter)).map_err(|_| core::fmt::Error)
    }
}
