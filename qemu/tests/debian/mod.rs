//! What tests take of Debian: files of its packages, and its kernel with a file system of our making.

pub(crate) mod initramfs;
pub(crate) mod packages;
pub(crate) mod userland;
