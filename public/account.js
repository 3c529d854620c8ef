// The switch of single-letter shortcuts, which the list of keys reads: the choice is this browser's.
const KEPT_AS = 'keydesk-letter-shortcuts';
const letters = document.querySelector('[data-letters]');

function kept() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}

if (letters) letters.checked = kept() !== 'off';
letters?.addEventListener('change', () => {
  try {
    if (letters.checked) localStorage.removeItem(KEPT_AS);
    else localStorage.setItem(KEPT_AS, 'off');
  } catch {
    // A browser that keeps nothing has them on.
    letters.checked = true;
  }
});
