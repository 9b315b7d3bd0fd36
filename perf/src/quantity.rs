//! What there are histograms of: the seven of Open vSwitch, and latency.

use crate::histogram::{Cell, Layout, WALLS, bucket_count, cell_count, cells};

/// A quantity whose samples are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// Cycles of an iteration.
    Cycles,
    /// Packets that an iteration received.
    Packets,
    /// Cycles of an iteration for each packet, of iterations that received any.
    PerPacket,
    /// Packets of a poll that brought any.
    Batch,
    /// Fill of the fullest receive ring that an iteration met, in frames.
    Fill,
    /// Upcalls of an iteration.
    Upcalls,
    /// Cycles of an upcall.
    PerUpcall,
    /// Cycles from the end of the poll that brought a burst to the doorbell of the transmit ring.
    Latency,
}

/// The walls, and the power of two that samples mostly lie below.
const CYCLES: ([u32; WALLS], usize) = (
    [
        499, 716, 1025, 1469, 2104, 3014, 4317, 6183, 8857, 12686, 18171, 26027, 37279, 53395,
        76480, 109544, 156903, 224736, 321895, 461058, 660385, 945886, 1354815, 1940535, 2779476,
        3981111, 5702243, 8167461, 11698454, 16755981, 24000000,
    ],
    36,
);
const PACKETS: ([u32; WALLS], usize) = (
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 17, 22, 28, 35, 45, 57, 72, 92, 117, 148, 188,
        239, 303, 385, 489, 621, 788, 1000,
    ],
    10,
);
const PER_PACKET: ([u32; WALLS], usize) = (
    [
        100, 1096, 2093, 3090, 4086, 5083, 6080, 7076, 8073, 9070, 10066, 11063, 12060, 13056,
        14053, 15050, 16046, 17043, 18040, 19036, 20033, 21030, 22026, 23023, 24020, 25016, 26013,
        27010, 28006, 29003, 30000,
    ],
    36,
);
const BATCH: ([u32; WALLS], usize) = (
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25,
        26, 27, 28, 29, 30, 32,
    ],
    7,
);
const FILL: ([u32; WALLS], usize) = (
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 20, 25, 31, 38, 48, 59, 73, 91, 113, 140,
        174, 216, 268, 332, 412, 512,
    ],
    16,
);
const UPCALLS: ([u32; WALLS], usize) = (
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
        25, 26, 27, 28, 29, 30,
    ],
    10,
);
const PER_UPCALL: ([u32; WALLS], usize) = (
    [
        999, 1258, 1584, 1995, 2511, 3162, 3981, 5011, 6309, 7943, 9999, 12589, 15848, 19952,
        25118, 31622, 39810, 50118, 63095, 79432, 99999, 125892, 158489, 199526, 251188, 316227,
        398107, 501187, 630957, 794328, 1000000,
    ],
    36,
);

const ALL: [&([u32; WALLS], usize); Quantity::COUNT] =
    [&CYCLES, &PACKETS, &PER_PACKET, &BATCH, &FILL, &UPCALLS, &PER_UPCALL, &CYCLES];

static CYCLES_CELLS: [Cell; cell_count(CYCLES.1)] = cells(&CYCLES.0);
static PACKETS_CELLS: [Cell; cell_count(PACKETS.1)] = cells(&PACKETS.0);
static PER_PACKET_CELLS: [Cell; cell_count(PER_PACKET.1)] = cells(&PER_PACKET.0);
static BATCH_CELLS: [Cell; cell_count(BATCH.1)] = cells(&BATCH.0);
static FILL_CELLS: [Cell; cell_count(FILL.1)] = cells(&FILL.0);
static UPCALLS_CELLS: [Cell; cell_count(UPCALLS.1)] = cells(&UPCALLS.0);
static PER_UPCALL_CELLS: [Cell; cell_count(PER_UPCALL.1)] = cells(&PER_UPCALL.0);

static LAYOUTS: [Layout; Quantity::COUNT] = [
    layout(Quantity::Cycles, &CYCLES_CELLS),
    layout(Quantity::Packets, &PACKETS_CELLS),
    layout(Quantity::PerPacket, &PER_PACKET_CELLS),
    layout(Quantity::Batch, &BATCH_CELLS),
    layout(Quantity::Fill, &FILL_CELLS),
    layout(Quantity::Upcalls, &UPCALLS_CELLS),
    layout(Quantity::PerUpcall, &PER_UPCALL_CELLS),
    layout(Quantity::Latency, &CYCLES_CELLS),
];

