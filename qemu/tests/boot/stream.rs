//! The stream on every line that it can go by.

use std::fs;

use anyhow::{Context as _, Result, ensure};
use perf::stream::{Found, Kind, Message, Scanner, Whole};
use qemu::machine::{Machine, Serial};

use crate::rig::{LIMIT, LOOK_AGAIN, Rig, Session};
use crate::supervision::expect_injected;

crate::facts![
    an_event_and_its_iterations_go_by_a_serial_port_of_the_streams_own,
    an_event_goes_between_the_lines_of_a_console_that_is_all_there_is,
    milliseconds_go_by_a_virtio_console,
    a_stream_that_nobody_wants_is_not_there,
    a_recording_says_which_machine_it_is_of,
];

/// What was heard.
#[derive(Debug, Default)]
pub(crate) struct Heard {
    /// Frames.
    pub(crate) frames: usize,
    pub(crate) greetings: usize,
    events: Vec<(u64, Vec<u64>)>,
    pub(crate) wholes: Vec<Whole>,
    pub(crate) notes: u64,
    pub(crate) amounts: usize,
    milliseconds: usize,
    facts: Vec<String>,
    /// Events that were not sent, by the last announcement.
    pub(crate) unsent: u64,
    pub(crate) damages: usize,
    /// The number of the next frame.
    next: Option<u32>,
    /// Frames that are missing between others.
    pub(crate) gaps: u32,
}

impl Heard {
    /// What is in `bytes`, which begin with the first frame of all.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self { next: Some(0), ..Self::default() }.and(bytes)
    }

    /// What is in `bytes`, which begin with any frame.
    pub(crate) fn midway(bytes: &[u8]) -> Self {
        Self::default().and(bytes)
    }

    fn and(self, bytes: &[u8]) -> Self {
        let (mut scanner, mut heard) = (Scanner::new(), self);
        for byte in bytes {
            match scanner.push(*byte) {
                Some(Found::Frame(frame)) => {
                    let next = heard.next.replace(frame.sequence + 1);
                    heard.gaps += next.map_or(0, |next| frame.sequence.wrapping_sub(next));
                    heard.frames += 1;
                    match Message::read(&frame) {
                        Ok(message) => heard.take(message),
                        Err(_) => heard.damages += 1,
                    }
                }
                Some(Found::Damage(_)) => heard.damages += 1,
                Some(Found::Text(_)) | None => {}
            }
        }
        heard
    }

    fn take(&mut self, message: Message<'_>) {
        match message {
            Message::Greeting(_) => self.greetings += 1,
            Message::Fact(fact) => self.facts.push(format!("{}={}", fact.name, fact.value)),
            Message::Rows(mut rows) => {
                let (event, heading) = (rows.heading.event, &mut rows.heading);
                let numbers = rows.rows.map(|row| row.iteration(heading).number).collect();
                self.events.push((event, numbers));
            }
            Message::Whole(whole) => self.wholes.push(whole),
            Message::Note(_) => self.notes += 1,
            Message::Amounts(_) => self.amounts += 1,
            Message::Gap(mut gaps) => {
                let suspects = gaps.find(|gap| gap.kind == Kind::Suspect as u8);
                self.unsent = suspects.map_or(self.unsent, |gap| gap.count);
            }
            Message::Milliseconds(message) => self.milliseconds += message.records.count(),
            _ => {}
        }
    }

    /// Whether all of event `number` came.
    pub(crate) fn has(&self, number: u64) -> bool {
        self.wholes.iter().any(|whole| whole.event == number)
    }

    /// The iterations of event `number`.
    pub(crate) fn rows(&self, number: u64) -> Vec<u64> {
        let own = self.events.iter().filter(|(event, _)| *event == number);
        own.flat_map(|(_, rows)| rows.iter().copied()).collect()
    }
}

/// What `file` of the run holds once `judge` is content with it.
fn heard_until(session: &Session, file: &str, judge: impl Fn(&Heard) -> bool) -> Result<Heard> {
    let end = std::time::Instant::now() + LIMIT;
    loop {
        let bytes = fs::read(session.run().file(file)).with_context(|| format!("no {file}"))?;
        let heard = Heard::of(&bytes);
        if judge(&heard) {
            return Ok(heard);
        }
        ensure!(std::time::Instant::now() < end, "{heard:?}");
        std::thread::sleep(LOOK_AGAIN);
    }
}

