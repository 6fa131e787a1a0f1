/** The question for the token. */
import { h } from './el.js';

/** The form in place of the page. `problem` says why the last token was refused. */
export function signInForm(problem: string | undefined, given: (token: string) => void): HTMLElement {
  return h(
    'form',
    {
      class: 'card sign-in',
      'data-key': 'sign-in',
      onsubmit: (event) => {
        event.preventDefault();
        const token = new FormData(event.currentTarget as HTMLFormElement).get('token');
        if (typeof token === 'string' && token !== '') given(token.trim());
      },
    },
    h('h1', {}, 'Token, please'),
    h('p', { class: 'note' }, 'The console shows events. It needs the token of its configuration.'),
    h(
      'label',
      {},
      'Token',
      h('input', { name: 'token', type: 'password', autocomplete: 'current-password', required: true }),
    ),
    problem !== undefined && h('p', { class: 'trouble', role: 'alert' }, problem),
    h('button', { type: 'submit', class: 'main' }, 'Open'),
  );
}
