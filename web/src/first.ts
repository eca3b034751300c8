// Runs before anything else is fetched, so that the page has its language and its light from the first paint.
import './polyfill';
import './kit/tokens.css';
import './kit/base.css';
import './kit/parts.css';
import './lang/lang';
import './state/theme';
