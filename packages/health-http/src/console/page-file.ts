/** The page as one file, and the policy under which browsers run it: its own script and style, its own server, nothing else. */
import { createHash } from 'node:crypto';
import { SCRIPT, STYLE } from './page-texts.js';

/** A dot in the page's colour. */
const ICON =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='%233451b2'/%3E%3C/svg%3E";

/** The whole page. It holds no data, and needs none but what its server answers. */
export const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<title>ebus console</title>
<link rel="icon" href="${ICON}">
<style>${STYLE}</style>
</head>
<body>
<main id="app"><noscript>The console needs JavaScript.</noscript></main>
<script>${SCRIPT}</script>
</body>
</html>
`;

/** By hash, so that nothing else runs, wherever it comes from. */
export const PAGE_POLICY = [
  "default-src 'none'",
  `script-src '${hashOf(SCRIPT)}'`,
  `style-src '${hashOf(STYLE)}'`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
