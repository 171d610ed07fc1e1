// Zones, lines and masks on a picture: those that there are, and those that a person draws to copy into the pipeline file.
const KINDS = ['zone', 'line', 'mask'];
const NEAR = 0.02;
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const easels = new Map();

// The camera whose whole frames a node shows; none of parts, nor of several cameras.
function cameraOf(id) {
  const { nodes, edges } = latest.pipeline;
  const node = nodes.find(it => it.id === id);
  if (!node || node.type === 'crop') return null;
  if (node.role === 'source') return id;
  const from = new Set(edges.filter(it => it.to === id).map(it => cameraOf(it.from)));
  return from.size === 1 ? [...from][0] : null;
}
function easel(id, canvas) {
  const over = drawn('svg', { class: 'over', 'aria-hidden': 'true' });
  const frame = element('div', { class: 'frame' }, canvas, over);
  const open = element('button', { type: 'button', class: 'open', 'aria-expanded': 'false' }, 'Draw zones');
  const text = element('textarea', { readonly: '', rows: 9, spellcheck: 'false', 'aria-label': 'For the pipeline file' });
  const name = element('input', { autocomplete: 'off', spellcheck: 'false' });
  const said = element('output', { class: 'soft' });
  const kinds = KINDS.map(kind => element('label', {}, element('input', { type: 'radio', name: 'kind-' + id, value: kind }), kind));
  const button = (words, act) => {
    const made = element('button', { type: 'button' }, words);
    made.onclick = act;
    return made;
  };
  const it = { id, canvas, over, open, text, name, said, shapes: [], kind: 'zone', at: [0.5, 0.5], byKeys: false };
  it.panel = element('div', { class: 'panel', hidden: '' },
    element('p', { class: 'soft' }, 'Click each corner in the picture, or move the cross with the arrow keys and press Enter. A line goes from its first end to its second.'),
    element('fieldset', {}, element('legend', {}, 'What is drawn'), ...kinds),
    element('label', { class: 'name' }, 'Name ', name),
    element('div', { class: 'acts' }, button('Next one', () => finish(it)), button('Take back', () => takeBack(it)), button('Copy', () => copy(it))),
    text, said);
  kinds[0].firstChild.checked = true;
  it.panel.querySelector('fieldset').onchange = event => { finish(it); it.kind = event.target.value; show(it); };
  name.oninput = () => { if (it.shapes.length) it.shapes.at(-1).name = name.value; show(it); };
  open.onclick = () => toggle(it);
  over.onclick = event => {
    const room = over.getBoundingClientRect();
    it.byKeys = event.detail === 0;
    place(it, [(event.clientX - room.left) / room.width, (event.clientY - room.top) / room.height]);
  };
  over.onkeydown = event => pressed(it, event);
  easels.set(id, it);
  return [frame, open, it.panel];
}
function toggle(it) {
  const opens = it.panel.hidden;
  it.panel.hidden = !opens;
  it.open.setAttribute('aria-expanded', String(opens));
  it.open.textContent = opens ? 'Close' : 'Draw zones';
  for (const [name, value] of Object.entries({ tabindex: 0, role: 'application', 'aria-label': 'Corners in what ' + it.id + ' sees: arrow keys move the cross, Enter sets a corner, Backspace takes it back, Escape closes' })) {
    if (opens) it.over.setAttribute(name, value); else it.over.removeAttribute(name);
  }
  it.over.setAttribute('aria-hidden', String(!opens));
  show(it);
  if (opens) it.over.focus({ preventScroll: true });
}
function pressed(it, event) {
  const step = STEPS[event.key];
  const far = event.shiftKey ? 0.1 : 0.01;
  if (step) { it.byKeys = true; it.at = it.at.map((side, axis) => held(side + far * step[axis])); }
  else if (event.key === 'Enter' || event.key === ' ') place(it, it.at);
  else if (event.key === 'Backspace' || event.key === 'Delete') takeBack(it);
  else if (event.key === 'Escape') { toggle(it); it.open.focus(); }
  else return;
  event.preventDefault();
  show(it);
}
// Within the picture; close to its edge, upon it.
function held(side) {
  if (side < NEAR / 2) return 0;
  return side > 1 - NEAR / 2 ? 1 : Number(side.toFixed(3));
}
function place(it, point) {
  const at = point.map(held);
  let shape = it.shapes.at(-1);
  if (!shape || shape.done) {
    const number = it.shapes.filter(other => other.kind === it.kind).length + 1;
    shape = { kind: it.kind, name: it.kind + number, points: [] };
    it.shapes.push(shape);
  }
  const closes = shape.points.length > 2 && shape.points[0].every((side, axis) => Math.abs(side - at[axis]) < NEAR);
  if (closes) shape.done = true;
  else shape.points.push(at);
  if (shape.kind === 'line' && shape.points.length === 2) shape.done = true;
  it.at = at;
  show(it);
}
const least = shape => shape.kind === 'line' ? 2 : 3;
function finish(it) {
  const shape = it.shapes.at(-1);
  if (shape && shape.points.length < least(shape)) it.shapes.pop();
  else if (shape) shape.done = true;
  show(it);
}
function takeBack(it) {
  const shape = it.shapes.at(-1);
  if (!shape) return;
  shape.points.pop();
  shape.done = false;
  it.kind = shape.kind;
  if (!shape.points.length) it.shapes.pop();
  show(it);
}
async function copy(it) {
  // Only over HTTPS and on this machine a page may write to the clipboard by itself.
  try { await navigator.clipboard.writeText(it.text.value); }
  catch { it.text.select(); document.execCommand('copy'); }
  it.said.textContent = 'Copied: paste it into the pipeline file.';
}

