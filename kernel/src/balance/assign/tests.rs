use proptest::prelude::*;

use super::*;

const ALL: [Assignment; 3] = [Assignment::Cycles, Assignment::Group, Assignment::RoundRobin];

fn free(cycles: u64) -> Candidate {
    Candidate { cycles, pinned: None, node: 0 }
}

fn pinned(cycles: u64, place: usize) -> Candidate {
    Candidate { cycles, pinned: Some(place), node: 0 }
}

/// The queues that each of so many PMDs gets.
fn shared_out(plan: Plan, queues: &[Candidate], pmds: usize) -> (Vec<Vec<usize>>, Vec<bool>) {
    let mut assigned = vec![Assigned::default(); pmds];
    let mut places = vec![usize::MAX; queues.len()];
    plan.assign(queues, &mut assigned, &mut places);
    let mut lists = vec![Vec::new(); pmds];
    places.iter().enumerate().for_each(|(queue, place)| lists[*place].push(queue));
    for (list, pmd) in lists.iter().zip(&assigned) {
        let cycles: u64 = list.iter().map(|queue| queues[*queue].cycles).sum();
        assert_eq!((pmd.queues, pmd.cycles), (list.len(), cycles));
    }
    (lists, assigned.iter().map(|pmd| pmd.isolated).collect())
}

fn lists(assignment: Assignment, queues: &[Candidate], pmds: usize) -> Vec<Vec<usize>> {
    shared_out(Plan { assignment, isolate: true }, queues, pmds).0
}

#[test]
fn without_load_queues_are_dealt_as_open_vswitch_deals_them() {
    let queues = [free(0); 8];
    assert_eq!(lists(Assignment::RoundRobin, &queues, 2), [[0, 2, 4, 6], [1, 3, 5, 7]]);
    assert_eq!(lists(Assignment::Cycles, &queues, 2), [[0, 3, 4, 7], [1, 2, 5, 6]]);
    assert_eq!(lists(Assignment::Group, &queues, 2), [[0, 2, 4, 6], [1, 3, 5, 7]]);
    for assignment in ALL {
        assert_eq!(lists(assignment, &queues, 1), [[0, 1, 2, 3, 4, 5, 6, 7]]);
    }
}

#[test]
fn with_load_the_heaviest_go_first() {
    // Loads in percent, in order of queues.
    let queues = [10, 80, 70, 30, 60, 40, 20].map(free);
    // 80, 70, 60 there, 40, 30, 20 back, 10 there again.
    assert_eq!(lists(Assignment::Cycles, &queues, 3), [vec![0, 1, 6], vec![2, 3], vec![4, 5]]);
    // 80 | 70 | 60 + 40 | 70 + 30 | 80 + 20 | all have 100: the first.
    assert_eq!(lists(Assignment::Group, &queues, 3), [vec![0, 1, 6], vec![2, 3], vec![4, 5]]);
    assert_eq!(lists(Assignment::RoundRobin, &queues, 3), [vec![0, 3, 6], vec![1, 4], vec![2, 5]]);
}

#[test]
fn pinned_queues_have_their_pmd_to_themselves() {
    let queues = [free(0), pinned(0, 1), free(0), free(0)];
    for assignment in ALL {
        let plan = Plan { assignment, isolate: true };
        let (lists, isolated) = shared_out(plan, &queues, 3);
        assert_eq!((&lists[1], isolated), (&vec![1], vec![false, true, false]), "{assignment:?}");
    }
}

#[test]
fn only_groups_can_do_without_isolation() {
    let queues = [pinned(500, 0), free(100), free(100), free(100)];
    let group = Plan { assignment: Assignment::Group, isolate: false };
    let (lists, isolated) = shared_out(group, &queues, 2);
    assert_eq!((lists, isolated), (vec![vec![0], vec![1, 2, 3]], vec![false; 2]));
    let light = [pinned(50, 0), free(100), free(100), free(100)];
    assert_eq!(shared_out(group, &light, 2).0, [[0, 2], [1, 3]]);
    let cycles = Plan { assignment: Assignment::Cycles, isolate: false };
    assert_eq!(shared_out(cycles, &queues, 2).1, [true, false]);
}

