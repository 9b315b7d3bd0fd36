//! Registers that are shown.

use super::bench::{Bench, RX, TX};
use super::card::PACKED;
use crate::Register;

#[test]
fn registers_of_the_device_and_its_queues_are_shown_by_their_names() {
    let bench = Bench::new(256, 0);
    let all: Vec<Register> = (0..).map_while(|index| bench.net.register(index)).collect();
    let value = |name, number| {
        let own: Vec<_> = all.iter().filter(|it| (it.name, it.number) == (name, number)).collect();
        assert_eq!(own.len(), 1, "{name}");
        own[0].value
    };
    assert_eq!(value("device_feature", Some(1)), !PACKED >> 32);
    let accepted = value("driver_feature", Some(0)) | value("driver_feature", Some(1)) << 32;
    let state = bench.card.0.borrow();
    assert_eq!(accepted, state.accepted);
    assert_eq!((value("device_status", None), value("num_queues", None)), (15, 3));
    for (queue, number) in [(RX, Some(0)), (TX, Some(1))] {
        assert_eq!((value("queue_size", number), value("queue_enable", number)), (256, 1));
        let parts = ["queue_desc", "queue_driver", "queue_device"].map(|name| value(name, number));
        assert_eq!(parts, state.rings[queue].parts);
    }
    assert!(all.iter().all(|it| it.number.is_none_or(|number| number < 2)), "two queues");
}
