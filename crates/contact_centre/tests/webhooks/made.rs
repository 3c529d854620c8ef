use contact_centre::{
    push::Feed,
    webhooks::{HOOKS_OF_KEY_MAX, NotDone},
};
use delivery::testing::{Receiver, Reply};
use standardwebhooks::Webhook;

use crate::support::{Centre, body, events};

#[tokio::test]
async fn a_receiver_is_asked_whether_it_wants_to_be_one() {
    let mut centre = Centre::new(1);
    let receiver = Receiver::start().await.unwrap();
    receiver.answer(|_| Reply::status(500));
    let refused = centre.make(Feed::Calls, &["*"], receiver.url()).await;
    assert!(matches!(refused, Err(NotDone::NotVerified(Some(500)))), "{refused:?}");
    receiver.answer(|_| Reply::status(204));
    let (view, secret) = centre.make(Feed::Calls, &["*"], receiver.url()).await.unwrap();
    let asked = receiver.received().pop().unwrap();
    assert_eq!(body(&asked)["type"], "endpoint.verify");
    assert_eq!(asked.header("webhook-id"), view.id().to_string());
    signed_by(&asked, secret.expose());
    assert!(events(&receiver).is_empty());
}

/// An implementation that is not ours checks the signature; not the age, since the clock is that of the test.
pub(crate) fn signed_by(received: &delivery::testing::Received, secret: &str) {
    let webhook = Webhook::new(secret).unwrap();
    let timestamp = received.header("webhook-timestamp").parse().unwrap();
    let expected = webhook.sign(received.header("webhook-id"), timestamp, &received.body).unwrap();
    assert!(received.header("webhook-signature").split(' ').any(|one| one == expected), "{received:?}");
}

#[tokio::test]
async fn what_can_be_no_receiver_is_refused_and_they_are_bounded() {
    let mut centre = Centre::new(2);
    let receiver = Receiver::start().await.unwrap();
    for bad in ["", "ftp://example.com/", "http://10.0.0.1/", "http://user:word@127.0.0.1/"] {
        let refused = centre.make(Feed::Calls, &["*"], bad.to_owned()).await;
        assert!(matches!(refused, Err(NotDone::Url(_))), "{bad} {refused:?}");
    }
    let refused = centre.make(Feed::Calls, &["key.created"], receiver.url()).await;
    assert!(matches!(refused, Err(NotDone::Types(_))), "{refused:?}");
    for _ in 0..HOOKS_OF_KEY_MAX {
        centre.make(Feed::Calls, &["*"], receiver.url()).await.unwrap();
    }
    assert!(matches!(centre.make(Feed::Calls, &["*"], receiver.url()).await, Err(NotDone::Full)));
}
