import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { JSDOM } from 'jsdom';

const PUBLIC = resolve(import.meta.dirname, '../../public');

/** The time on every page. */
export const NOW = Date.parse('2026-03-01T12:00:00Z');

/**
 * A page with this body, on which a script of `public/` has run. Its clock stands still, its reader is in London, and its
 * intervals pass when `tick` is called. `answer` is the server's answer to each `fetch`; `asked` lists them all. `before`
 * sees the window before the script does.
 */
export function open(script, body, { path = '/', answer = () => { throw new Error('away'); }, before = () => {},
  timeZone = 'UTC', locale = 'en-GB' } = {}) {
  const { window } = new JSDOM(`<!doctype html><html><body>${body}</body></html>`, {
    url: `https://keydesk.example${path}`,
    runScripts: 'outside-only',
    pretendToBeVisual: true,
  });
  const { document } = window;
  const page = { window, document, asked: [], copied: [], hidden: [], intervals: [] };
  window.Date.now = () => NOW;
  window.Intl = {
    RelativeTimeFormat: class extends Intl.RelativeTimeFormat {
      constructor(_, options) { super('en-GB', options); }
    },
    DateTimeFormat: class extends Intl.DateTimeFormat {
      constructor(_, options) { super(locale, { timeZone, ...options }); }
    },
    Locale: Intl.Locale,
  };
  window.setInterval = (work, milliseconds) => page.intervals.push({ work, milliseconds });
  window.fetch = async (url, options) => {
    page.asked.push({ url: String(url), ...options });
    return answer(url, options);
  };
  window.navigator.clipboard = { writeText: async (text) => { page.copied.push(text); } };
  // Functions that browsers have and jsdom lacks.
  window.HTMLElement.prototype.hidePopover = function () { page.hidden.push(this.id); };
  window.HTMLDialogElement.prototype.showModal = function () { this.open = true; };
  window.HTMLDialogElement.prototype.close = function () {
    if (!this.open) return;
    this.open = false;
    this.dispatchEvent(new window.Event('close'));
  };
  Object.defineProperty(window.Element.prototype, 'ariaChecked', {
    get() { return this.getAttribute('aria-checked'); },
    set(value) { this.setAttribute('aria-checked', value); },
  });

  page.find = (selector) => document.querySelector(selector);
  page.text = (selector) => page.find(selector).textContent;
  page.send = (selector, event) => { page.find(selector).dispatchEvent(event); return event; };
  page.press = (key) => {
    const event = new window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true });
    document.activeElement.dispatchEvent(event);
    return event;
  };
  page.submit = (form, submitter) => {
    const event = new window.SubmitEvent('submit', {
      bubbles: true, cancelable: true, submitter: submitter ? page.find(submitter) : null,
    });
    return page.send(form, event);
  };
  page.change = (selector, set) => {
    Object.assign(page.find(selector), set);
    page.send(selector, new window.Event('change', { bubbles: true }));
  };
  /** Lets pending promises and mutation observers run. */
  page.settle = async () => { for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate); };
  page.tick = async () => { for (const { work } of page.intervals) await work(); };

  before(window);
  window.eval(readFileSync(resolve(PUBLIC, script), 'utf8'));
  return page;
}
