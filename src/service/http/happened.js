// What happened, as it comes, one line a visit; when the stream of events ends, it goes on after the last one.
const MOST_ROWS = 60;
let last = 0;
// The latest pictures: a visit may last longer than its line finds room.
let taken = [];
function line(event, text) {
  return element('li', {}, element('time', { datetime: event.time }, clock(event.time)), element('span', {}, text));
}
function add(list, empty, made) {
  $(empty).hidden = true;
  $(list).prepend(made);
  while ($(list).children.length > MOST_ROWS) $(list).lastChild.remove();
}
// What only says how things are now stands in one line that changes, until there is news.
function row(list, empty, event, text, stream = '') {
  let old = $(list).firstElementChild;
  while (old && old.dataset.stream && old.dataset.stream !== stream) old = old.nextElementSibling;
  const number = stream && old && old.dataset.stream ? Number(old.dataset.count) + 1 : 1;
  const made = line(event, text + (number > 1 ? ' × ' + number : ''));
  if (stream) Object.assign(made.dataset, { stream, count: number });
  if (number > 1) old.replaceWith(made); else add(list, empty, made);
}

const isSame = (one, other) => ['source', 'label', 'track'].every(name => one[name] === other[name]);
// The line of a visit. The numbers of visits begin anew with each run, and a picture tells only of which thing it is.
function lineOf(event) {
  const isIts = ({ visit }) => visit && isSame(visit, event)
    && (event.kind === 'saved' || !visit.node || (visit.node === event.node && visit.start === event.start));
  return [...$('events').children].find(isIts);
}
// From when something comes until it has left: then its line comes up once more.
function visit(event) {
  const text = event.source + ': ' + event.says;
  const old = lineOf(event);
  const made = line(event, text);
  const { source, label, track, node, start } = event;
  made.visit = { source, label, track, node, start };
  const shows = old && old.querySelector('.shows');
  const its = taken.findLast(it => isSame(it, event) && it.start >= start);
  if (shows) pin(made, shows);
  else if (!old && its) pin(made, shown(its));
  if (old && event.phase !== 'end') {
    made.firstChild.replaceWith(old.firstChild);
    old.replaceWith(made);
    return;
  }
  if (old) old.remove();
  add('events', 'eventless', made);
}
// A picture stands on the line of its visit; on one of its own where nobody follows what comes.
function picture(event) {
  const { source, label, track } = event;
  taken = [...taken.slice(1 - MOST_ROWS), event];
  let its = track === undefined ? undefined : lineOf(event);
  if (!its) {
    its = line(event, source + ': ' + withoutPath(event));
    if (track !== undefined) its.visit = { source, label, track };
    add('events', 'eventless', its);
  }
  pin(its, shown(event));
}
const withoutPath = ({ says, path }) => says.slice(0, -path.length - 2);
function shown(event) {
  const image = small(`/events/${event.id}/file`, withoutPath(event));
  const shows = element('button', { type: 'button', class: 'shows', 'aria-expanded': 'false' }, image);
  image.addEventListener('error', () => shows.remove());
  shows.onclick = () => shows.setAttribute('aria-expanded', String(shows.parentElement.classList.toggle('large')));
  return shows;
}
function pin(made, shows) {
  const old = made.querySelector('.shows');
  if (old) { shows.setAttribute('aria-expanded', old.getAttribute('aria-expanded')); old.remove(); }
  made.append(shows);
  made.classList.toggle('large', shows.getAttribute('aria-expanded') === 'true');
}
function happened(event) {
  if (event.kind === 'detection') {
    if (!boxes.has(event.source)) boxes.set(event.source, new Map());
    const events = boxes.get(event.source).get(event.node) || [];
    boxes.get(event.source).set(event.node, [...events.slice(-29), event]);
  }
  if (event.kind === 'transcript') {
    // What is said so far stands in one line, until all of it has been heard.
    $('saying').hidden = !event.partial;
    $('saying').textContent = event.partial ? `${event.text} …` : '';
    if (event.partial) return;
    if (event.accepted) row('transcript', 'silent', event, event.text);
  }
  if (event.kind === 'track') { visit(event); return; }
  if (event.what === 'picture') { picture(event); return; }
  if (event.kind === 'detection' && isFollowed(event.node)) return;
  const passes = event.kind === 'detection' || event.phase === 'update';
  row('events', 'eventless', event, event.source + ': ' + event.says, passes ? [event.kind, event.node, event.source].join(' ') : '');
}
// What somebody follows from frame to frame is told as visits.
function isFollowed(id) {
  const { nodes, edges } = latest.pipeline;
  return edges.some(edge => edge.from === id && nodes.some(it => it.id === edge.to && it.type === 'track'));
}
async function listen() {
  while (!latest) await wait(100);
  for (;;) {
    try {
      const answer = await ask('/events', { 'Last-Event-ID': String(last) });
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let text = ''; ;) {
        const { value, done } = await reader.read();
        if (done) break;
        const blocks = (text + value).split('\n\n');
        text = blocks.pop();
        for (const block of blocks) {
          for (const line of block.split('\n')) {
            if (line.startsWith('id: ')) last = Number(line.slice(4));
            if (line.startsWith('data: ')) happened(JSON.parse(line.slice(6)));
          }
        }
      }
    } catch { /* Asked again below; the state tells that nobody answers. */ }
    await wait(2000);
  }
}
