import { fireEvent, render, screen } from '@testing-library/react';
import { beforeAll, expect, test } from 'vitest';
import { barriers } from '../../test/axe';
import { changeLanguage } from '../lang/lang';
import type { Addressee, Delivery } from '../state/delivery';
import { Reach } from './Reach';

beforeAll(() => changeLanguage('en'));

const person = (id: string, name: string) => ({ id: `@${id}:port`, name, lang: 'en' });
const [mio, ben, eve] = [person('mio', 'Mio Saeki'), person('ben', 'Ben Okoro'), person('eve', 'Eve Lind')];
const one = (who: typeof mio, devices: number, reached: number, other = 0): Addressee => ({ person: who, devices, reached, other });
const measured = (...people: Addressee[]): Delivery => ({ is: 'measured', devices: people.reduce((n, { devices }) => n + devices, 0), reached: people.reduce((n, { reached }) => n + reached, 0), people });
const [just, longAgo] = [Date.now(), Date.now() - 3_600_000];
const says = (container: HTMLElement): string => container.textContent;
const opens = (): string[] => {
  fireEvent.click(screen.getByRole('button'));
  return screen.queryAllByRole('listitem').map((row) => row.textContent.replace(/^./u, ''));
};

test('what the server saved a moment ago is saved, and no more is said', () => {
  const { container } = render(<Reach others={2} delivery={measured(one(mio, 2, 0), one(ben, 1, 0))} at={just} />);
  expect(says(container)).toBe('Saved by the server');
  expect(screen.queryByRole('button')).toBeNull();
});

test('where nothing is known of devices it is saved, however long ago', () => {
  const { container } = render(<Reach others={2} at={longAgo} />);
  expect(says(container)).toBe('Saved by the server');
});

test('which devices have it, and after a while how many are not confirmed', async () => {
  const delivery = measured(one(mio, 2, 1), one(ben, 1, 0), one(eve, 1, 0, 1), one(person('kai', 'Kai'), 0, 0));
  const { container, rerender } = render(<Reach others={4} delivery={delivery} at={just} />);
  expect(says(container)).toBe('Reached 1 of 4 devices');
  rerender(<Reach others={4} delivery={delivery} at={longAgo} />);
  expect(says(container)).toBe('Reached 1 of 4 devices3 not confirmed');
  expect([...container.querySelectorAll('.pips i')].map(({ className }) => className)).toEqual(['dev', 'not', 'not', 'not']);
  expect(opens()).toEqual(['Mio Saeki1 of 2 devices', 'Ben OkoroNot confirmed', 'Eve LindOther client, which does not confirm', 'KaiNo device that keys go to']);
  expect(screen.getByText('Not confirmed on 3 devices')).toBeTruthy();
  expect(screen.getByText(/from here the two look the same/)).toBeTruthy();
  expect(await barriers(container)).toEqual([]);
});

test('what no device confirms is not confirmed, though the server says that it was read', () => {
  const delivery = measured(one(mio, 2, 0));
  const { container, rerender } = render(<Reach others={1} delivery={delivery} at={longAgo} />);
  expect(says(container)).toBe('Not confirmed on 2 devices');
  rerender(<Reach others={1} delivery={delivery} readers={[{ person: mio, at: undefined }]} at={longAgo} />);
  expect(says(container)).toBe('Read2 not confirmed');
  expect(opens()).toEqual(['Mio SaekiReadNot confirmed']);
});

test('what all devices have says so; which they were is not kept', () => {
  const { container } = render(<Reach others={2} delivery={{ is: 'measured', devices: 3, reached: 3, people: [] }} readers={[{ person: ben, at: undefined }]} at={longAgo} />);
  expect(says(container)).toBe('Read by 1 of 2');
  expect([...container.querySelectorAll('.pips i')].map(({ className }) => className)).toEqual(['read', 'dev']);
  expect(opens()).toEqual(['Ben OkoroRead']);
  expect(screen.getByText(/^All 3 devices that it was sent to have it\./)).toBeTruthy();
});

test('where nothing is measured that is said, and why', () => {
  const { container } = render(<Reach others={60} delivery={{ is: 'unmeasured', why: 'size' }} at={longAgo} />);
  expect(says(container)).toBe('Saved by the servernot measured');
  expect(screen.getByTitle(/more than 50 people/)).toBeTruthy();
});