#[test]
fn where_every_pmd_has_a_pinned_queue_none_is_isolated() {
    let queues = [pinned(0, 0), pinned(0, 1), free(0)];
    let plan = Plan { assignment: Assignment::Cycles, isolate: true };
    assert_eq!(shared_out(plan, &queues, 2), (vec![vec![0, 2], vec![1]], vec![false, false]));
}

#[test]
fn a_pin_to_a_pmd_that_there_is_not_is_none() {
    assert_eq!(lists(Assignment::Cycles, &[pinned(0, 7), free(0)], 2), [[0], [1]]);
}

proptest! {
    #[test]
    fn every_queue_has_one_pmd_and_no_stranger_is_with_pinned_ones(
        queues in prop::collection::vec((0..5_u64, prop::option::of(0..6_usize)), 0..17),
        pmds in 1..6_usize,
        way in 0..3_usize,
        isolate: bool,
    ) {
        let queues: Vec<_> =
            queues.into_iter().map(|(cycles, pinned)| Candidate { cycles, pinned, node: 0 }).collect();
        let plan = Plan { assignment: ALL[way], isolate };
        // The sums are compared in there.
        let (lists, isolated) = shared_out(plan, &queues, pmds);
        for (place, list) in lists.iter().enumerate() {
            let is_own = |queue: &usize| queues[*queue].pinned == Some(place);
            prop_assert!(!isolated[place] || list.iter().all(is_own));
        }
        for (number, queue) in queues.iter().enumerate() {
            if let Some(place) = queue.pinned.filter(|place| *place < pmds) {
                prop_assert!(lists[place].contains(&number));
            }
        }
    }
}

/// The queues that each of these PMDs gets, by the nodes of both.
fn on_nodes(assignment: Assignment, queues: &[u8], pmds: &[u8]) -> Vec<Vec<usize>> {
    let queues: Vec<_> = queues.iter().map(|&node| Candidate { node, ..free(0) }).collect();
    let mut assigned: Vec<_> = pmds.iter().map(|&node| Assigned::on(node)).collect();
    let mut places = vec![usize::MAX; queues.len()];
    Plan { assignment, isolate: true }.assign(&queues, &mut assigned, &mut places);
    let mut lists = vec![Vec::new(); pmds.len()];
    places.iter().enumerate().for_each(|(queue, place)| lists[*place].push(queue));
    assert!(assigned.iter().zip(pmds).all(|(pmd, node)| pmd.node == *node));
    lists
}

#[test]
fn a_queue_is_polled_on_the_node_of_its_port() {
    for assignment in ALL {
        let lists = on_nodes(assignment, &[0, 1, 0, 1, 1], &[0, 1, 0, 1]);
        assert_eq!((&lists[0], &lists[2]), (&vec![0], &vec![2]));
        assert_eq!(lists[1].len() + lists[3].len(), 3);
        assert!(lists[1].iter().chain(&lists[3]).all(|queue| [1, 3, 4].contains(queue)));
    }
}

#[test]
fn queues_of_a_node_without_pmds_go_to_the_others_by_turns() {
    for assignment in ALL {
        let lists = on_nodes(assignment, &[2, 2, 2, 2], &[0, 0, 1, 1]);
        assert_eq!(lists, [[0], [2], [1], [3]], "{assignment:?}");
    }
}

#[test]
fn a_node_whose_pmds_are_isolated_is_one_without() {
    let queues = [Candidate { node: 1, ..pinned(0, 1) }, Candidate { node: 1, ..free(0) }];
    let mut assigned = [Assigned::on(0), Assigned::on(1)];
    let mut places = [usize::MAX; 2];
    Plan { assignment: Assignment::Cycles, isolate: true }.assign(
        &queues,
        &mut assigned,
        &mut places,
    );
    assert_eq!(places, [1, 0]);
}
