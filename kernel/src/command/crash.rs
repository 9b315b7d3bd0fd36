//! Ways to crash, to see the report.

/// A way to crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crash {
    /// Read where nothing is mapped.
    PageFault,
    /// Run off the end of the stack.
    StackOverflow,
    /// Panic.
    Panic,
    /// Read through a null pointer.
    NullRead,
    /// Write to code.
    TextWrite,
    /// Divide by zero.
    DivideError,
    /// Execute what is no instruction.
    InvalidOpcode,
    /// Read at what is no address.
    GeneralProtection,
    /// Take an NMI, which a core survives.
    Nmi,
    /// Stand still for good, as if the core had never come back from something.
    Hang,
    /// Panic, and fault in the report of that.
    Twice,
}

impl Crash {
    /// All of them, in the order of [`Self::NAMES`].
    pub const ALL: [Self; 11] = [
        Self::PageFault,
        Self::StackOverflow,
        Self::Panic,
        Self::NullRead,
        Self::TextWrite,
        Self::DivideError,
        Self::InvalidOpcode,
        Self::GeneralProtection,
        Self::Nmi,
        Self::Hang,
        Self::Twice,
    ];

    /// Their names.
    pub const NAMES: [&'static str; 11] = [
        "page-fault",
        "stack-overflow",
        "panic",
        "null-read",
        "text-write",
        "divide-error",
        "invalid-opcode",
        "general-protection",
        "nmi",
        "hang",
        "twice",
    ];
}
