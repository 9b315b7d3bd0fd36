//! A card that lies or needs a reset is reset while it runs, or quarantined, and no frame is lost.

use bus::Mmio as _;
use frame::{LocalPool, RxQueue, TxQueue};

use super::bench::{Bench, RX, TX, memory, recall, store};
use super::card::{BAR, Card, Config, Ticking, Window};
use crate::{Error, Health, Lie, Net, NetRx, NetTx, News, Why};

/// Bit of the status register by which a card says that it needs a reset.
const NEEDS_RESET: u8 = 0x40;
const FRAMES: usize = 300;

/// How a card lies, to which queue, and what that is counted as.
type Lying = (fn(&mut Bench), usize, Lie);
/// What is wrong with a card that was reset, and what that is called.
type Faulty = (fn(&Card), Error);

/// Cards with split and with packed rings of 64, started.
fn benches() -> impl Iterator<Item = Bench> {
    Bench::each_started(64, FRAMES)
}

impl Bench {
    fn break_down(&self) {
        self.card.0.borrow_mut().status |= NEEDS_RESET;
    }

    /// Looks after the card until there is nothing more to do.
    fn mend(&mut self) -> Vec<News> {
        let mut news = Vec::new();
        for _ in 0..8000 {
            news.extend(self.tend());
            self.keep_house();
            if !self.net.is_urgent() {
                return news;
            }
        }
        panic!("there is no end of it: {news:?}");
    }

    /// The card works again, and has all that a new one has.
    fn works(mut self) {
        assert!(self.net.is_link_up() && self.is_bus_master());
        assert!(self.card.0.borrow().receives_all && self.card.0.borrow().status == 15);
        for round in 0..100_u8 {
            for number in 0..32 {
                assert!(self.deliver(&[round, number]));
            }
            assert_eq!((self.poll().lies, self.burst.len()), (0, 32));
            self.forward();
            assert_eq!(self.send(), 32);
            assert_eq!(self.transmit()[31], [round, 31]);
        }
        self.tx.reclaim(&mut self.pool);
        assert_eq!((self.tx.backlog(), self.at_home()), (0, FRAMES - 64));
        self.census();
    }

    /// The card is quarantined for good, and every frame is in a pool.
    fn stays_quarantined(mut self, why: Why) {
        assert_eq!(self.net.health().why, Some(why));
        assert!(self.net.health().is_quarantined && !self.net.is_urgent());
        self.card.0.borrow_mut().never_resets = false;
        self.clock.pass(1_000_000);
        assert_eq!(self.mend(), [], "for good");
        assert!(!self.is_bus_master() && !self.net.is_link_up());
        assert_eq!((self.tx.backlog(), self.at_home()), (0, FRAMES));
        self.fill_outbox(3);
        assert_eq!((self.send(), self.poll()), (0, Default::default()));
        self.census();
    }
}

#[test]
fn a_card_that_needs_a_reset_gets_one_and_goes_on() {
    for mut bench in benches() {
        assert_eq!((bench.mend(), bench.net.health()), (vec![], Health::default()));
        bench.break_down();
        assert_eq!(bench.mend(), [News::Reset(Why::NeedsReset), News::Works]);
        let health = Health { resets: 1, why: Some(Why::NeedsReset), is_quarantined: false };
        assert_eq!((bench.net.health(), bench.mend()), (health, vec![]));
        bench.works();
    }
}

#[test]
fn a_card_that_was_reset_by_somebody_else_is_set_up_again() {
    for mut bench in benches() {
        bench.card.map()(BAR, 0x38).unwrap().write8(0x14, 0);
        assert_eq!(bench.mend(), [News::Reset(Why::NeedsReset), News::Works]);
        bench.works();
    }
}

