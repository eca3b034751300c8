import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { Brand } from './Brand';
import { Button, IconButton } from './Button';
import { CopyButton } from './CopyButton';
import { Count } from './Count';
import { Dialog } from './Dialog';
import { Field } from './Field';
import { IconClose, IconMore, IconSaved, IconWithheld } from './icons';
import { Banner, Label } from './Label';
import { Menu } from './Menu';
import { Say } from './Say';
import { State } from './State';
import { Tag } from './Tag';
import { colourOf, WhoStamp } from './WhoStamp';

test('a button sends no form by itself and an icon button is named', () => {
  render(
    <>
      <Button kind="do">Send to 39 people</Button>
      <IconButton icon={IconClose} label="Close" />
    </>,
  );
  expect(screen.getByRole('button', { name: 'Send to 39 people' }).getAttribute('type')).toBe('button');
  expect(screen.getByRole('button', { name: 'Close' })).toBeTruthy();
});

test('an error takes the place of the hint and is tied to its field', () => {
  const { rerender } = render(<Field label="Password" hint="At least 10 characters" type="password" />);
  const input = screen.getByLabelText('Password');
  expect(document.getElementById(input.getAttribute('aria-describedby') ?? '')?.textContent).toBe('At least 10 characters');
  rerender(<Field label="Password" hint="At least 10 characters" error="Too short" type="password" />);
  expect(input.getAttribute('aria-invalid')).toBe('true');
  expect(screen.getByRole('alert').textContent).toBe('Too short');
  expect(screen.queryByText('At least 10 characters')).toBeNull();
});

test('a dialog gives the focus to the safe action, Escape is the safe way out, Enter submits', () => {
  const onClose = vi.fn();
  const onSubmit = vi.fn();
  render(
    <Dialog title="Sign out?" onClose={onClose} onSubmit={onSubmit} actions={<><Button data-safe>Stay</Button><Button kind="stop" type="submit">Sign out</Button></>}>
      <p>Keys are deleted.</p>
    </Dialog>,
  );
  expect(document.activeElement?.textContent).toBe('Stay');
  const dialog = screen.getByRole('dialog', { name: 'Sign out?' });
  fireEvent(dialog, new Event('cancel', { cancelable: true }));
  expect(onClose).toHaveBeenCalledOnce();
  fireEvent.click(screen.getByText('Sign out'));
  expect(onSubmit).toHaveBeenCalledOnce();
});

test('a dialog gives the focus back to what opened it', () => {
  function Page() {
    const [open, setOpen] = useState(false);
    return (
      <>
        <Button onClick={() => setOpen(true)}>Sign out…</Button>
        {open && (
          <Dialog title="Sign out?" onClose={() => setOpen(false)} actions={<Button data-safe onClick={() => setOpen(false)}>Stay</Button>}>
            <p>Keys are deleted.</p>
          </Dialog>
        )}
      </>
    );
  }
  render(<Page />);
  const opener = screen.getByText('Sign out…');
  opener.focus();
  fireEvent.click(opener);
  expect(document.activeElement?.textContent).toBe('Stay');
  fireEvent.click(screen.getByText('Stay'));
  expect(screen.queryByRole('dialog')).toBeNull();
  expect(document.activeElement).toBe(opener);
});

test('a menu opens on its first item, arrows move round, Escape closes and gives the focus back', () => {
  const leave = vi.fn();
  render(
    <Menu
      label="Room"
      opener={(props) => <IconButton icon={IconMore} label="More" {...props} />}
      items={[{ words: 'Invite', do: () => undefined }, 'rule', { words: 'Leave…', do: leave, kind: 'stop' }]}
    />,
  );
  const more = screen.getByRole('button', { name: 'More' });
  fireEvent.click(more);
  expect(document.activeElement?.textContent).toBe('Invite');
  fireEvent.keyDown(document.activeElement as Element, { key: 'ArrowUp' });
  expect(document.activeElement?.textContent).toBe('Leave…');
  fireEvent.keyDown(document.activeElement as Element, { key: 'ArrowDown' });
  expect(document.activeElement?.textContent).toBe('Invite');
  fireEvent.keyDown(document.activeElement as Element, { key: 'Escape' });
  expect(screen.queryByRole('menu')).toBeNull();
  expect(document.activeElement).toBe(more);
  fireEvent.click(more);
  fireEvent.click(screen.getByText('Leave…'));
  expect(leave).toHaveBeenCalledOnce();
});

test('a stamp shows the first character; its colour hangs on the id alone', () => {
  const { container } = render(<WhoStamp id="@lin:port" name="林秋砚" lang="zh-Hans" />);
  expect(container.textContent).toBe('林');
  expect(container.querySelector('.who')?.getAttribute('lang')).toBe('zh-Hans');
  const colours = new Set(Array.from({ length: 60 }, (_, n) => colourOf(`@person${n}:port`)));
  expect([...colours].sort()).toEqual([1, 2, 3, 4, 5, 6]);
  expect(colourOf('@lin:port')).toBe(colourOf('@lin:port'));
});

test('copying says so, once it happened', async () => {
  const writeText = vi.fn(() => Promise.resolve());
  Object.defineProperty(navigator, 'clipboard', { value: { writeText }, configurable: true });
  render(<CopyButton text="EsTc 9xkM" words="Copy" copied="Copied" refused="Refused" />);
  expect(screen.queryByText('Copied')).toBeNull();
  fireEvent.click(screen.getByText('Copy'));
  expect(await screen.findByText('Copied')).toBeTruthy();
  expect(writeText).toHaveBeenCalledWith('EsTc 9xkM');
});

test('copying that the browser refuses is said too', async () => {
  Object.defineProperty(navigator, 'clipboard', { value: { writeText: () => Promise.reject(new DOMException('no', 'NotAllowedError')) }, configurable: true });
  render(<CopyButton text="EsTc 9xkM" words="Copy" copied="Copied" refused="Refused" />);
  fireEvent.click(screen.getByText('Copy'));
  expect(await screen.findByText('Refused')).toBeTruthy();
  expect(screen.queryByText('Copied')).toBeNull();
});

test('a count of none is nothing', () => {
  const { container } = render(<Count n={0} words="0 unread" />);
  expect(container.textContent).toBe('');
});

test('the kit has no axe violations', async () => {
  const { container } = render(
    <main>
      <h1>
        <Brand name="Wardroom" />
      </h1>
      <Field label="Name" hint="As others see it" />
      <Label level={2}>Restricted</Label>
      <Banner level={0} word="Open">
        Kept 90 days
      </Banner>
      <Tag kind="ink">guest</Tag>
      <Count n={3} words="3 unread messages" />
      <State icon={IconSaved}>Saved by the server</State>
      <Say kind="stop" icon={IconWithheld} title="Not sent" live>
        The rules do not allow it.
      </Say>
      <WhoStamp id="@a:b" name="Marta" alone />
    </main>,
  );
  expect(await barriers(container)).toEqual([]);
});
