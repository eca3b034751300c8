import { faultOf, type Fault } from '../wire/fault';
import { AppError, appAsks, approveApp, type AppRequest } from '../wire/oauth';
import { showPasskey } from '../wire/passkey';
import { Store } from './store';

export type Authorizing =
  | { at: 'reading' }
  | { at: 'asked'; request: AppRequest }
  /** `back` is the address that tells the app; the person is not sent there unasked. */
  | { at: 'wrong'; fault: Fault; back?: string };

/** An app that wants to sign somebody in. What it asked with stands in the page's address. */
export class App extends Store<Authorizing> {
  readonly #query: string;
  readonly #leave: (to: string) => void;

  constructor(query: string, leave: (to: string) => void) {
    super({ at: 'reading' });
    this.#query = query;
    this.#leave = leave;
  }

  readonly read = async (): Promise<void> => {
    try {
      this.set({ at: 'asked', request: await appAsks(this.#query) });
    } catch (error) {
      this.set(error instanceof AppError ? { at: 'wrong', fault: faultOf(error), back: error.back } : { at: 'wrong', fault: faultOf(error) });
    }
  };

  /** Signs in and goes to the app. It throws a FaultError. */
  readonly approve = async (account: string, password: string): Promise<void> => this.leave(await approveApp(this.#query, { user: account.trim(), password }));

  /** Signs in with a passkey and goes to the app. It throws a FaultError. */
  readonly approveWithPasskey = async (): Promise<void> => this.leave(await approveApp(this.#query, await showPasskey()));

  /** Goes to the app. */
  readonly leave = (to: string): void => this.#leave(to);
}

/** The app that has opened this page; undefined where it is the client's own. */
export function authorizing(): App | undefined {
  if (location.pathname !== '/authorize') return undefined;
  const app = new App(location.search, (to) => location.replace(to));
  void app.read();
  return app;
}