#[test]
fn each_step_waits_for_the_one_before_and_the_link_is_down_meanwhile() {
    for mut bench in benches() {
        bench.break_down();
        bench.card.0.borrow_mut().never_resets = true;
        assert_eq!(bench.tend(), Some(News::Reset(Why::NeedsReset)));
        assert!(!bench.is_bus_master() && !bench.net.is_link_up() && bench.net.is_urgent());
        assert_eq!(bench.tend(), None);
        bench.keep_house();
        assert_eq!(bench.at_home(), FRAMES - 64, "the card is not known to let go yet");
        bench.card.0.borrow_mut().never_resets = false;
        bench.card.map()(BAR, 0x38).unwrap().write8(0x14, 0);
        assert_eq!(bench.tend(), None);
        assert_eq!(bench.tend(), None);
        assert_eq!(bench.card.0.borrow().status, 0, "queues have not given up what they have");
        bench.tx.keep_house(&mut bench.pool);
        assert_eq!(bench.tend(), None);
        assert_eq!(bench.card.0.borrow().status, 0, "one has not");
        bench.rx.keep_house(&mut bench.pool);
        assert_eq!(bench.at_home(), FRAMES);
        assert!(!bench.is_bus_master());
        assert_eq!(bench.tend(), None);
        assert_eq!((bench.card.0.borrow().status, bench.net.is_link_up()), (15, false));
        assert_eq!(bench.tend(), Some(News::Works));
        bench.fill_outbox(1);
        assert_eq!(bench.send(), 0, "it has not heard of that");
        bench.keep_house();
        assert_eq!((bench.at_home(), bench.send()), (FRAMES - 65, 1));
        assert_eq!(bench.transmit().len(), 1);
        bench.tx.reclaim(&mut bench.pool);
        bench.works();
    }
}

#[test]
fn what_was_received_by_then_is_taken_and_what_was_not_sent_is_counted() {
    for mut bench in benches() {
        bench.fill_outbox(20);
        assert_eq!((bench.send(), bench.transmit().len()), (20, 20));
        bench.fill_outbox(7);
        assert_eq!(bench.send(), 7);
        assert!((0..40).all(|number| bench.deliver(&[number])));
        bench.break_down();
        let news: Vec<News> = (0..4).filter_map(|_| bench.tend()).collect();
        assert_eq!(news, [News::Reset(Why::NeedsReset)]);
        bench.fill_outbox(2);
        assert_eq!(bench.send(), 2, "it has not heard of that");
        bench.keep_house();
        assert_eq!((bench.tx.backlog(), bench.tx.unsent()), (0, 9));
        for count in [32, 8] {
            bench.poll();
            assert_eq!(bench.received().len(), count);
            bench.keep_house();
        }
        assert_eq!((bench.at_home(), bench.rx.lies_by_kind().total()), (FRAMES, 0));
        assert_eq!(bench.mend(), [News::Works]);
        bench.works();
    }
}

#[test]
fn a_queue_that_was_lied_to_too_often_has_its_card_reset() {
    let lies: [Lying; 4] = [
        (|bench| bench.use_rx(64, 72), RX, Lie::IdOutOfRange),
        (|bench| bench.use_rx(0, 11), RX, Lie::TooShort),
        (|bench| bench.card.ring(TX, |ring| ring.put(70, 0)), TX, Lie::IdOutOfRange),
        (|bench| bench.card.ring(TX, |ring| ring.put(63, 0)), TX, Lie::IdNotGiven),
    ];
    for (lie, queue, kind) in lies {
        for mut bench in benches() {
            bench.fill_outbox(32);
            assert_eq!(bench.send(), 32);
            let _given = bench.next_offer();
            for _ in 0..16 {
                assert!(!bench.net.is_urgent());
                lie(&mut bench);
                bench.poll();
                bench.keep_house();
            }
            assert!(bench.net.is_urgent());
            let why = Why::Lied(queue as u16, kind);
            assert_eq!(bench.mend(), [News::Reset(why), News::Works]);
            let told = bench.rx.lies_by_kind().total() + bench.tx.lies();
            assert_eq!((told, bench.tx.unsent()), (16, 32), "{kind:?}");
            bench.works();
        }
    }
}

#[test]
fn an_index_that_jumps_has_the_card_reset() {
    for queue in [RX, TX] {
        let mut bench = Bench::started(64, FRAMES);
        bench.card.ring(queue, |ring| ring.jump(65));
        bench.poll();
        bench.keep_house();
        let why = Why::Lied(queue as u16, Lie::IndexJump);
        assert_eq!(bench.mend(), [News::Reset(why), News::Works]);
        bench.works();
    }
}

#[test]
fn a_card_is_quarantined_in_the_place_of_a_fourth_reset_within_a_minute() {
    for mut bench in benches() {
        for _ in 0..20 {
            bench.break_down();
            assert_eq!(bench.mend(), [News::Reset(Why::NeedsReset), News::Works]);
            bench.clock.pass(20_000);
        }
        bench.clock.pass(40_000);
        for _ in 0..3 {
            bench.break_down();
            assert_eq!(bench.mend(), [News::Reset(Why::NeedsReset), News::Works]);
        }
        bench.break_down();
        assert_eq!(bench.mend(), [News::Quarantined(Why::NeedsReset)]);
        assert_eq!(bench.net.health().resets, 23);
        bench.stays_quarantined(Why::NeedsReset);
    }
}

