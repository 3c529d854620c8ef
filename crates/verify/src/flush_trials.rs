use crate::Verifier;

impl Verifier {
    /// Writes down what trials would have refused. What can't be written waits for the next time.
    pub async fn flush_trials(&self) {
        let (trials, store) = (&self.inner.trials, &self.inner.store);
        let waiting = std::mem::take(&mut *trials.waiting());
        for (number, tried) in waiting.iter().enumerate() {
            let delta = tried.take();
            if delta.checked == 0 && delta.findings.is_empty() {
                continue;
            }
            if let Err(error) = store.count_tried(&delta).await {
                tracing::error!(%error, "what a trial would have refused could not be written down; trying again");
                tried.put_back(delta);
                // Those after it are still marked as waiting.
                let this = tried.requeue().then_some(tried);
                let later = waiting.iter().skip(number + 1);
                return trials.waiting().extend(this.into_iter().chain(later).cloned());
            }
        }
    }
}
