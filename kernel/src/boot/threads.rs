//! Which cores are threads of one: those whose APIC ids differ in their lowest bits only.
//!
//! Numbers are those of the Intel SDM, volume 2, CPUID, and of the AMD64 Architecture Programmer's Manual,
//! volume 3, appendix E.

const NEWER_TOPOLOGY: u32 = 0x1f;
const TOPOLOGY: u32 = 0xb;
const AMD_TOPOLOGY: u32 = 0x8000_001e;

const INTEL: u32 = 0x756e_6547; // "Genu", of leaf 0
const THREADS: u32 = 1; // a kind of level
const HAS_AMD_TOPOLOGY: u32 = 1 << 22; // of leaf 0x80000001, ECX
/// AMD's first family with threads; before, what is told there are cores that share a unit.
const ZEN: u32 = 0x17;

/// Lowest bits of APIC ids that tell threads of one core apart, by what `cpuid` answers for a leaf and a
/// part of it: EAX, EBX, ECX, EDX.
pub fn thread_bits(cpuid: impl Fn(u32, u32) -> [u32; 4]) -> u32 {
    let [last, vendor, ..] = cpuid(0, 0);
    by_topology(&cpuid, last)
        .or_else(|| by_amd(&cpuid))
        .or_else(|| (vendor == INTEL && last >= 4).then(|| by_counts(&cpuid)))
        .unwrap_or(0)
}

/// The first level of the newest leaf that has one.
fn by_topology(cpuid: &impl Fn(u32, u32) -> [u32; 4], last: u32) -> Option<u32> {
    [NEWER_TOPOLOGY, TOPOLOGY].into_iter().filter(|leaf| *leaf <= last).find_map(|leaf| {
        let [shift, count, level, _] = cpuid(leaf, 0);
        (count != 0 && level >> 8 & 0xff == THREADS).then_some(shift & 0x1f)
    })
}

fn by_amd(cpuid: &impl Fn(u32, u32) -> [u32; 4]) -> Option<u32> {
    let [version, ..] = cpuid(1, 0);
    let [last, ..] = cpuid(0x8000_0000, 0);
    let family = (version >> 8 & 0xf) + (version >> 20 & 0xff);
    let is_told = last >= AMD_TOPOLOGY && cpuid(0x8000_0001, 0)[2] & HAS_AMD_TOPOLOGY != 0;
    (is_told && family >= ZEN).then(|| bits_of((cpuid(AMD_TOPOLOGY, 0)[1] >> 8 & 0xff) + 1))
}

/// Of so many ids in a package so many are cores'.
fn by_counts(cpuid: &impl Fn(u32, u32) -> [u32; 4]) -> u32 {
    let ids = cpuid(1, 0)[1] >> 16 & 0xff;
    let cores = (cpuid(4, 0)[0] >> 26) + 1;
    bits_of(ids).saturating_sub(bits_of(cores))
}

/// Bits that tell so many apart.
fn bits_of(count: u32) -> u32 {
    count.max(1).next_power_of_two().trailing_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A processor's answers: a leaf, and its registers.
    type Answers = &'static [(u32, [u32; 4])];

    fn bits(answers: Answers) -> u32 {
        thread_bits(|leaf, part| {
            let found = answers.iter().find(|(own, _)| *own == leaf && part == 0);
            found.map_or([0; 4], |(_, registers)| *registers)
        })
    }

    // The answers are those of machines that hwloc 2.9.0 has on record (tests/hwloc/x86).

    #[test]
    fn threads_of_new_xeons_are_told_by_the_topology() {
        let nehalem: Answers = &[
            (0, [0xb, INTEL, 0, 0]),
            (4, [0x1c00_4121, 0, 0, 0]),
            (1, [0x106a5, 0x0010_0800, 0, 0]),
            (0xb, [1, 2, 0x100, 0]),
        ];
        let knights_landing: Answers = &[(0, [0xd, INTEL, 0, 0]), (0xb, [2, 4, 0x100, 0])];
        let dies: Answers =
            &[(0, [0x1f, INTEL, 0, 0]), (0xb, [3, 2, 0x100, 0]), (0x1f, [1, 2, 0x100, 0])];
        assert_eq!([bits(nehalem), bits(knights_landing), bits(dies)], [1, 2, 1]);
    }

    /// A Xeon E5345: four cores in a package, no threads.
    #[test]
    fn an_old_xeon_has_as_many_cores_as_ids() {
        let registers = [(1, [0x6f7, 0x0004_0800, 0, 0]), (4, [0x0c00_0121, 0, 0, 0])];
        let answers = [(0, [0xa, INTEL, 0, 0]), registers[0], registers[1]];
        assert_eq!(bits(Vec::from(answers).leak()), 0);
        // As of a Pentium 4: two ids in a package, and a core.
        let answers =
            [(0, [5, INTEL, 0, 0]), (1, [0xf29, 0x0002_0800, 0, 0]), (4, [0x121, 0, 0, 0])];
        assert_eq!(bits(Vec::from(answers).leak()), 1);
    }

    #[test]
    fn threads_of_an_epyc_are_told_by_amds_own_leaf() {
        let epyc: Answers = &[
            (0, [0xd, 0x6874_7541, 0, 0]),
            (1, [0x0080_0f12, 0x0030_0800, 0, 0]),
            (0x8000_0000, [0x8000_001f, 0, 0, 0]),
            (0x8000_0001, [0x0080_0f12, 0, 0x35c2_33ff, 0]),
            (AMD_TOPOLOGY, [0, 0x100, 0x300, 0]),
        ];
        assert_eq!(bits(epyc), 1);
    }

    #[test]
    fn an_epyc_whose_threads_are_switched_off_has_none() {
        let epyc: Answers = &[
            (0, [0x10, 0x6874_7541, 0, 0]),
            (1, [0x00a0_0f11, 0x0040_0800, 0, 0]),
            (0x8000_0000, [0x8000_0023, 0, 0, 0]),
            (0x8000_0001, [0x00a0_0f11, 0, 0x75c2_37ff, 0]),
            (AMD_TOPOLOGY, [0; 4]),
        ];
        assert_eq!(bits(epyc), 0);
    }

    /// An Opteron 6272, whose cores share a unit by twos, and one of before there were such.
    #[test]
    fn cores_of_an_opteron_are_no_threads() {
        let bulldozer: Answers = &[
            (0, [0xd, 0x6874_7541, 0, 0]),
            (1, [0x0060_0f12, 0x0010_0800, 0, 0]),
            (0x8000_0000, [0x8000_001e, 0, 0, 0]),
            (0x8000_0001, [0x0060_0f12, 0, 0x01c9_bfff, 0]),
            (AMD_TOPOLOGY, [0, 0x100, 0x100, 0]),
        ];
        let santa_rosa: Answers = &[(0, [1, 0x6874_7541, 0, 0]), (1, [0x40f12, 0x0002_0800, 0, 0])];
        assert_eq!([bits(bulldozer), bits(santa_rosa)], [0, 0]);
    }
}
