import type { Page } from '@playwright/test';

/** What translators and extensions do to a page before it is awake. */
export type Foreign = 'an element behind each field' | 'words around each text' | 'nodes at the ends of the body' | 'attributes';

export const FOREIGN: Foreign[] = [
  'an element behind each field',
  'words around each text',
  'nodes at the ends of the body',
  'attributes',
];

/** Changes every page that is opened from now on, as soon as it is read and before any script of it runs. */
export async function meddle(page: Page, kinds: Foreign[] = FOREIGN): Promise<void> {
  await page.addInitScript((wanted: string[]) => {
    const made = (name: string) => Object.assign(document.createElement(name), { className: 'foreign', hidden: true });
    const meddling: Record<string, () => void> = {
      'an element behind each field': () => {
        for (const field of document.querySelectorAll('body :is(input, button, label, select, textarea)')) field.after(made('div'));
      },
      'words around each text': () => {
        const texts: Text[] = [];
        const nodes = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        while (nodes.nextNode()) texts.push(nodes.currentNode as Text);
        for (const text of texts) {
          if (/script|style|textarea|option/i.test(text.parentNode!.nodeName) || text.data.trim() === '') continue;
          const words = document.createElement('font');
          const inner = words.appendChild(document.createElement('font'));
          inner.textContent = text.data;
          text.replaceWith(words);
        }
      },
      'nodes at the ends of the body': () => {
        document.body.prepend('\n', made('div'));
        document.body.append(made('section'), document.createComment('foreign'));
      },
      attributes: () => {
        for (const element of document.querySelectorAll('body, body *')) element.setAttribute('data-foreign', '');
      },
    };
    document.addEventListener('readystatechange', () => {
      if (document.readyState === 'interactive') for (const kind of wanted) meddling[kind]!();
    });
  }, kinds);
}

/** Holds the client back until the returned function is called. */
export async function holdClient(page: Page): Promise<() => void> {
  let release = () => {};
  const held = new Promise<void>((done) => (release = done));
  await page.route('**/*.wasm', async (route) => {
    await held;
    await route.continue();
  });
  return () => release();
}
