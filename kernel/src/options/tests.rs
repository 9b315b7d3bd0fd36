use ::perf::settings::{Duration, TABLE};

use dataplane::bond::Mode;
use pci_types::PciAddress;

use super::*;

fn parse(line: &str) -> (Options, String) {
    let (options, faults) = Options::parse(line.as_bytes());
    (options, faults.to_string())
}

#[track_caller]
fn refused(line: &str, message: &str) {
    let (options, faults) = parse(line);
    assert_eq!(faults, message);
    assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()));
}

#[test]
fn every_key_has_its_default_in_range_and_says_it_right() {
    for key in keys() {
        let mut options = Options::default();
        let default = key.default().to_string();
        assert_eq!(key.set(&mut options, &default), Some(()), "{key}");
        assert_eq!(format!("{options:?}"), format!("{:?}", Options::default()), "{key}");
    }
}

#[test]
fn nothing_said_is_all_defaults() {
    for line in ["", "   ", "\0", " \t\n"] {
        let (options, faults) = parse(line);
        assert_eq!((options.ports, faults.as_str()), (Ports::None, ""));
    }
}

#[test]
fn all_keys_are_read() {
    let (options, faults) = parse(
        "console=ttyS1,9600 ports=00:02.0,52:54:00:12:34:56 forward=0:1,3:2 pmd-cpu-mask=0x6 \
         pmd-perf-metrics=true pmd-perf-log=off pmd-perf-log-us=1000 pmd-perf-log-q=64 \
         pmd-perf-log-b=10 pmd-perf-log-a=20",
    );
    assert_eq!(faults, "");
    assert_eq!(
        options.console,
        Console { place: Some(SerialPlace::COM2), speed: Speed::Baud(9600) }
    );
    let nics = ["00:02.0", "52:54:00:12:34:56"]
        .map(|text| Wanted { nic: Nic::parse(text).unwrap(), name: None });
    assert_eq!(options.ports, Ports::These(Vec::from_slice(&nics).unwrap()));
    assert_eq!([0, 1, 2, 3].map(|port| options.forward.exit(port)), [1, 0, 3, 2].map(Some));
    assert_eq!([0, 1, 2, 3].map(|core| options.pmd_cpu_mask.has(core)), [false, true, true, false]);
    let perf = Settings {
        metrics: true,
        log: false,
        duration: Duration::Micros(1000),
        fill: 64,
        before: 10,
        after: 20,
        ..Settings::DEFAULT
    };
    assert_eq!(options.perf.of(1), perf);
}

#[test]
fn nics_stand_in_the_order_they_were_named_in() {
    let (options, _) = parse("ports=00:03.0,02:00:00:00:00:01");
    let position =
        |place, mac| options.ports.position(Place::parse(place).unwrap(), Mac::parse(mac).unwrap());
    assert_eq!(position("00:03.0", "02:00:00:00:00:09"), Some(0));
    assert_eq!(position("00:02.0", "02:00:00:00:00:01"), Some(1));
    assert_eq!(position("00:02.0", "02:00:00:00:00:09"), None);
}

#[test]
fn ports_have_names_that_are_theirs_alone() {
    let (options, faults) =
        parse("ports=wan@00:03.0,lan@02:00:00:00:00:01,00:05.0 mgmt=lan,192.0.2.7/24");
    let port = |place: &str, mac: &str| (Place::parse(place).unwrap(), Mac::parse(mac).unwrap());
    let name = |(place, mac)| options.ports.name(place, mac).map(|name| name.to_string());
    let ports = [
        port("00:03.0", "02:00:00:00:00:09"),
        port("00:04.0", "02:00:00:00:00:01"),
        port("00:05.0", "02:00:00:00:00:02"),
    ];
    assert_eq!(ports.map(name), [Some("wan".into()), Some("lan".into()), None]);
    assert_eq!(faults, "");
    let mgmt = options.mgmt.unwrap();
    let is = |number: usize| {
        let (place, mac) = ports[number];
        mgmt.is(number, options.ports.name(place, mac), (place, mac))
    };
    assert_eq!([0, 1, 2].map(is), [false, true, false]);
    for bad in
        ["wan@00:03.0,wan@00:04.0", "wan@00:03.0,00:03.0", "@00:03.0", "1@00:03.0", "wan@", "wan"]
    {
        assert!(parse(&format!("ports={bad}")).1.contains("expected none, all, or up to"), "{bad}");
    }
}

