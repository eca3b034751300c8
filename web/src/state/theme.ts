import { Store } from './store';

/** What a person chose: light, dark, or whatever the device is set to. */
export type Theme = 'light' | 'dark' | 'system';

const kept = 'wardroom.theme';
const darkDevice = matchMedia('(prefers-color-scheme: dark)');

class ThemeStore extends Store<Theme> {
  constructor() {
    const before = localStorage.getItem(kept);
    super(before === 'light' || before === 'dark' ? before : 'system');
    darkDevice.addEventListener('change', () => this.#show());
    // Paper is white, whatever the screen was.
    addEventListener('beforeprint', () => (document.documentElement.dataset['theme'] = 'light'));
    addEventListener('afterprint', () => this.#show());
    this.#show();
  }

  /** Changes how everything looks, at once, and keeps the choice in this browser. */
  readonly choose = (theme: Theme): void => {
    localStorage.setItem(kept, theme);
    this.set(theme);
    this.#show();
  };

  #show(): void {
    const theme = this.snapshot();
    document.documentElement.dataset['theme'] = theme === 'system' ? (darkDevice.matches ? 'dark' : 'light') : theme;
  }
}

/** The theme in force. Importing this shows it. */
export const theme = new ThemeStore();