const fn layout(of: Quantity, cells: &'static [Cell]) -> Layout {
    Layout { walls: ALL[of as usize].0, cells, buckets: of.buckets() }
}

/// The first bucket of each histogram among those of all, and the end of the last.
const OFFSETS: [usize; Quantity::COUNT + 1] = {
    let mut offsets = [0; Quantity::COUNT + 1];
    let mut i = 0;
    while i < Quantity::COUNT {
        offsets[i + 1] = offsets[i] + bucket_count(&ALL[i].0, ALL[i].1);
        i += 1;
    }
    offsets
};

/// Buckets of all histograms together.
pub(crate) const BUCKETS: usize = OFFSETS[Quantity::COUNT];

impl Quantity {
    /// How many there are.
    pub const COUNT: usize = 8;

    /// Those of Open vSwitch, in the order of its columns, and latency.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Cycles,
        Self::Packets,
        Self::PerPacket,
        Self::Batch,
        Self::Fill,
        Self::Upcalls,
        Self::PerUpcall,
        Self::Latency,
    ];

    /// Its title; for the first seven that of Open vSwitch.
    pub const fn title(self) -> &'static str {
        match self {
            Self::Cycles => "cycles/it",
            Self::Packets => "packets/it",
            Self::PerPacket => "cycles/pkt",
            Self::Batch => "pkts/batch",
            Self::Fill => "max vhost qlen",
            Self::Upcalls => "upcalls/it",
            Self::PerUpcall => "cycles/upcall",
            Self::Latency => "poll-to-doorbell",
        }
    }

    /// Where the walls and buckets of its histogram stand.
    #[inline]
    pub fn layout(self) -> &'static Layout {
        &LAYOUTS[self as usize]
    }

    /// Its first bucket among those of all.
    pub(crate) const fn offset(self) -> usize {
        OFFSETS[self as usize]
    }

    pub(crate) const fn buckets(self) -> usize {
        OFFSETS[self as usize + 1] - OFFSETS[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_stand_in_the_order_of_their_numbers() {
        for (number, quantity) in Quantity::ALL.into_iter().enumerate() {
            assert_eq!(quantity as usize, number, "{}", quantity.title());
        }
    }

    #[test]
    fn linear_walls_are_equal_parts_rounded_down() {
        for (quantity, least, most) in [
            (Quantity::PerPacket, 100, 30_000),
            (Quantity::Batch, 0, 32),
            (Quantity::Upcalls, 0, 30),
        ] {
            let walls = (0..WALLS as u32).map(|i| least + i * (most - least) / 30);
            assert!(walls.eq(quantity.layout().walls), "{}", quantity.title());
        }
    }

    #[test]
    fn logarithmic_walls_are_those_of_the_formula() {
        for (quantity, least, most) in
            [(Quantity::Cycles, 500.0_f64, 24_000_000.0_f64), (Quantity::PerUpcall, 1e3, 1e6)]
        {
            let part = (most.ln() - least.ln()) / 30.0;
            let wall = |i: usize| (least.ln() + part * i as f64).exp() as u32;
            let walls = quantity.layout().walls;
            assert!((0..WALLS - 1).map(wall).eq(walls[..WALLS - 1].iter().copied()));
            assert_eq!(f64::from(walls[WALLS - 1]), most);
        }
    }

    #[test]
    fn logarithmic_walls_from_0_give_small_samples_a_bin_each() {
        for (quantity, most) in [(Quantity::Packets, 1000_u32), (Quantity::Fill, 512)] {
            let part = f64::from(most).ln() / 29.0;
            let mut walls = vec![0];
            for i in 0..30 {
                let wall = (part * f64::from(i)).exp() as u32;
                walls.push(wall.max(walls.last().unwrap() + 1));
            }
            walls[WALLS - 1] = walls[WALLS - 1].max(most);
            assert_eq!(walls, quantity.layout().walls, "{}", quantity.title());
        }
    }
}
