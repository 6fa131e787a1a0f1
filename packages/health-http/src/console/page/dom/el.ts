/** Elements from plain data, and a page that changes into another one without losing focus, selection or scroll. */

type Handler = (event: Event) => void;
/** Content of an element. `false`, null and undefined are left out. */
export type Child = Node | string | number | false | null | undefined;

/** Attributes; functions become handlers. `true` is an attribute without a value, `false` none. */
export interface Props {
  readonly [attribute: string]: string | number | boolean | Handler | null | undefined;
}

const SVG = 'http://www.w3.org/2000/svg';
const HANDLERS = ['onclick', 'onchange', 'oninput', 'onsubmit', 'onkeydown'] as const;

/** Texts become text nodes: nothing in them is markup. */
export function h(
  tag: string,
  props: Props = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElement {
  return filled(document.createElement(tag), props, children);
}

/** The same for SVG. */
export function svg(tag: string, props: Props = {}, ...children: readonly Child[]): SVGElement {
  return filled(document.createElementNS(SVG, tag) as SVGElement, props, children);
}

function filled<E extends Element>(
  element: E,
  props: Props,
  children: readonly (Child | readonly Child[])[],
): E {
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === 'function') (element as unknown as Record<string, unknown>)[name] = value;
    else element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child === undefined || child === null || child === false) continue;
    element.append(typeof child === 'object' ? child : document.createTextNode(String(child)));
  }
  return element;
}

/** Makes `now` like `next`; nodes of one kind and key stay. */
export function morph(now: Element, next: Element): void {
  for (const { name } of [...now.attributes]) if (!next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of [...next.attributes]) {
    if (now.getAttribute(name) !== value) now.setAttribute(name, value);
  }
  for (const name of HANDLERS) {
    (now as unknown as Record<string, unknown>)[name] = (next as unknown as Record<string, unknown>)[name];
  }
  if (now instanceof HTMLInputElement && now.type === 'checkbox') now.checked = next.hasAttribute('checked');
  morphChildren(now, next);
}

function morphChildren(now: Element, next: Element): void {
  const byKey = new Map<string, Element>();
  for (const child of now.children) {
    const key = child.getAttribute('data-key');
    if (key !== null) byKey.set(key, child);
  }
  let at: ChildNode | null = now.firstChild;
  for (const wanted of [...next.childNodes]) {
    const key = wanted instanceof Element ? wanted.getAttribute('data-key') : null;
    const found = key === null ? at : (byKey.get(key) ?? null);
    if (found !== null && isAlike(found, wanted)) {
      if (found !== at) now.insertBefore(found, at);
      else at = at?.nextSibling ?? null;
      if (found instanceof Element) morph(found, wanted as Element);
      else if (found.nodeValue !== wanted.nodeValue) found.nodeValue = wanted.nodeValue;
    } else {
      now.insertBefore(wanted, at);
    }
  }
  while (at !== null) {
    const rest: ChildNode | null = at.nextSibling;
    at.remove();
    at = rest;
  }
}

function isAlike(a: Node, b: Node): boolean {
  if (a.nodeName !== b.nodeName) return false;
  if (!(a instanceof Element) || !(b instanceof Element)) return true;
  return a.getAttribute('data-key') === b.getAttribute('data-key');
}
