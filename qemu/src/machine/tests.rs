//! The lines that machines become.

use super::*;

fn line(machine: &Machine) -> String {
    machine.command_line(Path::new("qemu-system-x86_64")).to_string()
}

#[test]
fn the_smallest_machine_is_this_line() {
    assert_eq!(
        line(&Machine::new(Path::new("/img"))),
        "qemu-system-x86_64 -nodefaults -no-user-config -machine q35 -accel tcg -cpu max \
         -smp 2 -m 512 -display none -monitor none -no-reboot \
         -device isa-debug-exit,iobase=0xf4,iosize=4 -kernel /img \
         -chardev null,id=com1 -serial chardev:com1 -chardev null,id=com2 -serial chardev:com2"
    );
}

#[test]
fn cards_stand_in_fixed_slots_with_fixed_addresses() {
    let mut machine = Machine::new(Path::new("/img"));
    let dgram = Netdev::Dgram { qemu: "/r/a".into(), host: "/r/b".into() };
    machine.nics =
        vec![Nic::new(dgram), Nic { capture: Some("/c,d".into()), ..Nic::new(Netdev::Hub(3)) }];
    let line = line(&machine);
    assert!(line.contains(
        "-netdev dgram,id=net0,local.type=unix,local.path=/r/a,remote.type=unix,remote.path=/r/b \
         -device virtio-net-pci,disable-legacy=on,id=nic0,netdev=net0,mac=52:54:00:ba:5e:00,addr=0x2,\
         romfile= -netdev hubport,id=net1,hubid=3 -device virtio-net-pci,disable-legacy=on,\
         id=nic1,netdev=net1,mac=52:54:00:ba:5e:01,addr=0x3,romfile= \
         -object filter-dump,id=dump1,netdev=net1,file=/c,,d"
    ), "{line}");
}

#[test]
fn a_network_inside_qemu_leads_from_an_address_of_the_host_to_one_of_the_machine() {
    let mut machine = Machine::new(Path::new("/img"));
    let [host, guest] = ["127.0.0.9:7878", "10.0.2.15:7878"].map(|it| it.parse().unwrap());
    machine.nics = vec![Nic::new(Netdev::User { host, guest })];
    let netdev = "-netdev user,id=net0,restrict=on,hostfwd=tcp:127.0.0.9:7878-10.0.2.15:7878 -device virtio-net";
    assert!(line(&machine).contains(netdev), "{}", line(&machine));
}

#[test]
fn a_card_outside_has_a_socket_and_reaches_into_shared_memory() {
    let mut machine = Machine::new(Path::new("/img"));
    machine.nics = vec![Nic { model: Model::Proxy { socket: 7 }, ..Nic::new(Netdev::Hub(0)) }];
    let line = line(&machine);
    assert!(line.contains("-machine q35,memory-backend=ram "), "{line}");
    let backend = "-m 512 -object memory-backend-memfd,id=ram,size=512M,share=on ";
    assert!(line.contains(backend), "{line}");
    assert!(line.contains("-device x-pci-proxy-dev,id=nic0,addr=0x2,fd=7 "), "{line}");
    assert!(!line.contains("-netdev"), "{line}");
}

#[test]
fn a_program_that_has_the_queues_of_a_card_has_a_socket_and_shares_memory() {
    let mut machine = Machine::new(Path::new("/img"));
    machine.nics = vec![Nic::new(Netdev::VhostUser { socket: "/r/s".into(), pairs: 2 })];
    let line = line(&machine);
    assert!(line.contains("-machine q35,memory-backend=ram -accel tcg "), "{line}");
    assert!(line.contains("-object memory-backend-memfd,id=ram,size=512M,share=on "), "{line}");
    assert!(line.contains(
        "-chardev socket,id=peer-net0,path=/r/s -netdev vhost-user,id=net0,chardev=peer-net0,queues=2 \
         -device virtio-net-pci,disable-legacy=on,mq=on,id=nic0,netdev=net0,"
    ), "{line}");
}

#[test]
fn a_debugger_stops_the_machine_before_its_first_instruction() {
    let mut machine = Machine::new(Path::new("/img"));
    machine.debugger = Some("/r/gdb".into());
    machine.extra = vec!["-d".into(), "int".into()];
    assert!(line(&machine).ends_with("-gdb unix:/r/gdb,server=on,wait=off -S -d int"));
}

#[test]
fn counting_instructions_and_the_command_line_of_the_image_are_options() {
    let mut machine = Machine::new(Path::new("/img"));
    machine.clock = Clock::Instructions;
    machine.append = vec!["ports=all".into(), "forward=0:1".into()];
    machine.hub_wires = vec![HubWire { hub: 0, qemu: "/r/a".into(), host: "/r/b".into() }];
    let line = line(&machine);
    assert!(line.contains("-icount shift=0,sleep=off"), "{line}");
    assert!(line.contains("-append 'ports=all forward=0:1'"), "{line}");
    assert!(line.contains("-netdev hubport,id=plug0,hubid=0,netdev=wire0"), "{line}");
}
