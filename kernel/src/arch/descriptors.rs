//! Each core's segments: flat code and data, and the task state that names its stacks.
#![expect(unsafe_code, reason = "loading segment registers is unsafe")]

use spin::Once;
use x86_64::instructions::segmentation::{CS, DS, ES, SS, Segment};
use x86_64::instructions::tables::load_tss;
use x86_64::structures::gdt::{Descriptor, GlobalDescriptorTable, SegmentSelector};
use x86_64::structures::tss::TaskStateSegment;
use x86_64::{PrivilegeLevel, VirtAddr};

use super::stacks::{CLASSES, Stacks};

/// The code segment, of every core.
pub(super) const CODE: SegmentSelector = SegmentSelector::new(1, PrivilegeLevel::Ring0);
const DATA: SegmentSelector = SegmentSelector::new(2, PrivilegeLevel::Ring0);
const TASK: SegmentSelector = SegmentSelector::new(3, PrivilegeLevel::Ring0);

/// A core's tables; they stay where they are, the processor reads and writes them.
pub(super) struct Descriptors {
    task: Once<TaskStateSegment>,
    table: Once<GlobalDescriptorTable>,
}

impl Descriptors {
    pub(super) const fn new() -> Self {
        Self { task: Once::new(), table: Once::new() }
    }

    /// Makes the tables for a core with `stacks`, and loads them on the core that runs this.
    pub(super) fn load(&'static self, stacks: Stacks) {
        let task = self.task.call_once(|| task(stacks));
        let table = self.table.call_once(|| table(task));
        table.load();
        // SAFETY: The table's first entry is a 64-bit code segment for ring 0.
        unsafe { CS::set_reg(CODE) };
        // SAFETY: The table's second entry is a data segment for ring 0.
        unsafe { SS::set_reg(DATA) };
        // SAFETY: As for SS.
        unsafe { DS::set_reg(DATA) };
        // SAFETY: As for SS.
        unsafe { ES::set_reg(DATA) };
        // SAFETY: The table's third entry is a task state that lives as long as the table.
        unsafe { load_tss(TASK) };
    }
}

fn task(stacks: Stacks) -> TaskStateSegment {
    let mut task = TaskStateSegment::new();
    for class in CLASSES {
        task.interrupt_stack_table[class as usize] = VirtAddr::new(stacks.top(class));
    }
    task
}

fn table(task: &'static TaskStateSegment) -> GlobalDescriptorTable {
    let mut table = GlobalDescriptorTable::new();
    let _ = table.append(Descriptor::kernel_code_segment());
    let _ = table.append(Descriptor::kernel_data_segment());
    let _ = table.append(Descriptor::tss_segment(task));
    table
}
