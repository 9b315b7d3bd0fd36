//! The fields of keys, by the names that Open vSwitch's rules know them by (ovs-fields(7)).

use crate::key::{Key, Mask};
use crate::wire::{ethernet, icmpv6, ipv4, ipv6, vlan};

/// A field: bits of one word, or two words whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Which it is.
    pub id: Id,
    /// Its names, the usual one first.
    pub names: &'static [&'static str],
    word: u8,
    shift: u8,
    /// How many bits it has.
    pub bits: u8,
    /// How its values are written.
    pub form: Form,
    /// Which packets have it.
    pub needs: Needs,
    /// Whether actions can change it.
    pub writable: bool,
}

/// How values of a field are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A decimal number.
    Decimal,
    /// A number with 0x.
    Hexadecimal,
    /// A port of this switch.
    Port,
    /// An address of Ethernet.
    Mac,
    /// An address of IPv4.
    Ipv4,
    /// An address of IPv6; in tunnels one of IPv4 too.
    Ipv6,
    /// Flags of TCP, by name or number.
    TcpFlags,
    /// One of the words for fragments.
    Fragment,
    /// Why a packet cannot be what it says: the number of a reason and one, or 0.
    Fault,
}

/// Which packets have a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// All.
    Nothing,
    /// Those with a VLAN tag.
    Vlan,
    /// ARP and RARP.
    Arp,
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// Both of them.
    Ip,
    /// TCP, UDP and SCTP.
    Ports,
    /// TCP.
    Tcp,
    /// ICMP and ICMPv6.
    Icmp,
    /// Neighbor solicitations and advertisements.
    Neighbor,
}

const fn field(
    id: Id,
    names: &'static [&'static str],
    (word, shift, bits): (u8, u8, u8),
    form: Form,
    needs: Needs,
) -> Field {
    Field { id, names, word, shift, bits, form, needs, writable: false }
}

const fn writable(field: Field) -> Field {
    Field { writable: true, ..field }
}

/// Number of a field in [`FIELDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "each is the field of this name in ovs-fields(7)")]
pub enum Id {
    InPort,
    EthType,
    RecircId,
    EthDst,
    VlanTci,
    VlanVid,
    VlanPcp,
    EthSrc,
    InnerTci,
    TpSrc,
    TpDst,
    IcmpType,
    IcmpCode,
    NwProto,
    ArpOp,
    NwTos,
    NwDscp,
    NwEcn,
    NwTtl,
    NwFrag,
    NwSrc,
    NwDst,
    ArpSpa,
    ArpTpa,
    TcpFlags,
    Ipv6Label,
    VlanTpid,
    Fault,
    Ipv6Src,
    Ipv6Dst,
    ArpSha,
    ArpTha,
    NdSll,
    NdTll,
    NdTarget,
    TunId,
    TunTos,
    TunTtl,
    TunSrc,
    TunDst,
    TunTpDst,
    DpHash,
}