#[test]
fn a_bad_value_names_its_range_and_leaves_the_default() {
    refused(
        "console=ttyS4",
        "error: console=ttyS4: expected auto, ttyS0 to ttyS3, io,PORT, mmio,ADDRESS or \
         mmio32,ADDRESS, then nothing, ,keep or ,BAUD, a part of 115200; using auto",
    );
    refused(
        "console=ttyS1,0",
        "error: console=ttyS1,0: expected auto, ttyS0 to ttyS3, io,PORT, mmio,ADDRESS or \
         mmio32,ADDRESS, then nothing, ,keep or ,BAUD, a part of 115200; using auto",
    );
    refused(
        "pmd-perf-log-us=-1",
        "error: pmd-perf-log-us=-1: expected 0 to 4294967295, or auto, also CORE:VALUE for one PMD, \
         with commas between; using 250",
    );
    refused(
        "pmd-perf-log",
        "error: pmd-perf-log=: expected on or off, also CORE:VALUE for one PMD, with commas \
         between; using on",
    );
    refused("event-store=0", "error: event-store=0: expected 1 to 4096; using 64");
    refused(
        "ports=00:02.0,eth0",
        "error: ports=00:02.0,eth0: expected none, all, or up to 16 [NAME@]PCI or [NAME@]MAC with commas between; using \
         none",
    );
    refused(
        "ports=00:02.0,00:02.0",
        "error: ports=00:02.0,00:02.0: expected none, all, or up to 16 [NAME@]PCI or [NAME@]MAC with commas between; \
         using none",
    );
}

#[test]
fn a_port_is_forwarded_once() {
    for list in ["0:1,1:2", "0", "0:16", "0:1,", "a:b", ":"] {
        refused(
            &format!("forward={list}"),
            &format!(
                "error: forward={list}: expected none, or A:B[,C:D...], each port 0 to 15 once; \
                 using none"
            ),
        );
    }
}

#[test]
fn a_mask_without_a_core_or_with_core_0_is_refused() {
    let beyond = format!("1{}", "0".repeat(64));
    for mask in ["0", "", "0x", "1", "3", "g", &beyond] {
        let (options, faults) = parse(&format!("pmd-cpu-mask={mask}"));
        assert!(faults.contains("expected all, or a hexadecimal mask of cores 1 to 255"), "{mask}");
        assert_eq!(options.pmd_cpu_mask, CpuMask::ALL);
    }
    let (options, faults) = parse(&format!("pmd-cpu-mask=00008{}", "0".repeat(63)));
    assert_eq!(faults, "");
    assert!(options.pmd_cpu_mask.has(255) && !options.pmd_cpu_mask.has(254));
}

#[test]
fn every_core_but_core_0_runs_a_pmd_by_default() {
    let mask = Options::default().pmd_cpu_mask;
    assert!(!mask.has(0) && (1..CORES).all(|core| mask.has(core)) && !mask.has(CORES));
}

#[test]
fn an_unknown_key_learns_which_one_is_near() {
    refused("prots=all", "error: prots: no such key (nearest: ports)");
    refused("quiet", "error: quiet: no such key");
}

#[test]
fn the_last_word_for_a_key_holds() {
    let duration = |line: &str| parse(line).0.perf.of(1).duration;
    assert_eq!(duration("pmd-perf-log-us=1,1:7 pmd-perf-log-us=2"), Duration::Micros(2));
    assert_eq!(duration("pmd-perf-log-us=1,1:7 pmd-perf-log-us=x"), Duration::Micros(250));
}

#[test]
fn a_pmd_can_have_settings_of_its_own() {
    let line = "pmd-perf-log-us=2:100,3:auto pmd-perf-log-q=50 pmd-perf-log-b=900,2:100";
    let (options, faults) = parse(line);
    assert_eq!(faults, "");
    let of = |core| options.perf.of(core);
    assert_eq!((of(1).duration, of(1).fill, of(1).before), (Duration::Micros(250), 50, 900));
    assert_eq!((of(2).duration, of(2).fill, of(2).before), (Duration::Micros(100), 50, 100));
    assert_eq!((of(3).duration, of(3).after), (Duration::Auto, 5));
    for bad in ["0:1", "256:1", "1:x", "1:1,5", "x:1", ":", "1:1,"] {
        let (options, faults) = parse(&format!("pmd-perf-log-q={bad}"));
        assert!(faults.contains("expected 0 to 4294967295, also CORE:VALUE"), "{bad}: {faults}");
        assert_eq!(options.perf, PerfOptions::default(), "{bad}");
    }
}

