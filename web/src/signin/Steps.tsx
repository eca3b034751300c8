import { Icon } from '../kit/Icon';
import { IconDone } from '../kit/icons';
import { useSay } from '../lang/useSay';
import look from './Steps.module.css';

const steps = ['signup.step.account', 'signup.step.key', 'signup.step.done'] as const;

/** How far one is with signing up: 1 name and password, 2 recovery key, 3 done. */
export function Steps({ here }: { here: 1 | 2 }) {
  const say = useSay();
  return (
    <ol className={look['steps']}>
      {steps.map((step, n) =>
        n + 1 < here ? (
          <li key={step} className={look['past']}>
            <Icon of={IconDone} />
            {say(step)}
          </li>
        ) : (
          <li key={step} className={n + 1 === here ? look['here'] : undefined} aria-current={n + 1 === here ? 'step' : undefined}>
            <span>{n + 1}</span>
            {say(step)}
          </li>
        ),
      )}
    </ol>
  );
}