/// All fields, in the order of [`Id`].
pub static FIELDS: [Field; 42] = [
    field(Id::InPort, &["in_port"], (0, 48, 16), Form::Port, Needs::Nothing),
    field(Id::EthType, &["dl_type", "eth_type"], (0, 32, 16), Form::Hexadecimal, Needs::Nothing),
    field(Id::RecircId, &["recirc_id"], (0, 0, 32), Form::Hexadecimal, Needs::Nothing),
    writable(field(Id::EthDst, &["dl_dst", "eth_dst"], (1, 16, 48), Form::Mac, Needs::Nothing)),
    writable(field(Id::VlanTci, &["vlan_tci"], (1, 0, 16), Form::Hexadecimal, Needs::Nothing)),
    writable(field(Id::VlanVid, &["dl_vlan", "vlan_vid"], (1, 0, 12), Form::Decimal, Needs::Vlan)),
    writable(field(
        Id::VlanPcp,
        &["dl_vlan_pcp", "vlan_pcp"],
        (1, 13, 3),
        Form::Decimal,
        Needs::Vlan,
    )),
    writable(field(Id::EthSrc, &["dl_src", "eth_src"], (2, 16, 48), Form::Mac, Needs::Nothing)),
    field(Id::InnerTci, &["vlan_tci1"], (2, 0, 16), Form::Hexadecimal, Needs::Nothing),
    writable(field(
        Id::TpSrc,
        &["tp_src", "tcp_src", "udp_src", "sctp_src"],
        (3, 48, 16),
        Form::Decimal,
        Needs::Ports,
    )),
    writable(field(
        Id::TpDst,
        &["tp_dst", "tcp_dst", "udp_dst", "sctp_dst"],
        (3, 32, 16),
        Form::Decimal,
        Needs::Ports,
    )),
    writable(field(
        Id::IcmpType,
        &["icmp_type", "icmpv6_type"],
        (3, 48, 8),
        Form::Decimal,
        Needs::Icmp,
    )),
    writable(field(
        Id::IcmpCode,
        &["icmp_code", "icmpv6_code"],
        (3, 32, 8),
        Form::Decimal,
        Needs::Icmp,
    )),
    field(Id::NwProto, &["nw_proto", "ip_proto"], (3, 24, 8), Form::Decimal, Needs::Ip),
    writable(field(Id::ArpOp, &["arp_op"], (3, 24, 8), Form::Decimal, Needs::Arp)),
    writable(field(Id::NwTos, &["nw_tos"], (3, 16, 8), Form::Decimal, Needs::Ip)),
    writable(field(Id::NwDscp, &["ip_dscp"], (3, 18, 6), Form::Decimal, Needs::Ip)),
    writable(field(Id::NwEcn, &["nw_ecn", "ip_ecn"], (3, 16, 2), Form::Decimal, Needs::Ip)),
    writable(field(Id::NwTtl, &["nw_ttl"], (3, 8, 8), Form::Decimal, Needs::Ip)),
    field(Id::NwFrag, &["nw_frag", "ip_frag"], (3, 0, 8), Form::Fragment, Needs::Ip),
    writable(field(Id::NwSrc, &["nw_src", "ip_src"], (4, 32, 32), Form::Ipv4, Needs::Ipv4)),
    writable(field(Id::NwDst, &["nw_dst", "ip_dst"], (4, 0, 32), Form::Ipv4, Needs::Ipv4)),
    writable(field(Id::ArpSpa, &["arp_spa"], (4, 32, 32), Form::Ipv4, Needs::Arp)),
    writable(field(Id::ArpTpa, &["arp_tpa"], (4, 0, 32), Form::Ipv4, Needs::Arp)),
    field(Id::TcpFlags, &["tcp_flags"], (5, 48, 16), Form::TcpFlags, Needs::Tcp),
    writable(field(Id::Ipv6Label, &["ipv6_label"], (5, 16, 20), Form::Hexadecimal, Needs::Ipv6)),
    field(Id::VlanTpid, &["vlan_tpid"], (5, 0, 2), Form::Decimal, Needs::Vlan),
    field(Id::Fault, &["fault"], (5, 8, 8), Form::Fault, Needs::Nothing),
    writable(field(Id::Ipv6Src, &["ipv6_src"], (6, 0, 128), Form::Ipv6, Needs::Ipv6)),
    writable(field(Id::Ipv6Dst, &["ipv6_dst"], (8, 0, 128), Form::Ipv6, Needs::Ipv6)),
    writable(field(Id::ArpSha, &["arp_sha"], (10, 16, 48), Form::Mac, Needs::Arp)),
    writable(field(Id::ArpTha, &["arp_tha"], (11, 16, 48), Form::Mac, Needs::Arp)),
    writable(field(Id::NdSll, &["nd_sll"], (10, 16, 48), Form::Mac, Needs::Neighbor)),
    writable(field(Id::NdTll, &["nd_tll"], (11, 16, 48), Form::Mac, Needs::Neighbor)),
    writable(field(Id::NdTarget, &["nd_target"], (12, 0, 128), Form::Ipv6, Needs::Neighbor)),
    writable(field(
        Id::TunId,
        &["tun_id", "tunnel_id"],
        (14, 32, 32),
        Form::Hexadecimal,
        Needs::Nothing,
    )),
    writable(field(Id::TunTos, &["tun_tos"], (14, 8, 8), Form::Decimal, Needs::Nothing)),
    writable(field(Id::TunTtl, &["tun_ttl"], (14, 0, 8), Form::Decimal, Needs::Nothing)),
    writable(field(
        Id::TunSrc,
        &["tun_src", "tun_ipv6_src"],
        (15, 0, 128),
        Form::Ipv6,
        Needs::Nothing,
    )),
    writable(field(
        Id::TunDst,
        &["tun_dst", "tun_ipv6_dst"],
        (17, 0, 128),
        Form::Ipv6,
        Needs::Nothing,
    )),
    field(Id::TunTpDst, &["tun_tp_dst"], (19, 32, 16), Form::Decimal, Needs::Nothing),
    field(Id::DpHash, &["dp_hash"], (19, 0, 32), Form::Hexadecimal, Needs::Nothing),
];