proptest::proptest! {
    #[test]
    fn what_makes_settings_last_is_read_back(
        texts in proptest::collection::vec((0..TABLE.len(), 0..4_usize, 0..500_u32), 0..12),
    ) {
        let mut pmds = [1, 2, 5, 9].map(|core| (core, Settings::DEFAULT));
        for (setting, pmd, number) in texts {
            for text in [number.to_string(), "auto".into(), "off".into(), "fill+stolen".into()] {
                let _ = TABLE[setting].set(&mut pmds[pmd].1, &text);
            }
            pmds[pmd].1.narrow();
        }
        let line = ::perf::settings::Lasting(&pmds.iter().copied()).to_string();
        let (options, faults) = parse(&line);
        proptest::prop_assert_eq!(faults, "", "{}", line);
        for (core, settings) in pmds {
            proptest::prop_assert_eq!(options.perf.of(core), settings, "{}", line);
        }
    }
}

#[test]
fn a_window_that_is_too_wide_is_narrowed_aloud() {
    let (options, faults) = parse("pmd-perf-log-a=600 pmd-perf-log-b=600");
    assert_eq!((options.perf.of(1).before, options.perf.of(1).after), (600, 398));
    assert_eq!(
        faults,
        "error: pmd-perf-log-a=600: expected 0 to 398 beside pmd-perf-log-b=600; using 398"
    );
}

#[test]
fn what_a_terminal_must_not_see_is_escaped_and_cut() {
    let (_, faults) = Options::parse(b"\x1b[2J\xff=1");
    assert_eq!(faults.to_string(), "error: \\x1b[2J\\xff: no such key");
    let long = format!("ports={}", "x".repeat(1000));
    let (_, faults) = parse(&long);
    assert!(faults.starts_with(&format!("error: ports={}...: expected", "x".repeat(48))));
}

#[test]
fn faults_beyond_those_kept_are_counted() {
    let line = "x ".repeat(20);
    let (_, faults) = Options::parse(line.as_bytes());
    assert_eq!(faults.count(), 20);
    let text = faults.to_string();
    assert_eq!(text.lines().last(), Some("error: and 4 more"));
    assert_eq!(text.lines().count(), 17);
}

#[test]
fn help_is_made_from_the_same_table() {
    let help = |name: &[u8]| Key::named(name).unwrap().to_string();
    assert_eq!(
        help(b"pmd-perf-log-b"),
        "pmd-perf-log-b=5: iterations shown before a suspicious one (0 to 998) [run time]"
    );
    assert!(help(b"ports").ends_with(" with commas between) [boot]"), "{}", help(b"ports"));
    assert!(help(b"log").ends_with(" [run time]"));
}

proptest::proptest! {
    #[test]
    fn no_line_makes_the_parser_fail(line: std::vec::Vec<u8>) {
        let (_, faults) = Options::parse(&line);
        proptest::prop_assert!(faults.to_string().is_ascii());
    }
}

#[test]
fn sleeps_are_read_for_all_and_for_some() {
    let sleep = |text: &str| {
        let (options, faults) = parse(&format!("pmd-sleep-max={text}"));
        assert_eq!(faults, "");
        [1, 2, 9].map(|core| options.sleep_max.of(core))
    };
    assert_eq!(sleep("0"), [0, 0, 0]);
    assert_eq!(sleep("50"), [50, 50, 50]);
    assert_eq!(sleep("50,2:0,9:20000"), [50, 0, 10_000]);
    for value in ["x", "1:", "1:5,1:6", "1:2:3", ""] {
        let (options, faults) = parse(&format!("pmd-sleep-max={value}"));
        assert!(faults.contains("expected N, CORE:N or both"), "{faults}");
        assert_eq!(options.sleep_max, Numbers::same(0));
    }
}

