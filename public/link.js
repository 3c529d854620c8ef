// A link carries its code behind #, which browsers send to nobody. This takes it out of the address, so that it stays in no
// history, and posts it to the page of its kind. Without this people paste the code there.
function follow() {
  const code = location.hash.slice(1);
  if (!code) return;
  history.replaceState(null, '', location.pathname);
  const form = document.createElement('form');
  // Not the whole path: older links have their code in it.
  Object.assign(form, { method: 'post', action: `/${location.pathname.split('/')[1]}`, hidden: true });
  form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'code', value: code }));
  document.body.append(form);
  form.requestSubmit();
}

follow();
// Another link that is opened in the same tab loads no new page.
addEventListener('hashchange', follow);