impl Id {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        FIELDS.iter().map(|field| field.id)
    }

    /// The field of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::all().find(|id| id.field().names.contains(&name))
    }

    /// What it is.
    pub fn field(self) -> &'static Field {
        &FIELDS[self as usize]
    }

    /// Its usual name.
    pub fn name(self) -> &'static str {
        self.field().names[0]
    }

    /// The most that it can hold.
    pub fn most(self) -> u128 {
        u128::MAX >> (128 - self.field().bits)
    }

    /// Its value in `key`.
    pub fn get(self, key: &Key) -> u128 {
        get(self.field(), key.words())
    }

    /// Which of its bits `mask` looks at.
    pub fn seen(self, mask: &Mask) -> u128 {
        get(self.field(), &mask.0)
    }

    /// Gives it `value` in `key`, where `mask` has ones.
    pub fn set(self, key: &mut Key, value: u128, mask: u128) {
        let Field { word, shift, bits, .. } = *self.field();
        let word = usize::from(word);
        let (value, mask) = (value & self.most(), mask & self.most());
        if bits == 128 {
            key[word] = key[word] & !((mask >> 64) as u64) | ((value & mask) >> 64) as u64;
            key[word + 1] = key[word + 1] & !(mask as u64) | (value & mask) as u64;
        } else {
            key[word] = key[word] & !((mask as u64) << shift) | ((value & mask) as u64) << shift;
        }
    }

    /// Has `mask` look at those of its bits that are ones in `bits`.
    pub fn look(self, mask: &mut Mask, bits: u128) {
        let Field { word, shift, bits: width, .. } = *self.field();
        let (word, bits) = (usize::from(word), bits & self.most());
        if width == 128 {
            mask.0[word] |= (bits >> 64) as u64;
            mask.0[word + 1] |= bits as u64;
        } else {
            mask.0[word] |= (bits as u64) << shift;
        }
    }

    /// Has `mask` look at all of it.
    pub fn look_at(self, mask: &mut Mask) {
        self.look(mask, u128::MAX);
    }
}

fn get(field: &Field, words: &[u64]) -> u128 {
    let word = usize::from(field.word);
    if field.bits == 128 {
        u128::from(words[word]) << 64 | u128::from(words[word + 1])
    } else {
        u128::from(words[word] >> field.shift) & (u128::MAX >> (128 - field.bits))
    }
}

impl Needs {
    /// Whether all packets that are like `value` where `mask` looks have the field.
    pub fn met(self, value: &Key, mask: &Mask) -> bool {
        let is =
            |id: Id, values: &[u128]| id.seen(mask) == id.most() && values.contains(&id.get(value));
        let kind = |kinds: &[u16]| kinds.iter().any(|kind| is(Id::EthType, &[(*kind).into()]));
        let carries = |protocol: u8| is(Id::NwProto, &[protocol.into()]);
        match self {
            Self::Nothing => true,
            Self::Vlan => {
                let present = u128::from(vlan::PRESENT);
                Id::VlanTci.seen(mask) & Id::VlanTci.get(value) & present != 0
            }
            Self::Arp => kind(&[ethernet::ARP, ethernet::RARP]),
            Self::Ipv4 => kind(&[ethernet::IPV4]),
            Self::Ipv6 => kind(&[ethernet::IPV6]),
            Self::Ip => kind(&[ethernet::IPV4, ethernet::IPV6]),
            Self::Ports => {
                Self::Ip.met(value, mask)
                    && [ipv4::TCP, ipv4::UDP, ipv4::SCTP].into_iter().any(carries)
            }
            Self::Tcp => Self::Ip.met(value, mask) && carries(ipv4::TCP),
            Self::Icmp => {
                kind(&[ethernet::IPV4]) && carries(ipv4::ICMP)
                    || kind(&[ethernet::IPV6]) && carries(ipv6::ICMPV6)
            }
            Self::Neighbor => {
                let kinds = [icmpv6::SOLICITATION, icmpv6::ADVERTISEMENT].map(u128::from);
                kind(&[ethernet::IPV6]) && carries(ipv6::ICMPV6) && is(Id::IcmpType, &kinds)
            }
        }
    }

    /// What they are, as an error says it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "any packet",
            Self::Vlan => "a VLAN tag (dl_vlan)",
            Self::Arp => "arp",
            Self::Ipv4 => "ip",
            Self::Ipv6 => "ipv6",
            Self::Ip => "ip or ipv6",
            Self::Ports => "tcp, udp or sctp",
            Self::Tcp => "tcp",
            Self::Icmp => "icmp or icmp6",
            Self::Neighbor => "icmp6 with icmp_type 135 or 136",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_stand_in_the_order_of_their_numbers() {
        for (number, id) in Id::all().enumerate() {
            assert_eq!(id as usize, number);
            assert!(id.field().names.iter().all(|name| Id::named(name) == Some(id)));
        }
    }

    #[test]
    fn a_field_is_read_as_it_was_set_and_no_other_changes() {
        for id in Id::all() {
            let mut key = Key::ZERO;
            id.set(&mut key, u128::MAX, u128::MAX);
            assert_eq!(id.get(&key), id.most(), "{}", id.name());
            let mut mask = Mask::NONE;
            id.look_at(&mut mask);
            assert_eq!(mask.0, *key.words(), "{}", id.name());
            id.set(&mut key, 0, u128::MAX);
            assert_eq!(key, Key::ZERO, "{}", id.name());
        }
    }
}
