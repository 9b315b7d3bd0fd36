//! What QEMU asks of whoever has the queues of a card (docs/interop/vhost-user of QEMU).

use std::fs::File;

use vhost::vhost_user::message::{
    VhostTransferStateDirection, VhostTransferStatePhase, VhostUserConfigFlags, VhostUserInflight,
    VhostUserLog, VhostUserMemoryRegion, VhostUserProtocolFeatures, VhostUserShMemConfig,
    VhostUserSharedMsg, VhostUserSingleMemoryRegion, VhostUserVringAddrFlags, VhostUserVringState,
};
use vhost::vhost_user::{Error, GpuBackend, Result, VhostUserBackendReqHandlerMut};

use super::Card;
use super::memory::Memory;
use super::ring::Ring;

/// Features: a queue for commands, which QEMU has itself, and by which all frames are asked for; several
/// pairs of queues; version 1; packed rings; and what vhost-user has of its own.
const CONTROL: u64 = 1 << 17 | 1 << 18;
const PAIRS: u64 = 1 << 22;
const VERSION_1: u64 = 1 << 32;
const PACKED: u64 = 1 << 34;
const OF_VHOST_USER: u64 = 1 << 30;

/// The answer to what was not offered.
const NOT_OFFERED: Error = Error::InvalidOperation("not offered");

impl Card {
    fn ring(&mut self, index: u32) -> Result<&mut Ring> {
        self.rings.get_mut(index as usize).ok_or(Error::InvalidParam)
    }

    /// Forgets what a driver gave: it is not the card's any more.
    fn forget(&mut self) {
        // What was spoiled until now is still so.
        self.spoiled = self.spoiled();
        self.held.iter_mut().for_each(|held| held.clear());
        self.kept.clear();
    }
}

impl VhostUserBackendReqHandlerMut for Card {
    fn set_owner(&mut self) -> Result<()> {
        Ok(())
    }

    fn reset_owner(&mut self) -> Result<()> {
        Ok(())
    }

    fn reset_device(&mut self) -> Result<()> {
        Ok(())
    }

    fn get_features(&mut self) -> Result<u64> {
        let packed = if self.is_packed { PACKED } else { 0 };
        Ok(CONTROL | PAIRS | VERSION_1 | OF_VHOST_USER | packed)
    }

    fn set_features(&mut self, features: u64) -> Result<()> {
        self.rings.iter_mut().for_each(|ring| ring.is_packed = features & PACKED != 0);
        Ok(())
    }

    fn set_mem_table(
        &mut self,
        regions: &[VhostUserMemoryRegion],
        files: Vec<File>,
        _postcopy: Option<bool>,
    ) -> Result<Option<Vec<u64>>> {
        let before = self.memory.take();
        let memory = Memory::map(regions, files).ok_or(Error::InvalidParam)?;
        self.memory = Some(memory.after(before));
        Ok(None)
    }

    fn set_vring_num(&mut self, index: u32, num: u32) -> Result<()> {
        self.ring(index)?.size = num as u16;
        Ok(())
    }

    fn set_vring_addr(
        &mut self,
        index: u32,
        _flags: VhostUserVringAddrFlags,
        descriptor: u64,
        used: u64,
        available: u64,
        _log: u64,
    ) -> Result<()> {
        let memory = self.memory.as_ref().ok_or(Error::InvalidParam)?;
        let guest = |address| memory.guest_address(address).ok_or(Error::InvalidParam);
        let (descriptors, driver, device) = (guest(descriptor)?, guest(available)?, guest(used)?);
        let ring = self.ring(index)?;
        (ring.descriptors, ring.driver, ring.device) = (descriptors, driver, device);
        Ok(())
    }

    fn set_vring_base(&mut self, index: u32, base: u32) -> Result<()> {
        self.ring(index)?.set_base(base);
        Ok(())
    }

    fn get_vring_base(&mut self, index: u32) -> Result<VhostUserVringState> {
        self.forget();
        Ok(VhostUserVringState::new(index, self.ring(index)?.stop()))
    }

    fn set_vring_kick(&mut self, index: u8, _file: Option<File>) -> Result<()> {
        self.starts += u64::from(index == 0);
        self.ring(index.into())?.is_started = true;
        Ok(())
    }

    fn set_vring_call(&mut self, _index: u8, _file: Option<File>) -> Result<()> {
        Ok(())
    }

    fn set_vring_err(&mut self, _index: u8, _file: Option<File>) -> Result<()> {
        Ok(())
    }

    fn get_protocol_features(&mut self) -> Result<VhostUserProtocolFeatures> {
        Ok(VhostUserProtocolFeatures::MQ)
    }

    fn set_protocol_features(&mut self, _features: u64) -> Result<()> {
        Ok(())
    }

    fn get_queue_num(&mut self) -> Result<u64> {
        Ok(self.rings.len() as u64 / 2)
    }

    /// A queue that was started is in use: not every time when QEMU enables it is it heard of.
    fn set_vring_enable(&mut self, _index: u32, _enable: bool) -> Result<()> {
        Ok(())
    }

    fn get_config(&mut self, _: u32, _: u32, _: VhostUserConfigFlags) -> Result<Vec<u8>> {
        Err(NOT_OFFERED)
    }

    fn set_config(&mut self, _: u32, _: &[u8], _: VhostUserConfigFlags) -> Result<()> {
        Err(NOT_OFFERED)
    }

    fn set_gpu_socket(&mut self, _: GpuBackend) -> Result<()> {
        Err(NOT_OFFERED)
    }

    fn get_shared_object(&mut self, _: VhostUserSharedMsg) -> Result<File> {
        Err(NOT_OFFERED)
    }

    fn get_inflight_fd(&mut self, _: &VhostUserInflight) -> Result<(VhostUserInflight, File)> {
        Err(NOT_OFFERED)
    }

    fn set_inflight_fd(&mut self, _: &VhostUserInflight, _: File) -> Result<()> {
        Err(NOT_OFFERED)
    }

    fn get_max_mem_slots(&mut self) -> Result<u64> {
        Err(NOT_OFFERED)
    }

    fn add_mem_region(
        &mut self,
        _: &VhostUserSingleMemoryRegion,
        _: File,
        _: Option<bool>,
    ) -> Result<Option<u64>> {
        Err(NOT_OFFERED)
    }

    fn remove_mem_region(&mut self, _: &VhostUserSingleMemoryRegion) -> Result<()> {
        Err(NOT_OFFERED)
    }

    fn set_device_state_fd(
        &mut self,
        _: VhostTransferStateDirection,
        _: VhostTransferStatePhase,
        _: File,
    ) -> Result<Option<File>> {
        Err(NOT_OFFERED)
    }

    fn check_device_state(&mut self) -> Result<()> {
        Err(NOT_OFFERED)
    }

    fn get_shmem_config(&mut self) -> Result<VhostUserShMemConfig> {
        Err(NOT_OFFERED)
    }

    fn set_log_base(&mut self, _: &VhostUserLog, _: File) -> Result<()> {
        Err(NOT_OFFERED)
    }
}
