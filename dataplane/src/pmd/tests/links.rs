//! Ports whose link is down.

use super::*;

#[test]
fn what_was_to_leave_by_a_link_that_is_down_is_dropped_as_such_and_passes_when_it_is_up() {
    let mut bench = Bench::new(3, &[(0, 1), (2, 1)]);
    let set_down = |bench: &mut Bench, down| {
        let (current, draft) = bench.hold.network.draft().unwrap();
        draft.copy_from(current);
        draft.down = down;
        bench.hold.network.publish();
        bench.run(HOUSEKEEPING);
    };
    let send = |bench: &Bench| (0..40).for_each(|number| bench.send(0, frame(number, 60)));
    set_down(&mut bench, 0b010);
    send(&bench);
    bench.send(1, frame(7, 60));
    bench.run(2);
    let account = bench.account(0);
    assert_eq!((account.forwarded, account.dropped[Reason::LinkDown as usize]), (0, 40));
    assert_eq!(
        (bench.gone(1).len(), bench.account(1).sent, bench.account(1).sent_bytes),
        (0, 0, 0)
    );
    assert_eq!(bench.account(1).forwarded, 1, "what comes in by it passes");
    let rows: u32 = (1..4000)
        .filter_map(|it| bench.metrics.history().iteration(it))
        .map(|row| row.tx_dropped)
        .sum();
    assert_eq!(rows, 0, "no ring was full");
    bench.pmd.set_flush_interval(2000);
    send(&bench);
    bench.run(4000);
    assert_eq!(bench.account(0).dropped[Reason::LinkDown as usize], 80, "kept or not");
    set_down(&mut bench, 0b001);
    send(&bench);
    bench.run(4000);
    assert_eq!((bench.account(0).forwarded, bench.gone(1).len()), (40, 40));
    let reading = bench.ledger.read().unwrap();
    assert_eq!((reading.accounts[0].unaccounted(), reading.parked), (0, 0));
    assert_eq!(bench.frames_at_home(), FRAMES);
}
