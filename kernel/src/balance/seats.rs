//! Which cores get a PMD: as many as there are queues, near the ports of those.

use heapless::Vec;

use crate::options::CORES;

/// A core that may get a PMD.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seat {
    /// Its number.
    pub core: usize,
    /// Its node.
    pub node: u8,
}

/// The cores among `seats` that get a PMD, in order, `most` at most: those that a queue is pinned to; then
/// for each queue one on its port's node, if that has one left, or anywhere, if that never had one.
pub fn seated(
    seats: &[Seat],
    is_pinned: impl Fn(usize) -> bool,
    queues: &[u8],
    most: usize,
) -> Vec<usize, CORES> {
    let most = most.min(queues.len());
    let mut taken: Vec<usize, CORES> = Vec::new();
    let pinned = seats.iter().filter(|seat| is_pinned(seat.core)).take(most);
    taken.extend(pinned.map(|seat| seat.core));
    for node in queues {
        let has_any = seats.iter().any(|seat| seat.node == *node);
        let is_near = |seat: &&Seat| seat.node == *node || !has_any;
        let is_free = |seat: &&Seat| !taken.contains(&seat.core);
        let next = seats.iter().filter(is_near).find(is_free).filter(|_| taken.len() < most);
        if let Some(seat) = next {
            let _there_are_no_more = taken.push(seat.core);
        }
    }
    taken.sort_unstable();
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seats(nodes: &[u8]) -> std::vec::Vec<Seat> {
        (1..).zip(nodes).map(|(core, &node)| Seat { core, node }).collect()
    }

    #[test]
    fn there_are_no_more_pmds_than_queues_nor_than_places() {
        let seats = seats(&[0; 4]);
        assert_eq!(*seated(&seats, |_| false, &[0, 0], 16), [1, 2]);
        assert_eq!(*seated(&seats, |_| false, &[0; 9], 16), [1, 2, 3, 4]);
        assert_eq!(*seated(&seats, |_| false, &[0; 9], 3), [1, 2, 3]);
    }

    #[test]
    fn cores_that_queues_are_pinned_to_go_first() {
        let seats = seats(&[0; 4]);
        assert_eq!(*seated(&seats, |core| core == 4, &[0, 0], 16), [1, 4]);
        assert_eq!(*seated(&seats, |core| core > 1, &[0, 0], 16), [2, 3]);
    }

    #[test]
    fn each_queue_gets_a_core_of_its_node() {
        let seats = seats(&[0, 0, 1, 1]);
        assert_eq!(*seated(&seats, |_| false, &[1, 1, 0], 16), [1, 3, 4]);
        assert_eq!(*seated(&seats, |_| false, &[1, 1, 1], 16), [3, 4], "queues share them");
    }

    #[test]
    fn queues_of_a_node_without_cores_get_others() {
        let seats = seats(&[0, 0, 1, 1]);
        assert_eq!(*seated(&seats, |_| false, &[2, 2, 1], 16), [1, 2, 3]);
    }
}
