//! `pmd-perf-log-show`: a document for each PMD.

use core::fmt::{self, Display, Write};

use serde::ser::{Serialize, SerializeMap as _, Serializer};

use super::values::ReasonNames;
use super::{Pen, VERSION};
use crate::settings::{Duration, Form, Setting, Settings, TABLE};

const SCHEMA: &str = "barecore.pmd-perf-log-show";

/// The settings of a PMD.
#[derive(Clone, Copy, Debug)]
pub struct LogShow<'a> {
    /// Its core.
    pub core: usize,
    /// The node of that.
    pub node: u8,
    /// What is set.
    pub settings: &'a Settings,
    /// What an automatic limit stands for now, in microseconds.
    pub auto: u32,
}

#[derive(serde::Serialize)]
struct Head {
    numa_id: u8,
    core_id: usize,
}

impl LogShow<'_> {
    /// Writes the document at once. `lasting` are the boot options that make the settings of all
    /// PMDs last.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn write(&self, lasting: &impl Display, out: &mut impl Write) -> fmt::Result {
        let mut pen = Pen::begin(SCHEMA, VERSION, out)?;
        pen.members(&Head { numa_id: self.node, core_id: self.core }, out)?;
        pen.array("settings", out)?;
        for setting in &TABLE {
            pen.element(&Value { setting, settings: *self.settings, auto: self.auto }, out)?;
        }
        pen.end_array(out)?;
        pen.text("boot_options", lasting, out)?;
        pen.end(out)
    }
}

/// One setting, under a key that names its unit.
struct Value {
    setting: &'static Setting,
    settings: Settings,
    auto: u32,
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(None)?;
        map.serialize_entry("key", self.setting.key)?;
        let mut settings = self.settings;
        match &self.setting.form {
            Form::Switch(place) => map.serialize_entry("value", place(&mut settings))?,
            Form::Number { unit, place, .. } => {
                map.serialize_entry(&In(unit), place(&mut settings))?;
            }
            Form::Duration(place) => {
                let (micros, is_auto) = match *place(&mut settings) {
                    Duration::Micros(micros) => (micros, false),
                    Duration::Auto => (self.auto, true),
                };
                map.serialize_entry(&In("us"), &micros)?;
                map.serialize_entry("is_auto", &is_auto)?;
            }
            Form::Reasons(place) => {
                map.serialize_entry("value", &ReasonNames(*place(&mut settings)))?;
            }
        }
        map.serialize_entry("help", self.setting.help)?;
        map.end()
    }
}

/// The key of a value in this unit.
struct In(&'static str);

impl Serialize for In {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(&format_args!("value_{}", self.0))
    }
}
