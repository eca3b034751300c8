import { Brand } from './kit/Brand';

export function App() {
  return <Brand name="Wardroom" />;
}