const points = list => '[' + list.map(([x, y]) => `[${x}, ${y}]`).join(', ') + ']';
// What is drawn, as `zones` and `camera` take it.
function toml(it) {
  const { nodes } = latest.pipeline;
  const whole = it.shapes.filter(shape => shape.points.length >= least(shape));
  const camera = cameraOf(it.id);
  const there = nodes.find(node => node.type === 'zones');
  const tracker = nodes.find(node => node.type === 'track');
  const name = there ? there.id : 'places';
  const several = nodes.filter(node => node.role === 'source' && node.pictures).length > 1;
  const of = several && camera ? `sources = [${JSON.stringify(camera)}]\n` : '';
  const key = text => /^[A-Za-z0-9_-]+$/.test(text) ? text : JSON.stringify(text);
  const parts = [];
  const placed = whole.filter(shape => shape.kind !== 'mask');
  if (placed.length && !there) {
    const inputs = tracker ? `[${JSON.stringify(tracker.id)}]` : '[]  # a `track` node';
    parts.push(`[transforms.${key(name)}]\ntype = "zones"\ninputs = ${inputs}\n`);
  }
  for (const shape of placed) {
    const place = shape.kind === 'zone' ? `polygon = ${points(shape.points)}\n`
      : `from = [${shape.points[0].join(', ')}]\nto = [${shape.points[1].join(', ')}]\n`;
    parts.push(`[[transforms.${key(name)}.${shape.kind}s]]\nname = ${JSON.stringify(shape.name)}\n${place}${of}`);
  }
  const masks = whole.filter(shape => shape.kind === 'mask');
  if (masks.length) {
    parts.push(`# in [sources.${key(camera || 'CAMERA')}]\nmask = [${masks.map(shape => points(shape.points)).join(', ')}]\n`);
  }
  return parts.join('\n');
}

function show(it) {
  const shape = it.shapes.at(-1);
  const opened = !it.panel.hidden;
  it.text.value = toml(it) || '# Nothing is drawn yet.\n';
  if (document.activeElement !== it.name) it.name.value = shape ? shape.name : '';
  it.name.disabled = !shape || shape.kind === 'mask';
  it.panel.querySelector(`[value=${it.kind}]`).checked = true;
  const where = it.byKeys ? ` The cross is at ${it.at.map(side => side.toFixed(2)).join(', ')}.` : '';
  it.said.textContent = (shape ? `${shape.name}: ${plural(shape.points.length, 'corner')}.` : '') + where;
  sketch(it, opened);
}
// The overlay has as many units as the picture has pixels.
function sketch(it, opened) {
  const { width, height } = it.canvas;
  it.over.setAttribute('viewBox', `0 0 ${width} ${height}`);
  const scale = ([x, y]) => [x * width, y * height];
  // Words and corners are as large as elsewhere on the page, however small the picture is shown.
  const unit = width / (it.canvas.clientWidth || width);
  const list = shape => shape.points.map(scale).map(point => point.join(',')).join(' ');
  const parts = [];
  const add = (kind, shape, label) => {
    const closed = kind !== 'line' && (shape.done || shape.points.length > 2);
    parts.push(drawn(closed ? 'polygon' : 'polyline', { class: 'area ' + kind, points: list(shape) }));
    if (kind === 'line' && shape.points.length === 2) parts.push(...right(shape.points.map(scale), unit));
    const [x, y] = scale(shape.points[0]);
    parts.push(drawn('text', { x: Math.min(x + 6 * unit, width - 90 * unit), y: Math.min(Math.max(y + 18 * unit, 18 * unit), height - 6 * unit), 'font-size': 14 * unit }, label));
  };
  const camera = cameraOf(it.id);
  for (const node of latest.pipeline.nodes) for (const area of node.areas || []) {
    if (area.source !== camera) continue;
    const counted = area.inside === undefined ? `${area.left} left, ${area.right} right` : area.inside;
    add(area.inside === undefined ? 'line' : 'zone', { points: area.points, done: true }, `${area.name} · ${counted}`);
  }
  if (opened) for (const shape of it.shapes) {
    add(shape.kind, shape, shape.name);
    for (const [x, y] of shape.points.map(scale)) parts.push(drawn('circle', { class: 'corner', cx: x, cy: y, r: 5 * unit }));
  }
  if (opened && it.byKeys) {
    const [x, y] = scale(it.at);
    parts.push(drawn('path', { class: 'cross', d: `M${x - 12 * unit} ${y}h${24 * unit}M${x} ${y - 12 * unit}v${24 * unit}` }));
  }
  it.over.replaceChildren(...parts);
}
// Which side of a line is the right one, for who goes from its first end to its second.
function right([[x, y], [toX, toY]], unit) {
  const long = Math.hypot(toX - x, toY - y) || 1;
  const [ahead, aside] = [(toX - x) / long, (toY - y) / long];
  const [midX, midY] = [(x + toX) / 2, (y + toY) / 2];
  const [tipX, tipY] = [midX - 22 * unit * aside, midY + 22 * unit * ahead];
  return [drawn('path', { class: 'area line', d: `M${midX} ${midY}L${tipX} ${tipY}` }),
    drawn('text', { x: tipX, y: tipY, 'font-size': 12 * unit, 'text-anchor': aside < 0 ? 'start' : 'end' }, 'right')];
}
const showAreas = () => easels.forEach(it => sketch(it, !it.panel.hidden));
