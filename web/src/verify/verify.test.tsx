import { fireEvent, render, screen, waitFor } from '@testing-library/react';
import { beforeAll, expect, test, vi } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { Outsider, RoomTrust, RoomTrustView, Standing } from '../state/roomtrust';
import { Store } from '../state/store';
import type { Verifications, Verifying } from '../state/verifications';
import { AdmissionNews } from './AdmissionNews';
import { IdentityNews } from './IdentityNews';
import { PersonCard } from './PersonCard';
import { Verify } from './Verify';

beforeAll(() => changeLanguage('en'));

const mio = { id: '@mio:port', name: '佐伯 澪', lang: 'ja' };

class Fixed<T> extends Store<T> {
  readonly put = (value: T): void => this.set(value);
}

function verifications(...stages: Verifying['stage'][]) {
  const all = stages.map((stage, n): Verifying => ({ id: n + 1, with: mio, mine: true, invited: false, stage }));
  return Object.assign(new Fixed<readonly Verifying[]>(all), { accept: vi.fn(), match: vi.fn(), mismatch: vi.fn(), cancel: vi.fn(), dismiss: vi.fn(), again: vi.fn(() => 9) });
}

test('who is asked gets a notice that takes no focus', async () => {
  const store = verifications({ at: 'asks' });
  const onOpen = vi.fn();
  const { container } = render(<Verify verifications={store as unknown as Verifications} open={undefined} onOpen={onOpen} />);
  expect(screen.getByRole('status', { name: 'Verification' }).textContent).toContain('佐伯 澪 wants to verify with you');
  expect(document.activeElement).toBe(document.body);
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Compare emoji' }));
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(1);
  expect(store.accept).toHaveBeenCalledExactlyOnceWith(1);
});

test('the emoji have the focus and not an answer; both answers are there', async () => {
  const store = verifications({ at: 'compare', emoji: ['🐶', '🐱', '🦁', '🐎', '🦄', '🐷', '☁️'] });
  const { container } = render(<Verify verifications={store as unknown as Verifications} open={1} onOpen={vi.fn()} />);
  expect(screen.getAllByRole('listitem').map((one) => one.textContent)).toContain('☁️Cloud');
  expect(document.activeElement).toBe(screen.getByRole('list', { name: 'The seven emoji' }));
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'They differ' }));
  expect(store.mismatch).toHaveBeenCalledExactlyOnceWith(1);
  fireEvent.click(screen.getByRole('button', { name: 'They are the same' }));
  expect(store.match).toHaveBeenCalledExactlyOnceWith(1);
});

test('a mismatch says what it means; the safe button has the focus', async () => {
  const store = verifications({ at: 'ended', why: 'mismatch' });
  const onOpen = vi.fn();
  const { container } = render(<Verify verifications={store as unknown as Verifications} open={1} onOpen={onOpen} />);
  expect(screen.getByRole('alert').textContent).toContain('passes for the other');
  expect(document.activeElement?.textContent).toBe('Close');
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Start again' }));
  expect(onOpen).toHaveBeenCalledExactlyOnceWith(9);
});

test('closing the dialog stops nothing, and the notice leads back', () => {
  const store = verifications({ at: 'asked' });
  const onOpen = vi.fn();
  const { rerender } = render(<Verify verifications={store as unknown as Verifications} open={1} onOpen={onOpen} />);
  fireEvent.click(screen.getByRole('button', { name: 'Close, it goes on' }));
  expect(store.cancel).not.toHaveBeenCalled();
  rerender(<Verify verifications={store as unknown as Verifications} open={undefined} onOpen={onOpen} />);
  fireEvent.click(screen.getByRole('button', { name: 'Continue' }));
  expect(onOpen.mock.calls).toEqual([[undefined], [1]]);
});

function trust(standing: Standing, proven = true) {
  const view: RoomTrustView = {
    standing: new Map([[mio.id, standing]]),
    changed: standing === 'changed' ? [mio] : [],
    unproven: proven ? [] : [mio],
    renewed: standing === 'renewed' ? [mio] : [],
    unverified: 1,
    guard: undefined,
  };
  const devices = [
    { id: 'A', name: 'Laptop', signed: true },
    { id: 'B', name: 'Somebody', signed: false },
  ];
  return Object.assign(new Fixed(view), { accept: vi.fn(() => Promise.resolve()), proveAgain: vi.fn(() => Promise.resolve()), devicesOf: vi.fn(() => Promise.resolve(devices)) });
}

