import { render, screen } from '@testing-library/react';
import { MatrixError } from 'matrix-js-sdk';
import { beforeAll, expect, test } from 'vitest';
import { changeLanguage } from './lang/lang';
import { OwnState } from './timeline/OwnState';
import { faultOf } from './wire/fault';

beforeAll(() => changeLanguage('en'));

test('a message that a suspended person wrote says why it was not sent, and leads to what was decided', () => {
  const fault = faultOf(new MatrixError({ errcode: 'M_USER_SUSPENDED', error: 'Your account cannot write until 2026-12-08 09:00 UTC.' }, 403));
  render(<OwnState state={{ is: 'stopped', fault }} onRetry={undefined} onDiscard={undefined} />);
  expect(screen.getByText(/Your account cannot write now/)).toBeTruthy();
  expect(screen.getByRole('link', { name: 'What was decided about you' }).getAttribute('href')).toBe('#/decided');
});
