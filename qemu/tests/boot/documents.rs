//! What the documents have a reader type at the console, typed at one machine.

use anyhow::{Result, ensure};
use qemu::documents;

use crate::rig::{LIMIT, NOTHING, Rig, Session, starting};

crate::facts![every_line_that_the_documents_have_typed_is_obeyed];

/// What the lines speak of: ports 0 to 2, core 0's own port, and a tunnel.
const LINE: &str = "ports=wan@00:02.0,lan@00:03.0,00:04.0,oob@00:05.0 mgmt=oob,192.0.2.7/24 \
                    vtep=0,172.16.1.1/24 vxlan=32,remote_ip=172.16.1.2,key=5000";

/// The highest number of an event that the lines speak of.
const EVENTS: usize = 17;

/// Lines that there are at least: fewer are a sign that blocks are not told any more.
const LEAST: usize = 30;

fn every_line_that_the_documents_have_typed_is_obeyed(rig: &Rig) -> Result<()> {
    rig.machine()?.wires(4)?.append(LINE).append(NOTHING).boot(|session| {
        for _ in 0..EVENTS {
            session.command("mark a note is an event, too")?;
        }
        let (mut typed, mut refused) = (0, Vec::new());
        for document in documents::all()? {
            for line in document.typed() {
                let errors = errors(session, line)?;
                typed += 1;
                refused.extend(errors.map(|errors| format!("{}: {errors}", document.name)));
            }
        }
        ensure!(refused.is_empty(), "{refused:#?}");
        ensure!(typed >= LEAST, "only {typed} lines were found");
        session.exit()
    })
}

/// What the answer to `line` says is wrong with it.
fn errors(session: &mut Session, line: &str) -> Result<Option<String>> {
    let answer = session.console().command_within(line, LIMIT)?;
    let errors = starting(&answer, "error: ");
    Ok((!errors.is_empty()).then(|| format!("{line}: {errors:?}")))
}