/// Has a PMD stall, and finds that event in `file`, with the iterations that the console shows.
fn finds_a_stall(session: &mut Session, file: &str) -> Result<()> {
    session.command("stall 1 2000000")?;
    let event = expect_injected(session, 11)?.event.number;
    let heard = heard_until(session, file, |heard| heard.has(event))?;
    ensure!(heard.greetings > 0 && heard.damages == 0 && heard.gaps == 0, "{heard:?}");
    let shown = session.command(&format!("show event {event}"))?;
    let mut numbers: Vec<u64> =
        qemu::reading::iterations(&shown).iter().map(|row| row.number).collect();
    numbers.reverse();
    ensure!(heard.rows(event) == numbers && numbers.len() == 11, "{numbers:?} {heard:?}");
    session.exit()
}

fn an_event_and_its_iterations_go_by_a_serial_port_of_the_streams_own(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1 pmd-perf-log-us=1500000");
    setup.boot(|session| finds_a_stall(session, "com2"))
}

fn an_event_goes_between_the_lines_of_a_console_that_is_all_there_is(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1 pmd-perf-log-us=1500000");
    let setup = setup.with(|machine| machine.com2 = Serial::Absent);
    setup.boot(|session| {
        session.command("stall 1 2000000")?;
        let number = |lines: &[String]| {
            let told = lines.iter().rev().find(|line| line.contains("injected"))?;
            qemu::reading::number(told, "event").ok()
        };
        let event = session.look_until(number)?;
        session
            .look_until(|lines| Heard::of(lines.join("\n").as_bytes()).has(event).then_some(()))?;
        let lines = session.shown();
        let heard = Heard::of(lines.join("\n").as_bytes());
        ensure!(heard.greetings > 0 && heard.damages == 0, "{heard:?}");
        let titles = lines.iter().filter(|line| line.contains("cycles/pkt")).count();
        ensure!(heard.rows(event).len() == 11 && titles == 0, "{heard:?} {lines:#?}");
        session.exit()
    })
}

fn milliseconds_go_by_a_virtio_console(rig: &Rig) -> Result<()> {
    let setup = rig.wired()?.append("forward=0:1 pmd-perf-log-us=1500000");
    let file = setup.run.file("virtio");
    let setup = setup.with(|machine| with_virtio_console(machine, &file.to_string_lossy()));
    setup.boot(|session| {
        heard_until(session, "virtio", |heard| heard.milliseconds > 100)?;
        finds_a_stall(session, "virtio")
    })
}

fn with_virtio_console(machine: &mut Machine, file: &str) {
    let words = ["-device", "virtio-serial-pci,disable-legacy=on", "-chardev"];
    machine.extra.extend(words.map(String::from));
    machine.extra.push(format!("file,id=stream,path={file}"));
    machine.extra.extend(["-device", "virtconsole,chardev=stream"].map(String::from));
}

fn a_stream_that_nobody_wants_is_not_there(rig: &Rig) -> Result<()> {
    rig.wired()?.append("forward=0:1 stream=none").boot(|session| {
        session.exit()?;
        let bytes = fs::read(session.run().file("com2")).unwrap_or_default();
        ensure!(bytes.is_empty(), "{} bytes", bytes.len());
        Ok(())
    })
}

fn a_recording_says_which_machine_it_is_of(rig: &Rig) -> Result<()> {
    let told = "type=1,manufacturer=Makers,product=Model 7,serial=\u{1b}SN-42";
    let expected = ["hostname=lab-7", "vendor=Makers", "product=Model 7", "serial=?SN-42"];
    let setup = rig.machine()?.append("hostname=lab-7");
    let setup = setup.with(|machine| machine.extra.extend(["-smbios", told].map(String::from)));
    setup.boot(|session| {
        let has = |heard: &Heard, fact: &str| heard.facts.iter().any(|own| own == fact);
        heard_until(session, "com2", |heard| expected.iter().all(|fact| has(heard, fact)))?;
        session.exit()
    })
}
