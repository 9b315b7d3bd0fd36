//! The two 8259 interrupt controllers: moved out of the way and silenced.
#![expect(unsafe_code, reason = "the controllers are behind ports")]

use super::registers;

const COMMAND: [u16; 2] = [0x20, 0xa0];
const DATA: [u16; 2] = [0x21, 0xa1];

/// Masks all their lines. A spurious one still gets through, so their vectors move away from the
/// processor's own, to 0xe0 and up (8259A datasheet, ICW1 to ICW4, OCW1).
pub(super) fn silence() {
    for (chip, (first_vector, cascade)) in [(0xe0, 4), (0xe8, 2)].into_iter().enumerate() {
        write(COMMAND[chip], 0x11);
        write(DATA[chip], first_vector);
        write(DATA[chip], cascade);
        write(DATA[chip], 0x01);
        write(DATA[chip], 0xff);
    }
}

fn write(port: u16, value: u8) {
    // SAFETY: These ports belong to the controllers, which reach no memory.
    unsafe { registers::write_port8(port, value) };
}
