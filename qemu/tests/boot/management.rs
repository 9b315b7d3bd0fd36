//! The port that core 0 has for itself, with a host of Linux on its wire.

use anyhow::{Context as _, Result, ensure};
use qemu::namespace::{self, Namespaces};

use crate::rig::{self, NOTHING, Rig, Session, Skipped, starting};
use crate::vxlan::{ip, output};

crate::facts![
    a_host_pings_the_port_of_core_0_and_each_frame_there_is_in_one_bucket,
    what_names_the_port_of_core_0_is_refused,
];

/// Programs that are needed, and the Debian package of each.
const PROGRAMS: [(&str, &str); 2] = [("ip", "iproute2"), ("ping", "iputils-ping")];
/// Addresses of the image and of the host.
const IMAGE: [&str; 2] = ["198.18.0.254", "fd18::254"];
const HOST6: &str = "fd18::1/64";
/// Addresses that are on another network.
const FAR: [&str; 2] = ["203.0.113.9", "fd99::9"];

/// The number behind `name` among what `show ports` tells of port 2.
fn count(lines: &[String], name: &str) -> Result<u64> {
    let own = lines.iter().skip_while(|line| !line.starts_with("port 2:"));
    let own: Vec<&str> = own.map(String::as_str).collect();
    let text = own.join(" ");
    let place = text.find(&format!(" {name}=")).with_context(|| format!("no {name}: {text}"))?;
    let digits = text[place + name.len() + 2..].split(' ').next();
    digits.and_then(|digits| digits.parse().ok()).with_context(|| format!("no {name}: {text}"))
}

fn a_host_pings_the_port_of_core_0_and_each_frame_there_is_in_one_bucket(rig: &Rig) -> Result<()> {
    rig::need(&PROGRAMS)?;
    namespace::available().map_err(|error| Skipped(format!("{error:#}")))?;
    let hosts = Namespaces::create()?;
    let setup = rig.machine()?.wires(2)?.nic(hosts.netdev(0)).append(NOTHING);
    let [four, six] = IMAGE;
    let own = format!("mgmt=2,{four}/24,{six}/64,{},fd18::1", hosts.address(0));
    let setup = setup.append("ports=all forward=0:1").append(&own);
    setup.boot(|session| {
        hosts.plug_in()?;
        for device in [hosts.name(0), "lo"] {
            ip(&hosts, 0, &format!("sysctl -qw net.ipv6.conf.{device}.disable_ipv6=0"))?;
        }
        // Without nodad an IPv6 address cannot be sent from until the host has come to look after it, on lo, too.
        ip(&hosts, 0, &format!("ip address add {HOST6} dev {} nodad", hosts.name(0)))?;
        ip(&hosts, 0, "ip link set lo up")?;
        for (address, far) in IMAGE.into_iter().zip(FAR) {
            ping(&hosts, &[address])?;
            // From behind the gateway, which is the host itself.
            ip(&hosts, 0, &format!("ip address add {far} dev lo nodad"))?;
            ping(&hosts, &["-I", far, address])?;
        }
        let ports = session.ports()?;
        ensure!(ports.len() == 3 && ports[2].ends_with(", core 0, mgmt"), "{ports:#?}");
        let ledger = session.exact_ledger()?;
        ensure!(ledger.total.received == 0, "frames of the host came to PMDs: {ledger:?}");
        agree(session, &hosts)?;
        session.exit()
    })
}

fn ping(hosts: &Namespaces, words: &[&str]) -> Result<()> {
    let mut ping = hosts.command(0, "ping");
    let text = output(ping.args(["-c", "5", "-i", "0.2", "-w", "60"]).args(words))?;
    ensure!(text.contains("5 received"), "{text}");
    Ok(())
}

/// Has the image's figures of the port agree with those of the host, to the frame.
fn agree(session: &mut Session, hosts: &Namespaces) -> Result<()> {
    let lines = session.ask_until("show ports", |lines| {
        let own = hosts.counters(0).ok()?;
        let is = |name, number| count(lines, name).is_ok_and(|it| it == number);
        (is("rx frames", own.into_guest) && is("tx frames", own.from_guest)).then(|| lines.to_vec())
    })?;
    let [received, sent] = [count(&lines, "rx frames")?, count(&lines, "tx frames")?];
    ensure!(count(&lines, "consumed")? == received && received > 10, "{lines:#?}");
    ensure!(count(&lines, "made")? == sent && sent > 10, "{lines:#?}");
    for name in ["dropped", "waiting", "unsent", "leaving"] {
        ensure!(count(&lines, name)? == 0, "{lines:#?}");
    }
    Ok(())
}

fn what_names_the_port_of_core_0_is_refused(rig: &Rig) -> Result<()> {
    let setup = rig.machine()?.wires(3)?.append(NOTHING);
    let own =
        "ports=all forward=0:2 vtep=2,10.0.0.1/24 bond=64,balance-slb,1,2 mgmt=00:04.0,10.1.1.1/24";
    setup.append(own).boot(|session| {
        for key in ["forward", "vtep", "bond"] {
            let told = format!("error: {key}: port 2 is mgmt's");
            session.look_until(|lines| (!starting(lines, &told).is_empty()).then_some(()))?;
        }
        let said = session
            .ask_until("add-flow in_port=0,actions=output:2", |lines| Some(lines.to_vec()))?;
        ensure!(said == ["error: port 2 is mgmt's, and no rule sends packets there"], "{said:?}");
        let rules = session.command("dump-flows")?;
        ensure!(rules.iter().all(|rule| !rule.contains("in_port")), "{rules:?}");
        session.exit()
    })
}
