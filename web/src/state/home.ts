export { home, isElsewhere } from '../wire/home';
import { home } from '../wire/home';

/** The server's name and port, as people know it. */
export function homeHost(): string {
  return new URL(home()).host;
}
