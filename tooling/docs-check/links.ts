/** Links and headings of Markdown. */

const withoutCode = (markdown: string) => markdown.replaceAll(/^```[\s\S]*?^```/gm, '');

/** Where the repository is read. Package READMEs link there: they are also read on a registry's pages. */
const REPOSITORY = /^https:\/\/github\.com\/ebus-js\/ebus\/(?:blob|tree)\/main\//;

/**
 * Targets of links within the repository: a path, a path with `#heading`, or `#heading`. Those that name the repository's address
 * begin with `/`, the root.
 */
export function links(markdown: string): string[] {
  const found = [...withoutCode(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link ?? '');
  return found
    .map((link) => link.replace(REPOSITORY, '/'))
    .filter((link) => !/^(https?:|mailto:)/.test(link));
}

/** The anchors that GitHub gives to headings: lower case, spaces as hyphens, numbered where one comes again. */
export function anchors(markdown: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, heading = ''] of withoutCode(markdown).matchAll(/^#{1,6} +(.+)$/gm)) {
    const plain = heading
      .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .trim()
      .toLowerCase();
    const anchor = plain.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let unique = anchor;
    for (let i = 1; found.has(unique); i++) unique = `${anchor}-${i}`;
    found.add(unique);
  }
  return found;
}
