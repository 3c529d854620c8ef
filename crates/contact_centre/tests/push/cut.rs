use contact_centre::push::{Audience, Feed, Filter, Next};
use proptest::prelude::*;

use crate::support::{Centre, is_logged, place, rest};

fn blocking<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap().block_on(future)
}

/// What a reader gets who is cut off after so many events, while so much time passes, again and again.
async fn read_in_parts(centre: &mut Centre, feed: Feed, cuts: &[(usize, i64)]) -> (Vec<u64>, Vec<u64>) {
    let from = centre.told();
    let (mut last, mut read) = (from, Vec::new());
    for (events, ms) in cuts {
        let mut stream = centre.follow(Audience::all(feed), Filter::default(), centre.after(last));
        let mut taken = 0;
        while taken < *events {
            match stream.next().await {
                Next::Frame(frame) => {
                    last = place(&frame).unwrap_or(last);
                    if is_logged(&frame) {
                        read.push(last);
                        taken += 1;
                    }
                }
                Next::Heartbeat => break,
                Next::Ended(why) => panic!("{why:?}"),
            }
            if taken == events / 2 {
                centre.pass(*ms);
            }
        }
        drop(stream);
        centre.pass(*ms);
    }
    let mut stream = centre.follow(Audience::all(feed), Filter::default(), centre.after(last));
    read.extend(rest(&mut stream).await.iter().filter(|frame| is_logged(frame)).filter_map(place));
    (read, centre.log(feed, from))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]
    #[test]
    fn a_reader_who_is_cut_off_anywhere_gets_the_whole_log_once(
        seed in 0_u64..1_000,
        feed in prop::sample::select(Feed::ALL),
        cuts in prop::collection::vec((0_usize..80, 0_i64..20_000), 20..40),
    ) {
        let mut centre = Centre::new(seed);
        let (read, log) = blocking(read_in_parts(&mut centre, feed, &cuts));
        // Of queues little is logged; of agents and calls something within minutes.
        prop_assert!(feed == Feed::Queues || !log.is_empty());
        prop_assert_eq!(read, log);
    }
}
