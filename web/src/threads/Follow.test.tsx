import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import { Store } from '../state/store';
import { Follow } from './Follow';

beforeAll(() => changeLanguage('en'));

class Given extends Store<boolean | undefined> {
  down = false;
  readonly follow = (on: boolean): Promise<void> => {
    if (this.down) return Promise.reject(new Error('no answer'));
    this.set(on);
    return Promise.resolve();
  };
}

test('a thread says whether one follows it, and the button what a press does', async () => {
  const { container } = render(<Follow following={new Given(false)} />);
  expect(container.textContent).toContain('You do not follow this thread');
  fireEvent.click(screen.getByRole('button', { name: 'Follow' }));
  await screen.findByRole('button', { name: 'Stop following' });
  expect(container.textContent).toContain('You follow this thread');
  expect(await barriers(container)).toEqual([]);
});

test('nothing is said before it is known; what failed is said, and changes nothing', async () => {
  const { container, unmount } = render(<Follow following={new Given(undefined)} />);
  expect(container.textContent).toBe('');
  unmount();
  const following = new Given(true);
  following.down = true;
  render(<Follow following={following} />);
  fireEvent.click(screen.getByRole('button', { name: 'Stop following' }));
  await screen.findByRole('alert');
  expect(screen.getByText('You follow this thread')).toBeTruthy();
});
