use contact_centre::push::{Audience, Ended, Feed, Filter, Next, Start, Stream};

use crate::support::{Centre, is_logged, kind, place, rest};

/// A stream that has a first event and has not taken it.
async fn begun(centre: &mut Centre) -> (Stream, u64) {
    let mut stream = centre.follow(Audience::all(Feed::Calls), Filter::default(), Start::Now);
    rest(&mut stream).await;
    loop {
        centre.pass_in(1, 1_000).await;
        if let Next::Frame(frame) = stream.next().await {
            return (stream, place(&frame).unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn who_does_not_read_is_told_and_loses_nothing_when_they_come_back() {
    let mut centre = Centre::new(71);
    let (mut stream, mut last) = begun(&mut centre).await;
    let from = last;
    centre.pass_in(1_500, 5_000).await;
    let mut read = Vec::new();
    let mut kinds = Vec::new();
    let ended = loop {
        match stream.next().await {
            Next::Frame(frame) => {
                kinds.push(kind(&frame));
                if is_logged(&frame) {
                    last = place(&frame).unwrap();
                    read.push(last);
                }
            }
            Next::Heartbeat => panic!("it was not told"),
            Next::Ended(why) => break why,
        }
    };
    assert_eq!((ended, kinds.last().unwrap().as_str()), (Ended::Slow, "stream.reset"));
    assert_eq!(stream.next().await, Next::Ended(Ended::Slow));
    let mut again = centre.follow(Audience::all(Feed::Calls), Filter::default(), centre.after(last));
    read.extend(rest(&mut again).await.iter().filter(|frame| is_logged(frame)).filter_map(place));
    assert_eq!(read, centre.log(Feed::Calls, from));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_on_by_a_day_makes_nobody_slow() {
    let mut centre = Centre::new(72);
    let from = centre.told();
    let mut stream = centre.follow(Audience::all(Feed::Calls), Filter::default(), Start::Now);
    rest(&mut stream).await;
    centre.pass(24 * 3_600_000);
    let read: Vec<_> = rest(&mut stream).await.iter().filter(|frame| is_logged(frame)).filter_map(place).collect();
    assert!(read.len() > 3_000, "{} events", read.len());
    assert_eq!(read, centre.log(Feed::Calls, from));
}

#[tokio::test(start_paused = true)]
async fn what_a_slow_reader_does_not_want_does_not_wait_for_them() {
    let mut centre = Centre::new(73);
    let nobody = contact_centre::id::AgentId(uuid::Uuid::from_u128(1));
    let filter = Filter { agents: Some([nobody].into()), ..Filter::default() };
    let mut stream = centre.follow(Audience::all(Feed::Calls), filter, Start::Now);
    rest(&mut stream).await;
    centre.pass_in(1_500, 5_000).await;
    assert_eq!(stream.next().await, Next::Heartbeat);
}
