//! What is taken of Debian: files of its packages, and its kernel with a file system of our making.

pub mod initramfs;
pub mod packages;
pub mod userland;