test('a changed identity is accepted only after a question', async () => {
  const store = trust('changed');
  const { container } = render(<IdentityNews trust={store as unknown as RoomTrust} onVerify={vi.fn()} />);
  expect(screen.getByText(/nothing you write leaves this device/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Accept without verifying…' }));
  expect(document.activeElement?.textContent).toBe('Cancel');
  expect(store.accept).not.toHaveBeenCalled();
  fireEvent.submit(screen.getByRole('dialog').querySelector('form') as HTMLFormElement);
  await waitFor(() => expect(store.accept).toHaveBeenCalledExactlyOnceWith(mio.id));
});

test('an identity that is not in the record is said in its place, alone, and can be looked at again', async () => {
  const store = trust('changed', false);
  const onVerify = vi.fn();
  const { container } = render(<IdentityNews trust={store as unknown as RoomTrust} onVerify={onVerify} />);
  expect(screen.getByRole('alert').textContent).toContain('is not in the public record');
  expect(screen.queryByText(/has changed/)).toBeNull();
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Look again' }));
  expect(store.proveAgain).toHaveBeenCalledOnce();
  fireEvent.click(screen.getByRole('button', { name: /emoji/ }));
  expect(onVerify).toHaveBeenCalledExactlyOnceWith(mio.id);
});

test('who was never verified and is new is a quiet line', () => {
  const store = trust('renewed');
  render(<IdentityNews trust={store as unknown as RoomTrust} onVerify={vi.fn()} />);
  expect(screen.queryByRole('alert')).toBeNull();
  fireEvent.click(screen.getByRole('button', { name: 'I know about it' }));
  expect(store.accept).toHaveBeenCalledExactlyOnceWith(mio.id);
});

test('a person’s card tells signed devices from others', async () => {
  const { container } = render(<PersonCard person={mio} trust={trust('unverified') as unknown as RoomTrust} onVerify={vi.fn()} onClose={vi.fn()} />);
  expect((await screen.findByText('Somebody')).textContent).toContain('Not signed by its owner');
  expect(screen.getByText('Laptop').textContent).toContain('Signed by its owner');
  expect(await barriers(container)).toEqual([]);
});

function outsiders(only: boolean, ...outside: Partial<Outsider>[]) {
  const guard = { only, outside: outside.map((one): Outsider => ({ person: mio, why: 'nobody', by: undefined, mayRemove: true, ...one })), mayLetIn: true };
  return Object.assign(new Fixed<RoomTrustView>({ standing: new Map(), changed: [], unproven: [], renewed: [], unverified: 0, guard }), { letIn: vi.fn(() => Promise.resolve()), remove: vi.fn(() => Promise.resolve()) });
}

test('who is held back is named with why, and let in only after a question, or removed', async () => {
  const store = outsiders(true, {});
  const { container } = render(<AdmissionNews trust={store as unknown as RoomTrust} />);
  const news = screen.getByRole('status');
  expect(news.textContent).toContain('佐伯 澪 is held back');
  expect(news.textContent).toContain('the server added them to listen');
  expect(news.textContent).toContain('does not reach them');
  expect(await barriers(container)).toEqual([]);
  fireEvent.click(screen.getByRole('button', { name: 'Let in…' }));
  expect(document.activeElement?.textContent).toBe('Cancel');
  expect(store.letIn).not.toHaveBeenCalled();
  expect(await barriers(container)).toEqual([]);
  fireEvent.submit(screen.getByRole('dialog').querySelector('form') as HTMLFormElement);
  await waitFor(() => expect(store.letIn).toHaveBeenCalledExactlyOnceWith(mio.id));
  fireEvent.click(screen.getByRole('button', { name: 'Remove' }));
  await waitFor(() => expect(store.remove).toHaveBeenCalledExactlyOnceWith(mio.id));
});

test('each reason has its words; where nobody is held back that is said; where nothing can be checked nothing is offered', () => {
  const lin = { id: '@lin:port', name: 'Lin', lang: undefined };
  const { rerender } = render(<AdmissionNews trust={outsiders(false, { why: 'otherKey' }) as unknown as RoomTrust} />);
  expect(screen.getByRole('status').textContent).toMatch(/server’s word alone.*another identity.*reaches them all the same/);
  rerender(<AdmissionNews trust={outsiders(true, { why: 'out', by: lin, mayRemove: false }) as unknown as RoomTrust} />);
  expect(screen.getByRole('status').textContent).toContain('Lin put 佐伯 澪 out');
  expect(screen.queryByRole('button', { name: 'Remove' })).toBeNull();
  for (const why of ['forged', 'unable'] as const) {
    rerender(<AdmissionNews trust={outsiders(true, { why }) as unknown as RoomTrust} />);
    expect(screen.queryByRole('button')).toBeNull();
  }
});
