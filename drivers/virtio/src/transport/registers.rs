//! What can be shown of a device's common registers (4.1.4.3). Names are those of the specification.

use bus::Mmio;

use super::{
    ACCEPT_SELECT, ACCEPTED, CONFIG_VECTOR, FEATURE_SELECT, FEATURES, QUEUE_DESCRIPTORS,
    QUEUE_DEVICE, QUEUE_DRIVER, QUEUE_ENABLE, QUEUE_NOTIFY, QUEUE_SELECT, QUEUE_SIZE, QUEUE_VECTOR,
    STATUS, Transport,
};

/// A register as it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Register {
    /// Its name.
    pub name: &'static str,
    /// Which of several of this name: a queue, or a word of features.
    pub number: Option<u16>,
    /// Where it is among the common registers.
    pub offset: usize,
    /// What it holds.
    pub value: u64,
}

/// How many queues the device has at most, and how often its configuration changed.
const NUM_QUEUES: usize = 0x12;
const GENERATION: usize = 0x15;

/// A register: name, place, bytes.
type Row = (&'static str, usize, usize);

/// Words of features, which a selector chooses: offered and accepted.
const WORDS: [(Row, usize); 2] = [
    (("device_feature", FEATURES, 4), FEATURE_SELECT),
    (("driver_feature", ACCEPTED, 4), ACCEPT_SELECT),
];
/// Registers of the device.
const DEVICE: [Row; 4] = [
    ("config_msix_vector", CONFIG_VECTOR, 2),
    ("num_queues", NUM_QUEUES, 2),
    ("device_status", STATUS, 1),
    ("config_generation", GENERATION, 1),
];
/// Registers of each queue, which a selector chooses.
const QUEUE: [Row; 7] = [
    ("queue_size", QUEUE_SIZE, 2),
    ("queue_msix_vector", QUEUE_VECTOR, 2),
    ("queue_enable", QUEUE_ENABLE, 2),
    ("queue_notify_off", QUEUE_NOTIFY, 2),
    ("queue_desc", QUEUE_DESCRIPTORS, 8),
    ("queue_driver", QUEUE_DRIVER, 8),
    ("queue_device", QUEUE_DEVICE, 8),
];

impl<M: Mmio> Transport<M> {
    /// The register with this `index` among those of the device and its first `queues`; none beyond the
    /// last. Selectors change, which nobody minds between two uses of theirs.
    pub(crate) fn register(&self, index: usize, queues: u16) -> Option<Register> {
        let halves = 2 * WORDS.len();
        if index < halves {
            let (row, select) = WORDS[index / 2];
            self.common.write32(select, (index % 2) as u32);
            return Some(self.read(row, Some((index % 2) as u16)));
        }
        let index = index - halves;
        if let Some(row) = DEVICE.get(index) {
            return Some(self.read(*row, None));
        }
        let index = index - DEVICE.len();
        let queue = u16::try_from(index / QUEUE.len()).ok().filter(|queue| *queue < queues)?;
        self.common.write16(QUEUE_SELECT, queue);
        Some(self.read(QUEUE[index % QUEUE.len()], Some(queue)))
    }

    fn read(&self, (name, offset, bytes): Row, number: Option<u16>) -> Register {
        let value = match bytes {
            1 => self.common.read8(offset).into(),
            2 => self.common.read16(offset).into(),
            4 => self.common.read32(offset).into(),
            // Read in halves, as it is written (4.1.3.1).
            _ => {
                let half = |offset| u64::from(self.common.read32(offset));
                half(offset) | half(offset + 4) << 32
            }
        };
        Register { name, number, offset, value }
    }
}
