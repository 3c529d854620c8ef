use crate::Verifier;

impl Verifier {
    /// Writes down what trials would have refused. What can't be written waits for the next time.
    pub async fn flush_trials(&self) {
        let (trials, store) = (&self.inner.trials, &self.inner.store);
        let waiting = std::mem::take(&mut *trials.waiting());
        for tried in waiting {
            let delta = tried.take();
            if delta.checked == 0 && delta.findings.is_empty() {
                continue;
            }
            if let Err(error) = store.count_tried(&delta).await {
                // Others may be written all the same.
                tracing::error!(%error, "what a trial would have refused could not be written down; trying again");
                tried.put_back(delta);
                if tried.requeue() {
                    trials.waiting().push(tried);
                }
            }
        }
    }
}