#[test]
fn tunnels_are_read_with_their_ends() {
    let (options, faults) = parse(
        "vtep=1,172.16.1.1/24,fd00::1/64,172.16.1.254 \
         vxlan=32,remote_ip=172.16.1.2,key=5000+47,remote_ip=flow,key=flow,dst_port=8472",
    );
    assert_eq!(faults, "");
    let vtep = options.vtep.unwrap();
    let (v4, v6) = (0xffff_ac10_0101, 0xfd00 << 112 | 1);
    assert_eq!((vtep.port, vtep.addresses), (1, [Some((v4, 120)), Some((v6, 64))]));
    assert_eq!(vtep.gateways, [Some(0xffff_ac10_01fe), None]);
    let (first, last) = (options.tunnels[0].unwrap(), options.tunnels[15].unwrap());
    assert_eq!((first.remote, first.key, first.port), (Some(0xffff_ac10_0102), Some(5000), 4789));
    assert_eq!((last.remote, last.key, last.port), (None, None, 8472));
}

#[test]
fn the_port_of_the_control_core_is_named_by_its_number_or_its_card() {
    let (here, mac) = (Place(PciAddress::new(0, 0, 4, 0)), Mac([2, 0, 0, 0, 0, 1]));
    for name in ["3", "00:04.0", "02:00:00:00:00:01"] {
        let (options, faults) = parse(&format!("mgmt={name},10.0.0.2/24,fd00::1/64,10.0.0.1"));
        assert_eq!(faults, "");
        let own = options.mgmt.unwrap();
        assert_eq!(own.addresses, [Some((0xffff_0a00_0002, 120)), Some((0xfd00 << 112 | 1, 64))]);
        assert_eq!(own.gateways, [Some(0xffff_0a00_0001), None]);
        assert!(own.is(3, None, (here, mac)));
        assert!(!own.is(2, None, (Place(PciAddress::new(0, 0, 5, 0)), Mac([2, 0, 0, 0, 0, 2]))));
    }
    for value in ["0", "16,10.0.0.2/24", "0,10.0.0.2", "00:04,10.0.0.2/24", "0x,10.0.0.2/24"] {
        refused(
            &format!("mgmt={value}"),
            &format!(
                "error: mgmt={value}: expected none, or PORT,ADDRESS/LENGTH[,ADDRESS/LENGTH]\
                 [,GATEWAY], PORT a number, name, PCI address or MAC; using none"
            ),
        );
    }
}

#[test]
fn tunnels_that_cannot_be_are_refused() {
    for value in [
        "0",
        "0,172.16.1.1",
        "16,172.16.1.1/24",
        "0,172.16.1.1/33",
        "0,172.16.1.1/24,10.0.0.1/8",
        "0,fd00::1/64,1.2.3.4,5.6.7.8",
        "x,1.2.3.4/5",
        "0,1.2.3/4",
    ] {
        refused(
            &format!("vtep={value}"),
            &format!(
                "error: vtep={value}: expected none, or PORT,ADDRESS/LENGTH[,ADDRESS/LENGTH]\
                 [,GATEWAY]; using none"
            ),
        );
    }
    for value in [
        "32",
        "31,remote_ip=1.2.3.4,key=1",
        "48,remote_ip=1.2.3.4,key=1",
        "32,remote_ip=1.2.3.4",
        "32,key=1",
        "32,remote_ip=x,key=1",
        "32,remote_ip=1.2.3.4,key=16777216",
        "32,remote_ip=1.2.3.4,key=1,dst_port=65536",
        "32,remote_ip=1.2.3.4,key=1,ttl=3",
        "32,remote_ip=1.2.3.4,key=1+32,remote_ip=1.2.3.4,key=2",
    ] {
        let (options, faults) = parse(&format!("vxlan={value}"));
        let expected = "expected none, or N,remote_ip=ADDRESS|flow,";
        assert!(faults.starts_with("error: vxlan=") && faults.contains(expected), "{faults}");
        assert_eq!(options.tunnels, [None; 16]);
    }
}

#[test]
fn bonds_are_numbers_modes_and_ports() {
    let (options, faults) = parse("bond=64,active-backup,0,1+71,balance-tcp,5,2,15");
    assert_eq!(faults, "");
    let bonds = [0, 7].map(|place: usize| options.bonds[place].unwrap());
    let each = bonds.map(|bond| (bond.mode, bond.members));
    assert_eq!(each, [(Mode::ActiveBackup, 0b11), (Mode::BalanceTcp, 0x8024)]);
    for value in [
        "64",
        "64,balance-slb",
        "63,balance-slb,1",
        "72,balance-slb,1",
        "64,lacp,1",
        "64,balance-slb,16",
        "64,balance-slb,1,1",
        "64,balance-slb,1+65,balance-slb,1",
        "64,balance-slb,1+64,balance-slb,2",
    ] {
        let (options, faults) = parse(&format!("bond={value}"));
        assert!(
            faults.starts_with("error: bond=") && options.bonds == [None; 8],
            "{value}: {faults}"
        );
    }
}

