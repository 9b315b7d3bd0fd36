//! Values one behind the other, to the end of a payload.

use core::marker::PhantomData;

use serde::Deserialize;

use super::kind::{Damage, Kind};

/// Values of one type that a message ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Items<'a, T> {
    bytes: &'a [u8],
    of: PhantomData<T>,
}

impl<'a, T: Deserialize<'a>> Items<'a, T> {
    /// The values that `bytes` are.
    pub(super) fn read(bytes: &'a [u8], kind: Kind) -> Result<Self, Damage> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (_, behind) = take::<T>(rest).ok_or(Damage::Payload(kind))?;
            if behind.len() == rest.len() {
                return Err(Damage::Payload(kind));
            }
            rest = behind;
        }
        Ok(Self { bytes, of: PhantomData })
    }
}

impl<'a, T: Deserialize<'a>> Iterator for Items<'a, T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let (value, rest) = take(self.bytes)?;
        self.bytes = rest;
        Some(value)
    }
}

fn take<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<(T, &'a [u8])> {
    if bytes.is_empty() { None } else { postcard::take_from_bytes(bytes).ok() }
}
