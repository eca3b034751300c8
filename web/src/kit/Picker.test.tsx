import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { Picker, type Choice } from './Picker';

const lin: Choice = { id: '@lin:port', name: '林秋砚', lang: 'zh-Hans' };
const irc: Choice = { id: '@irc:port', name: '林站', lang: 'zh-Hans', bot: true };
const find = () => Promise.resolve([lin, irc]);

function Asked() {
  const [chosen, setChosen] = useState<readonly Choice[]>([]);
  const [typed, setTyped] = useState('');
  return <Picker label="Who" chosen={chosen} typed={typed} onChoose={setChosen} onType={setTyped} find={find} remove={(name) => `Remove ${name}`} bot="bot" found={(n) => `${n} found`} />;
}

test('Enter takes who is marked, but not while it chooses characters, nor where Safari tells of it a moment later', async () => {
  render(<Asked />);
  const box = screen.getByRole('combobox');
  fireEvent.change(box, { target: { value: '林' } });
  await screen.findAllByRole('option');
  fireEvent.keyDown(box, { key: 'ArrowDown' });
  fireEvent.keyDown(box, { key: 'Enter', isComposing: true });
  fireEvent.keyDown(box, { key: 'Enter', keyCode: 229 });
  expect(screen.queryByRole('button', { name: 'Remove 林秋砚' })).toBeNull();
  fireEvent.keyDown(box, { key: 'Enter' });
  expect(screen.getByRole('button', { name: 'Remove 林秋砚' })).toBeTruthy();
});

test('a program is told from a person, where one chooses and when it was chosen', async () => {
  render(<Asked />);
  const box = screen.getByRole('combobox');
  fireEvent.change(box, { target: { value: '林' } });
  const options = await screen.findAllByRole('option');
  expect(options.map((one) => one.textContent.includes('bot'))).toEqual([false, true]);
  for (const one of ['@irc:port', '@lin:port']) {
    fireEvent.change(box, { target: { value: '林' } });
    fireEvent.click(await screen.findByRole('option', { name: new RegExp(one) }));
  }
  expect(screen.getAllByRole('listitem').map((one) => one.textContent)).toEqual(['林站bot', '林秋砚']);
});
