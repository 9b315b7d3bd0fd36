//! What listeners of the stream are told of this machine and its ports.

use core::fmt::{Arguments, Write as _};

use dataplane::PORTS;
use kernel::boot::smbios::System;
use kernel::control::{Control, Orders};
use kernel::machine::Machine;
use kernel::options::Options;

use crate::arch::{cores, memory, processor, smbios, tsc};
use crate::board::Board;

/// Tells all of it.
pub(crate) fn tell<O: Orders>(control: &mut Control<'_, O>, board: &Board, options: &Options) {
    let mut machine = |name: &str, value: Arguments<'_>| control.tell_fact("machine", name, value);
    if !options.hostname.is_empty() {
        machine("hostname", format_args!("{}", options.hostname));
    }
    if let Some(System { vendor, product, serial }) = smbios::system() {
        let named = [("vendor", vendor), ("product", product), ("serial", serial)];
        let told = named.into_iter().filter(|(_, value)| !value.is_empty());
        told.for_each(|(name, value)| machine(name, format_args!("{value}")));
    }
    machine("version", format_args!("{}", env!("CARGO_PKG_VERSION")));
    machine("cores", format_args!("{}", cores::count()));
    machine("pmds", format_args!("{}", board.pmds()));
    machine("memory_mib", format_args!("{}", memory::total() >> 20));
    machine("tsc_hz", format_args!("{}", tsc::frequency()));
    machine("tsc_source", format_args!("{}", tsc::source()));
    machine("tsc_invariant", format_args!("{}", tsc::is_invariant()));
    machine("cpu", format_args!("{}", processor::Brand));
    machine("hypervisor", format_args!("{}", processor::Hypervisor));
    for (number, port) in (0..PORTS).map_while(|number| Some((number, board.port(number)?))) {
        let mut about = heapless::String::<16>::new();
        let _fits = write!(about, "port {number}");
        let mut tell = |name: &str, value: Arguments<'_>| control.tell_fact(&about, name, value);
        tell("place", format_args!("{}", port.place));
        tell("driver", format_args!("{}", port.driver));
        tell("mac", format_args!("{}", port.mac));
        tell("mtu", format_args!("{}", port.mtu));
        tell("rxqs", format_args!("{}", port.queues.0));
        tell("link", format_args!("{}", port.link));
    }
}
