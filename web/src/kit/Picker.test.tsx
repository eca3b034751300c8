import { fireEvent, render, screen } from '@testing-library/react';
import { useState } from 'react';
import { expect, test } from 'vitest';
import { Picker, type Choice } from './Picker';

const lin: Choice = { id: '@lin:port', name: '林秋砚', lang: 'zh-Hans' };
const find = () => Promise.resolve([lin]);

function Asked() {
  const [chosen, setChosen] = useState<readonly Choice[]>([]);
  const [typed, setTyped] = useState('');
  return <Picker label="Who" chosen={chosen} typed={typed} onChoose={setChosen} onType={setTyped} find={find} remove={(name) => `Remove ${name}`} found={(n) => `${n} found`} />;
}

test('Enter takes who is marked, but not while it chooses characters, nor where Safari tells of it a moment later', async () => {
  render(<Asked />);
  const box = screen.getByRole('combobox');
  fireEvent.change(box, { target: { value: '林' } });
  await screen.findByRole('option');
  fireEvent.keyDown(box, { key: 'ArrowDown' });
  fireEvent.keyDown(box, { key: 'Enter', isComposing: true });
  fireEvent.keyDown(box, { key: 'Enter', keyCode: 229 });
  expect(screen.queryByRole('button', { name: 'Remove 林秋砚' })).toBeNull();
  fireEvent.keyDown(box, { key: 'Enter' });
  expect(screen.getByRole('button', { name: 'Remove 林秋砚' })).toBeTruthy();
});