#[test]
fn pins_are_read_each_queue_once() {
    let pins = |text: &str| parse(&format!("pmd-rxq-affinity={text}"));
    let (options, faults) = pins("0:0:3,15:1:255");
    assert_eq!((faults.as_str(), options.balance.pins.len()), ("", 2));
    assert_eq!(
        [(0, 0), (15, 1), (1, 0)].map(|it| options.balance.core(it)),
        [Some(3), Some(255), None]
    );
    for bad in
        ["", "0:0", "0:0:0", "0:0:256", "16:0:1", "0:0:1:2", "0:0:1,0:0:2", "0:0:1,", "a:0:1"]
    {
        let (options, faults) = pins(bad);
        let start = format!("error: pmd-rxq-affinity={bad}: expected none, or PORT:QUEUE:CORE ");
        assert!(faults.starts_with(&start) && options.balance.pins.is_empty(), "{faults}");
    }
}

#[test]
fn who_polls_which_queue_is_read_and_isolation_needs_groups() {
    let (options, faults) = parse(
        "pmd-rxq-assign=group pmd-rxq-isolate=off pmd-auto-lb=true pmd-auto-lb-rebal-interval=0 \
         pmd-auto-lb-load-threshold=70 pmd-auto-lb-improvement-threshold=100",
    );
    let Balance { plan, auto, interval, load, improvement, .. } = options.balance;
    assert_eq!((faults.as_str(), auto, interval, load, improvement), ("", true, 1, 70, 100));
    assert!(!plan.isolates());
    refused(
        "pmd-rxq-isolate=off",
        "error: pmd-rxq-isolate=off: expected pmd-rxq-assign=group beside it; using on",
    );
    refused(
        "pmd-rxq-assign=best",
        "error: pmd-rxq-assign=best: expected cycles, group or roundrobin; using cycles",
    );
    refused(
        "pmd-auto-lb-rebal-interval=20001",
        "error: pmd-auto-lb-rebal-interval=20001: expected 0 to 20000; using 1",
    );
}

#[test]
fn ports_and_all_others_have_the_mtu_that_was_asked_for() {
    let (options, faults) = parse("mtu_request=9000");
    assert_eq!((faults.as_str(), options.mtu.of(3)), ("", 9000));
    let (options, faults) = parse("mtu_request=1:68,2:9000");
    assert_eq!((faults.as_str(), [0, 1, 2].map(|it| options.mtu.of(it))), ("", [1500, 68, 9000]));
    for bad in ["67", "9001", "0", "1:9000,1:1500", "9000:1", ""] {
        let (options, faults) = parse(&format!("mtu_request={bad}"));
        let start = format!("error: mtu_request={bad}: expected a number from 68 to 9000, ");
        assert!(faults.starts_with(&start) && options.mtu.of(1) == 1500, "{faults}");
    }
}

#[test]
fn rings_have_as_many_descriptors_as_was_asked_for() {
    let (options, faults) = parse("n_rxq_desc=4096 n_txq_desc=1:64");
    let of = |port| (options.n_rxq_desc.of(port), options.n_txq_desc.of(port));
    assert_eq!((faults.as_str(), of(0), of(1)), ("", (4096, 512), (4096, 64)));
    for bad in ["32", "8192", "100", "0", "1:64,1:64", "64:1", ""] {
        let (options, faults) = parse(&format!("n_rxq_desc={bad}"));
        let start = format!("error: n_rxq_desc={bad}: expected a power of two from 64 to 4096, ");
        assert!(faults.starts_with(&start) && options.n_rxq_desc.of(1) == 512, "{faults}");
    }
}

#[test]
fn what_follows_a_crash_is_said_as_linux_has_it_said() {
    let wanted = |line: &str| parse(line).0.panic;
    let said = ["", "panic=halt", "panic=0", "panic=reboot", "panic=30", "panic=86400"];
    assert_eq!(said.map(wanted), [None, None, None, Some(0), Some(30), Some(86_400)]);
    for wrong in ["panic=", "panic=-1", "panic=86401", "panic=now"] {
        let (options, faults) = parse(wrong);
        assert_eq!((options.panic, faults.is_empty()), (None, false), "{wrong}");
    }
}

