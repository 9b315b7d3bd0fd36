//! Barecore: a packet dataplane on bare cores.
#![no_std]
#![no_main]
#![deny(unsafe_code)]

mod arch;
mod log;
mod pmds;
mod ports;

use arch::{cores, memory, power, tsc};

/// What core 0 does once the machine is set up.
fn main() -> ! {
    let count = cores::start(pmds::run);
    let (mhz, source) = (tsc::frequency() / 1_000_000, tsc::source());
    arch::crash::say(format_args!("cores {count}, TSC {mhz} MHz ({source})"));
    arch::crash::say(format_args!("memory {} MiB", memory::total() >> 20));
    let mut rules = dataplane::Rules::default();
    rules.join(0, 1);
    let mut taken = heapless::Vec::<_, 16>::new();
    let mut queues = heapless::Vec::new();
    for seen in ports::cards() {
        match ports::take(taken.len() as u16, seen.address) {
            Ok((port, pair)) => {
                arch::crash::say(format_args!("{} {:x?} {}", port.address, port.mac(), port.is_link_up()));
                let _ = taken.push(port);
                let _ = queues.push(pair);
            }
            Err(error) => arch::crash::say(format_args!("{}: {error}", seen.address)),
        }
    }
    let settings = perf::Settings::default();
    let Ok(mut handles) = pmds::start(queues, &rules, settings.limits(tsc::frequency()), &[1]) else { panic!("memory") };
    let mut last = 0;
    loop {
        power::idle();
        if arch::ticks() > last + 1000 {
            last = arch::ticks();
            let _ = handles[0].orders.send(dataplane::Order::Stall { cycles: 10_000_000, times: 1 });
            let t = tsc::now();
            while tsc::now() - t < 11_500_000 {}
            let m = handles[0].metrics;
            let last = m.ended();
            let full = memory::carve_with(1, |_| heapless::Vec::<u64, 1000>::new()).unwrap(); let full = &mut full[0];
            let idle = memory::carve_with(1, |_| heapless::Vec::<u64, 1000>::new()).unwrap(); let idle = &mut idle[0];
            for n in last - 12000..last {
                if let Some(it) = m.history().iteration(n) {
                    if it.packets == 64 { let _ = full.push(it.cycles); }
                    if it.packets == 0 { let _ = idle.push(it.cycles); }
                }
            }
            full.sort_unstable();
            idle.sort_unstable();
            let med = |v: &[u64]| v.get(v.len() / 2).copied();
            if let Some(it) = (last - 12000..last).filter_map(|n| m.history().iteration(n)).find(|it| it.packets == 64) {
                for room in perf::Room::ALL { arch::crash::say(format_args!("  {} {}", room.name(), it.room(room))); }
            }
            arch::crash::say(format_args!("{:?}", m.snapshot().packets));
            arch::crash::say(format_args!("{} full {} {:?} idle {} {:?} {:?}", last, full.len(), med(full), idle.len(), med(idle), handles[0].ledger.account(0)));
        }
    }
}
