import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { App } from './App';
import { Authorize } from './signin/Authorize';
import { authorizing } from './state/authorizing';
import { organisation } from './state/organisation';
import { route } from './state/route';
import { version } from './state/version';
import { followViewport } from './state/viewport';
import { wardroom } from './state/wardroom';

const root = document.getElementById('root');
if (root === null) throw new Error('index.html has no #root');
// Where an app sends people to sign in stands nothing of this client's: whoever is in here, another tab may be at work.
const app = authorizing();
// The link of a letter is for itself, too.
if (app === undefined && route.snapshot().at !== 'mail') void wardroom.start();
createRoot(root).render(<StrictMode>{app === undefined ? <App /> : <Authorize app={app} />}</StrictMode>);
followViewport();
if (app === undefined) void version.watch();
void organisation.learn();
