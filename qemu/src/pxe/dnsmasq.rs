//! The configuration of dnsmasq (version 2.90, its manual page): DHCP and TFTP for BIOSes and UEFI firmware.
//!
//! Who asks is known by option 93 (RFC 4578: 0 is a BIOS, 7 and 9 are UEFI firmware of this architecture) and,
//! iPXE, by option 175.

use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use super::hosts::Host;
use super::{BIOS_LOADER, HOSTS, IMAGE, IPXE_SCRIPT};

/// The network that is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// The first address that is given to a machine.
    pub first: Ipv4Addr,
    /// The last.
    pub last: Ipv4Addr,
}

/// Two configurations that serve `folder`: with addresses from `network`, and, where another server gives
/// addresses, as a proxy that only tells what to boot.
#[must_use]
pub fn texts(folder: &Path, hosts: &[Host], network: Network) -> [String; 2] {
    let Network { first, last } = network;
    let begin = begin(folder, hosts);
    let [dhcp_boot, pxe_service] = [boots(hosts), services(hosts)];
    [
        format!("{begin}dhcp-range={first},{last},1h\n{dhcp_boot}"),
        format!("{begin}dhcp-range={first},proxy\n{pxe_service}"),
    ]
}

fn begin(folder: &Path, hosts: &[Host]) -> String {
    let mut text = format!(
        "# No DNS. Say which interface, if the machine has others: interface=eth1\n\
         port=0\n\
         log-dhcp\n\
         enable-tftp\n\
         tftp-root={}\n\
         dhcp-match=set:ipxe,175\n\
         dhcp-match=set:bios,option:client-arch,0\n\
         dhcp-match=set:uefi,option:client-arch,7\n\
         dhcp-match=set:uefi,option:client-arch,9\n",
        folder.display()
    );
    for host in hosts {
        let _ = writeln!(text, "dhcp-host={},set:{}", host.mac, tag(host));
    }
    text
}

/// The tag of a machine, which is none of the others whatever its name is. That name is not given to it: among
/// the words of `dhcp-host`, some names are words of dnsmasq's own.
fn tag(host: &Host) -> String {
    format!("host-{}", host.name)
}

/// What each is sent to. Each line's tags leave out those of the others: their order does not matter.
fn boots(hosts: &[Host]) -> String {
    let mut text = format!(
        "dhcp-boot=tag:ipxe,{IPXE_SCRIPT}\n\
         dhcp-boot=tag:bios,tag:!ipxe,{BIOS_LOADER}\n\
         dhcp-boot=tag:uefi,tag:!ipxe,tag:!known,{IMAGE}\n"
    );
    for host in hosts {
        let (tag, mac) = (tag(host), host.dashed());
        let _ = writeln!(text, "dhcp-boot=tag:uefi,tag:!ipxe,tag:{tag},{HOSTS}/{mac}.img");
    }
    text
}

/// The same for a proxy, whose clients ask for a service of their architecture. A name without a dot would get
/// the ending `.0`.
fn services(hosts: &[Host]) -> String {
    let mut text = format!(
        "pxe-service=tag:ipxe,x86PC,\"Barecore\",{IPXE_SCRIPT}\n\
         pxe-service=tag:!ipxe,x86PC,\"Barecore\",{BIOS_LOADER}\n"
    );
    for architecture in ["X86-64_EFI", "BC_EFI"] {
        let _ = writeln!(text, "pxe-service=tag:ipxe,{architecture},\"Barecore\",{IPXE_SCRIPT}");
        let _ =
            writeln!(text, "pxe-service=tag:!ipxe,tag:!known,{architecture},\"Barecore\",{IMAGE}");
        for host in hosts {
            let (tag, mac) = (tag(host), host.dashed());
            let _ = writeln!(
                text,
                "pxe-service=tag:!ipxe,tag:{tag},{architecture},\"Barecore\",{HOSTS}/{mac}.img"
            );
        }
    }
    text
}
