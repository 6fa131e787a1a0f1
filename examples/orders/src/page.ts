/** The page: one document without requests to elsewhere. All texts from orders are set as text, never as HTML. */

const style = `
:root { color-scheme: light dark; --line: color-mix(in srgb, currentColor 18%, transparent); --soft: color-mix(in srgb, currentColor 6%, transparent);
  --ok: #1a7f4b; --wait: #b26a00; --bad: #c2312b; }
@media (prefers-color-scheme: dark) { :root { --ok: #4cc38a; --wait: #f0b429; --bad: #ff7b72; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.2rem; max-width: 80rem; font: 15px/1.45 system-ui, sans-serif; }
h1 { font-size: 1.25rem; margin: 0 0 .2rem; }
h2 { font-size: 1rem; margin: 0 0 .5rem; }
p { margin: 0 0 .8rem; opacity: .8; }
nav { display: flex; flex-wrap: wrap; gap: .5rem; margin: .8rem 0; }
button { font: inherit; padding: .35rem .8rem; border: 1px solid var(--line); border-radius: .4rem; background: var(--soft); color: inherit; cursor: pointer; }
button:hover { border-color: currentColor; }
button[aria-pressed=true] { border-color: var(--ok); color: var(--ok); }
#figures { display: flex; flex-wrap: wrap; gap: .5rem 1.5rem; margin: 0 0 1rem; }
#figures b { font-variant-numeric: tabular-nums; }
main { display: grid; grid-template-columns: repeat(auto-fit, minmax(19rem, 1fr)); gap: 1rem; align-items: start; }
section { border: 1px solid var(--line); border-radius: .6rem; padding: .8rem; min-width: 0; }
table { width: 100%; border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .4rem .2rem 0; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { font-weight: 600; opacity: .7; }
td button { padding: 0 .45rem; font-size: .8rem; }
.scroll { max-height: 24rem; overflow: auto; }
.ok { color: var(--ok); } .wait { color: var(--wait); } .bad { color: var(--bad); }
#log { margin: 1rem 0 0; padding: .8rem; border: 1px solid var(--line); border-radius: .6rem; font: 12.5px/1.5 ui-monospace, monospace; white-space: pre-wrap; max-height: 12rem; overflow: auto; }
#problem { min-height: 1.4em; margin: 0; color: var(--bad); opacity: 1; }
`;

const script = `
const $ = (id) => document.getElementById(id);
const element = (name, text, className) => { const e = document.createElement(name); if (text !== undefined) e.textContent = text; if (className) e.className = className; return e; };
let shown = { orders: [], counts: {} };

const send = (path, body) => fetch(path, { method: 'POST', body: body === undefined ? undefined : JSON.stringify(body) });
async function post(path, body) {
  const response = await send(path, body);
  const answer = await response.json();
  $('problem').textContent = response.ok ? '' : response.status + ': ' + answer.error;
}
const newOrder = () => ({ total: 1 + Math.floor(Math.random() * 500) });

function table(id, heads, lines) {
  const head = element('tr');
  for (const text of heads) head.append(element('th', text));
  $(id).replaceChildren(head, ...lines);
}
function line(...cells) {
  const row = element('tr');
  for (const cell of cells) row.append(cell instanceof Node ? cell : element('td', cell));
  return row;
}
const NEXT = { placed: 'pay', paid: 'ship' };

function show(state) {
  shown = state;
  $('on').textContent = state.on;
  const { counts, projection } = state;
  const figure = (label, value, className) => { const span = element('span', label + ' '); span.append(element('b', value, className)); return span; };
  $('figures').replaceChildren(
    figure('orders', counts.orders),
    figure('events waiting', counts.pending, counts.pending > 0 ? 'wait' : 'ok'),
    figure('events published', counts.published),
    figure('applied', projection.applied),
    figure('duplicates left out', projection.duplicates),
    figure('orders behind in the projection', counts.behind, counts.behind > 0 ? 'wait' : 'ok'),
    figure('relay', state.relay ? 'runs' : 'killed', state.relay ? 'ok' : 'bad'));
  $('relay').textContent = state.relay ? 'Kill the relay' : 'Start a relay';
  table('orders', ['order', 'total', 'status', ''], state.orders.map((order) => {
    const cell = element('td');
    const step = NEXT[order.status];
    if (step) { const button = element('button', step); button.onclick = () => post('/orders/' + encodeURIComponent(order.id) + '/' + step); cell.append(button); }
    return line(order.id, order.total, order.status, cell);
  }));
  table('outbox', ['#', 'order', 'event', 'status'], state.outbox.map((row) => {
    const status = row.status === 'pending' && row.leased ? 'leased' : row.status;
    const className = status === 'published' ? 'ok' : status === 'failed' ? 'bad' : 'wait';
    return line(row.position, row.aggregateId, row.eventType + ' v' + row.eventVersion, element('td', status, className));
  }));
  table('view', ['order', 'total', 'status', ''], state.view.map((row, index) => {
    const order = state.orders[index];
    const same = order && row.status === order.status;
    return line(order ? order.id : '', row.total ?? '', row.status ?? '', element('td', same ? '✓' : 'behind', same ? 'ok' : 'wait'));
  }));
  $('log').textContent = state.log.join('\\n');
}

let traffic;
function toggleTraffic() {
  if (traffic) { clearInterval(traffic); traffic = undefined; }
  else traffic = setInterval(() => {
    const open = shown.orders.filter((order) => NEXT[order.status]);
    const order = open[Math.floor(Math.random() * open.length)];
    // Another step of the same order may be under way: that one is refused, and the order goes on.
    if (order && Math.random() < 0.6) void send('/orders/' + encodeURIComponent(order.id) + '/' + NEXT[order.status]);
    else void send('/orders', newOrder());
  }, 200);
  $('traffic').setAttribute('aria-pressed', String(traffic !== undefined));
}
$('place').onclick = () => post('/orders', newOrder());
$('bad').onclick = () => post('/orders', { total: -1 });
$('traffic').onclick = toggleTraffic;
$('relay').onclick = () => post(shown.relay ? '/relay/kill' : '/relay/start');
$('fail').onclick = () => post('/handler/fail');
const live = new EventSource('/live');
live.onmessage = ({ data }) => show(JSON.parse(data));
live.onerror = () => { $('problem').textContent = 'the service does not answer; this page goes on trying'; };
live.onopen = () => { $('problem').textContent = ''; };
`;

export const page = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Orders: outbox and inbox</title><style>${style}</style></head><body>
<h1>Orders, their events, and the projection</h1>
<p>On <span id="on">…</span>. An order and its event are committed together. The relay publishes the event. The projection applies it once.</p>
<nav>
<button id="place">Place an order</button>
<button id="traffic" aria-pressed="false">Traffic</button>
<button id="bad" title="The transaction rolls back: no order, and no event">Place an invalid order</button>
<button id="relay">Kill the relay</button>
<button id="fail" title="Its transaction rolls back; the event is tried again, and later events of the order wait">Fail the handler twice</button>
</nav>
<p id="problem" role="status"></p>
<div id="figures"></div>
<main>
<section><h2>Orders (database)</h2><div class="scroll"><table id="orders"></table></div></section>
<section><h2>Events (outbox)</h2><div class="scroll"><table id="outbox"></table></div></section>
<section><h2>Projection (consumer)</h2><div class="scroll"><table id="view"></table></div></section>
</main>
<div id="log"></div>
<script>${script}</script></body></html>
`;
