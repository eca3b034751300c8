import { render, screen } from '@testing-library/react';
import { beforeAll, expect, test } from 'vitest';
import { changeLanguage } from '../lang/lang';
import type { Alarm, RecordView } from '../state/record';
import { Store } from '../state/store';
import { RecordNews } from './RecordNews';

beforeAll(() => changeLanguage('en'));

test('an alarm stands on every page until somebody has seen it', () => {
  const shown = (alarms: readonly Alarm[]) => {
    const view: RecordView = { standing: 'broken', fault: undefined, seen: undefined, checked: undefined, first: undefined, alarms };
    return render(<RecordNews record={new Store(view)} />);
  };
  const alarm: Alarm = { why: 'forked', found: 1, now: { key: 'k', signed: '' } };
  const { unmount } = shown([{ ...alarm, why: 'key', seen: 2 }, alarm]);
  expect(screen.getByRole('alert').textContent).toContain('There are two records');
  expect(screen.getByRole('link').getAttribute('href')).toBe('#/record');
  unmount();
  expect(shown([{ ...alarm, seen: 2 }]).container.textContent).toBe('');
});