#[test]
fn the_watchdog_of_the_platform_is_off_unless_it_is_asked_for() {
    let wanted = |line: &str| parse(line).0.hw_watchdog;
    let dog = |is_ib700, seconds| Some(HwWatchdog { is_ib700, seconds });
    assert_eq!((wanted(""), wanted("hw-watchdog=off")), (None, None));
    assert_eq!(
        (wanted("hw-watchdog=auto"), wanted("hw-watchdog=ib700")),
        (dog(false, 30), dog(true, 30))
    );
    let ends = (wanted("hw-watchdog=auto:4"), wanted("hw-watchdog=ib700:600"));
    assert_eq!(ends, (dog(false, 4), dog(true, 600)));
    for wrong in ["", "on", "30", "off:30", "auto:", "auto:3", "auto:601", "iTCO"] {
        let (options, faults) = parse(&format!("hw-watchdog={wrong}"));
        assert_eq!((options.hw_watchdog, faults.is_empty()), (None, false), "{wrong}");
    }
}

#[test]
fn cores_are_tested_for_gaps_at_boot_if_that_is_asked_for_with_cards_or_without() {
    let wanted = |line: &str| parse(line).0.hwlat.map(|wish| (wish.micros, wish.least));
    let said = ["", "test=hwlat", "test=hwlat:60", "test=hwlat:3600:1", "test=nictest"];
    let wishes =
        [None, Some((10_000_000, 10)), Some((60_000_000, 10)), Some((3_600_000_000, 1)), None];
    assert_eq!(said.map(wanted), wishes);
    let (both, _) = parse("test=hwlat:2,nictest:500");
    assert_eq!((both.nictest, both.hwlat.unwrap().micros), (Some(500), 2_000_000));
    for wrong in [
        "hwlat:",
        "hwlat:0",
        "hwlat:3601",
        "hwlat:1:0",
        "hwlat:1:2:3",
        "hwlat,hwlat",
        "nictest:1:2",
    ] {
        let (options, line) = (Options::default(), format!("test={wrong}"));
        assert_eq!((options.hwlat, parse(&line).1.is_empty()), (None, false), "{wrong}");
    }
    assert!(parse("").0.prefers_performance && !parse("power=leave").0.prefers_performance);
}

#[test]
fn cards_are_tried_with_a_million_frames_or_as_many_as_it_is_said() {
    let wanted = |line: &str| parse(line).0.nictest;
    assert_eq!((wanted(""), wanted("test=none")), (None, None));
    assert_eq!(wanted("test=nictest"), Some(1_000_000));
    assert_eq!(wanted("test=nictest:500"), Some(500));
    for wrong in ["test=", "test=nictest:", "test=nictest:0", "test=nictest:100000001", "test=nic"]
    {
        let (options, faults) = parse(wrong);
        assert_eq!((options.nictest, faults.is_empty()), (None, false), "{wrong}");
    }
}

#[test]
fn words_that_loaders_add_are_passed_over() {
    let (options, faults) = parse(
        "BOOT_IMAGE=/barecore.img initrd=lab7.conf BOOTIF=01-52-54-00-12-34-56 \
         ip=192.0.2.7:192.0.2.1:192.0.2.1:255.255.255.0 boot-nic=take",
    );
    assert_eq!((faults.as_str(), options.takes_boot_nic), ("", true));
    refused("boot-nic=yes", "error: boot-nic=yes: expected leave or take; using leave");
    refused("initrds=x", "error: initrds: no such key");
}

#[test]
fn a_hostname_is_a_label() {
    for name in ["lab7", "7", "a-b", &"x".repeat(63)] {
        assert_eq!(parse(&format!("hostname={name}")).0.hostname, name);
    }
    for name in ["", "-a", "a-", "a.b", "a_b", "ä", &"x".repeat(64)] {
        let (options, faults) = parse(&format!("hostname={name}"));
        assert!(options.hostname.is_empty() && faults.starts_with("error: hostname"), "{faults}");
    }
}

#[test]
fn levels_of_logs_are_read_all_or_not_at_all() {
    let chosen = |text| crate::logs::Chosen::DEFAULT.with(text).unwrap();
    assert_eq!(parse("log=warn,links:dbg").0.log, chosen("warn,links:dbg"));
    assert_eq!(parse("log=warn,links:loud").0.log, crate::logs::Chosen::DEFAULT);
}
