import './starling-app.ts';
import { startFresh } from './fresh-start.ts';
import { keptTheme, showTheme } from './theme.ts';
import { startLanguage } from './words/words.ts';

await startFresh();
showTheme(keptTheme());
// The first picture is in the person's language already. English is here; another takes one small file.
await startLanguage();
document.body.prepend(document.createElement('starling-app'));
