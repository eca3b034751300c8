import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { organisation } from './state/organisation';
import { version } from './state/version';
import { followViewport } from './state/viewport';
import { wardroom } from './state/wardroom';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
void wardroom.start();
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
followViewport();
void version.watch();
void organisation.learn();
