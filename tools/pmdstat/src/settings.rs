//! Settings on the command line, by the names and letters of `pmd-perf-log-set`. All of it comes
//! from the table of crate `perf`.

use std::ffi::OsString;
use std::fmt::Write as _;
use std::str::FromStr;

use perf::Settings;
use perf::settings::{Form, Setting, Spelling, TABLE};

/// A setting and its new value, which fit together.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    setting: &'static Setting,
    value: String,
}

impl FromStr for Change {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (key, value) = text.split_once('=').ok_or("expected KEY=VALUE")?;
        let setting = TABLE.iter().find(|setting| setting.key == key).ok_or_else(|| {
            TABLE
                .iter()
                .fold("expected one of:".to_owned(), |text, setting| text + " " + setting.key)
        })?;
        if matches!(setting.form, Form::Duration(_)) && value == "auto" {
            return Err("expected microseconds: no trace tells how large receive rings are".into());
        }
        match setting.set(&mut Settings::default(), value) {
            Some(()) => Ok(Self { setting, value: value.to_owned() }),
            None => Err(format!("expected {}", setting.form)),
        }
    }
}

/// The defaults with `changes`, the last of which holds where two are about the same setting.
pub(crate) fn changed<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Settings {
    let mut settings = Settings::default();
    for Change { setting, value } in changes {
        let _was_tried = setting.set(&mut settings, value);
    }
    settings
}

/// The words of a command line, with what `pmd-perf-log-set` takes as `--set KEY=VALUE`.
///
/// Option parsers know no options like `-us`, so that they are rewritten before. Words after `--`
/// stay as they are.
pub(crate) fn spelled_out(words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words = words.into_iter();
    let mut out = Vec::new();
    while let Some(word) = words.next() {
        if word == "--" {
            out.push(word);
            out.extend(words);
            break;
        }
        match TABLE.iter().find_map(|setting| value_of(setting, &word)) {
            Some((key, Some(value))) => out.push(format!("--set={key}={value}").into()),
            Some((key, None)) => {
                let mut change = OsString::from(format!("--set={key}="));
                change.push(words.next().unwrap_or_default());
                out.push(change);
            }
            None => out.push(word),
        }
    }
    out
}

/// The key of `setting` where `word` sets it, and the value that the word stands for; no value
/// where the next word holds it.
fn value_of(setting: &Setting, word: &OsString) -> Option<(&'static str, Option<&'static str>)> {
    match setting.option? {
        Spelling::Letters(letters) => (word == letters).then_some((setting.key, None)),
        Spelling::Words([on, _]) if word == on => Some((setting.key, Some("on"))),
        Spelling::Words([_, off]) if word == off => Some((setting.key, Some("off"))),
        Spelling::Words(_) => None,
    }
}

/// All settings, as a user reads about them.
pub(crate) fn help() -> String {
    let mut text = "Settings, by key (--set KEY=VALUE) or as in pmd-perf-log-set:\n".to_owned();
    for setting in &TABLE {
        let spelling = match setting.option {
            Some(Spelling::Letters(letters)) => format!("{letters} VALUE"),
            Some(Spelling::Words([on, off])) => format!("{on}|{off}"),
            None => String::new(),
        };
        let Setting { key, form, help, .. } = setting;
        let value = setting.value(&Settings::DEFAULT);
        let _cannot_fail =
            writeln!(text, "  {key:<19}{spelling:<12}{help}\n  {:31}{form} (default {value})", "");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spelled(line: &str) -> String {
        let words = spelled_out(line.split(' ').map(OsString::from));
        let words: Vec<_> = words.iter().map(|word| word.to_str().unwrap()).collect();
        words.join(" ")
    }

    #[test]
    fn options_of_open_vswitch_become_keys() {
        assert_eq!(
            spelled("replay t.csv -us 100 -e off --show"),
            "replay t.csv --set=pmd-perf-log-us=100 --set=pmd-perf-log-e=on --set=pmd-perf-log=off \
             --show"
        );
        assert_eq!(
            spelled("replay - -ne -q"),
            "replay - --set=pmd-perf-log-e=off --set=pmd-perf-log-q="
        );
        assert_eq!(spelled("replay -- -us 1"), "replay -- -us 1");
    }

    #[test]
    fn every_setting_with_a_spelling_is_understood() {
        for setting in &TABLE {
            let Some(spelling) = setting.option else { continue };
            let word = match spelling {
                Spelling::Letters(letters) => letters,
                Spelling::Words([on, _]) => on,
            };
            assert!(spelled(word).starts_with(&format!("--set={}=", setting.key)), "{word}");
        }
    }

    #[test]
    fn the_last_change_holds() {
        let changes = ["pmd-perf-log-us=100", "pmd-perf-log-e=on", "pmd-perf-log-us=7"];
        let settings = changed(&changes.map(|text| text.parse().unwrap()));
        assert_eq!(settings.duration, perf::settings::Duration::Micros(7));
        assert!(settings.extend);
    }

    #[test]
    fn a_wrong_change_says_what_was_expected() {
        let error = |text: &str| text.parse::<Change>().unwrap_err();
        assert_eq!(error("pmd-perf-log-q=-1"), "expected 0 to 4294967295");
        assert_eq!(error("pmd-perf-log-q"), "expected KEY=VALUE");
        assert!(error("pmd-perf-log-x=1").starts_with("expected one of: pmd-perf-metrics "));
        assert!(error("pmd-perf-log-us=auto").starts_with("expected microseconds"));
    }

    #[test]
    fn the_help_names_every_setting() {
        assert!(TABLE.iter().all(|setting| help().contains(setting.key)));
    }
}
