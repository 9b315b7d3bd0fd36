//! A megabyte of rubbish on the console changes nothing and stops nothing.

use std::time::Duration;

use anyhow::{Result, ensure};
use qemu::frames::Frames;
use qemu::traffic::Source;

use crate::carry::carry;
use crate::rig::Rig;

/// Bytes of rubbish.
const RUBBISH: usize = 1 << 20;

/// Bytes of it that are typed at once. The guest has a limited time to take each part.
const PART: usize = 1024;

/// The longest that the console may take to get through the rubbish.
const RUBBISH_LIMIT: Duration = Duration::from_secs(300);

/// From one frame to the next meanwhile. The console is what is to be busy.
const EVERY: Duration = Duration::from_millis(2);

/// What supervision was set to before. It is asked for only afterwards, because the line would
/// otherwise stand in the history, and rubbish could add to it.
const SETTINGS: &str = "pmd-perf-log-set: on, 4294967295 us, queue 4294967295, before 5, after 5, \
                        extend off";

/// Where the sequence of rubbish begins; any other number would do.
const SEED: u64 = 0x1234_5678_9abc_def1;

/// The first letters of all commands that change something: crash, dpif-netdev/..., exit,
/// pmd-..., reboot, stall. Tab adds nothing to a line without the first letter of a name, and
/// history brings back only what was typed before. So rubbish without these letters can ask for
/// help and lists, and for nothing else.
const LEFT_OUT: &[u8] = b"cdeprs";

crate::facts![a_megabyte_of_rubbish_is_answered_by_a_prompt_and_changes_nothing];

/// Bytes of all values but those left out, the same in every run (xorshift, Marsaglia 2003).
fn rubbish() -> Vec<u8> {
    let mut state = SEED;
    let bytes = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    });
    bytes.filter(|byte| !LEFT_OUT.contains(byte)).take(RUBBISH).collect()
}

fn a_megabyte_of_rubbish_is_answered_by_a_prompt_and_changes_nothing(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1").boot(|session| {
        let endless = |side| -> Option<Source> { Some(Box::new(Frames::mixed(side))) };
        carry(session, [endless(0), endless(1)], EVERY, |session, traffic| {
            for part in rubbish().chunks(PART) {
                session.console().send(part)?;
            }
            // Ends whatever sequence of escape codes, and whatever line, the rubbish left open.
            session.console().send(b"\x03\x15\r")?;
            let before = traffic.counts();
            let console = session.console();
            let settings = console.command_within("pmd-perf-log-set", RUBBISH_LIMIT)?;
            ensure!(settings == [SETTINGS], "settings have changed: {settings:?}");
            session.ask_until("show ports", |_| {
                let now = traffic.counts();
                let mut both = now.iter().zip(&before);
                both.all(|(now, before)| now.delivered > before.delivered).then_some(())
            })
        })?;
        let events = session.command("show events")?.join("\n");
        ensure!(events.contains("triggers=0 "), "something was marked: {events}");
        session.exit()
    })
}