#[test]
fn a_card_that_cannot_be_set_up_again_is_quarantined() {
    let faults: [Faulty; 7] = [
        (|card| card.0.borrow_mut().never_resets = true, Error::StuckInReset),
        (|card| card.0.borrow_mut().is_picky = true, Error::FeaturesRefused),
        (|card| card.0.borrow_mut().offered &= !(1 << 18), Error::Changed),
        (|card| card.0.borrow_mut().offered = 0, Error::TooOld),
        (|card| card.ring(TX, |ring| ring.size = 32), Error::Changed),
        (|card| card.0.borrow_mut().answer = Some(1), Error::CommandRefused),
        (|card| card.0.borrow_mut().answer = None, Error::CommandRefused),
    ];
    for (fault, error) in faults {
        for mut bench in benches() {
            bench.fill_outbox(5);
            assert_eq!(bench.send(), 5);
            fault(&bench.card);
            bench.break_down();
            let why = Why::Failed(error);
            assert_eq!(bench.mend(), [News::Reset(Why::NeedsReset), News::Quarantined(why)]);
            assert_eq!(bench.tx.unsent(), 5);
            bench.stays_quarantined(why);
        }
    }
}

#[test]
fn a_card_that_answers_no_more_is_quarantined_at_once() {
    for mut bench in benches() {
        bench.card.0.borrow_mut().never_resets = true;
        bench.card.0.borrow_mut().status = 0xFF;
        assert_eq!(bench.mend(), [News::Quarantined(Why::Gone)]);
        assert_eq!(bench.net.health().resets, 0);
        bench.stays_quarantined(Why::Gone);
    }
}

#[test]
fn a_card_whose_queues_are_not_given_up_is_quarantined_and_they_may_be_given_up_later() {
    for mut bench in benches() {
        bench.break_down();
        let news: Vec<News> = (0..50_000).filter_map(|_| bench.tend()).collect();
        assert_eq!(news, [News::Reset(Why::NeedsReset)], "50 s are not too long");
        let news: Vec<News> = (0..12_000).filter_map(|_| bench.tend()).collect();
        assert_eq!(news, [News::Quarantined(Why::NotGivenUp)]);
        bench.stays_quarantined(Why::NotGivenUp);
    }
}

#[test]
fn all_pairs_of_a_card_are_given_up_and_used_again() {
    let function = Config::of(0x1041).function();
    let card = Card::with_pairs(4);
    let (clock, map) = (Ticking::default(), &mut card.map());
    let mut net = Net::open(&function, &mut *map, recall(), &clock).unwrap();
    let mut pair = |_| net.add_pair(&mut *map, memory(Net::<Config, Window>::MEMORY)).unwrap();
    let mut pairs: Vec<(NetRx<_>, NetTx<_>)> = (0..3).map(&mut pair).collect();
    net.start(map, memory(Net::<Config, Window>::CONTROL_MEMORY), &clock).unwrap();
    let store = store(2000);
    let pool = &mut LocalPool::new(store);
    pairs.iter_mut().for_each(|(rx, _)| assert_eq!(rx.start(pool), 256));
    card.0.borrow_mut().status |= NEEDS_RESET;
    let mut news = Vec::new();
    for step in 0..20 {
        news.extend(net.tend(&clock));
        let (rx, tx) = &mut pairs[step % 3];
        rx.keep_house(pool);
        tx.keep_house(pool);
    }
    assert_eq!(news, [News::Reset(Why::NeedsReset), News::Works]);
    let state = card.0.borrow();
    assert_eq!((state.status, state.used_pairs, state.receives_all), (15, 3, true));
    let enabled = state.rings.iter().map(|ring| ring.is_enabled).collect::<Vec<_>>();
    assert_eq!(enabled, [true, true, true, true, true, true, false, false, true]);
    assert_eq!(pool.level() + store.level(), 2000 - 3 * 256);
    pairs.into_iter().for_each(|(rx, _)| rx.into_frames().for_each(core::mem::forget));
    while let Some(frame) = pool.take() {
        core::mem::forget(frame);
    }
}

#[test]
fn reasons_are_told_in_words() {
    let told = [
        (Why::NeedsReset, "it needed a reset"),
        (Why::Lied(0, Lie::IndexJump), "lies to rx queue 0 (index jump)"),
        (Why::Lied(5, Lie::IdNotGiven), "lies to tx queue 2 (id not given)"),
        (Why::Gone, "it answers no more"),
        (Why::Failed(Error::Changed), "it cannot be set up again: Changed"),
    ];
    for (why, words) in told {
        assert_eq!(why.to_string(), words);
    }
}
