// The graph: columns by distance from the sources, edges that skip a column run through a free place.
function layers(nodes, edges) {
  const depth = new Map(nodes.map(it => [it.id, 0]));
  for (let round = 0; round < nodes.length; round++)
    for (const { from, to } of edges) depth.set(to, Math.max(depth.get(to), depth.get(from) + 1));
  const columns = [];
  for (const node of nodes) (columns[depth.get(node.id)] ??= []).push({ id: node.id, node });
  const routes = new Map();
  for (const edge of edges) {
    const key = edge.from + ' ' + edge.to;
    const route = routes.get(key) || { from: edge.from, to: edge.to, lanes: [], via: [] };
    route.lanes.push(edge);
    if (!routes.has(key))
      for (let at = depth.get(edge.from) + 1; at < depth.get(edge.to); at++) {
        const place = { id: key + at, route };
        route.via.push(place);
        columns[at].push(place);
      }
    routes.set(key, route);
  }
  return { columns, routes: [...routes.values()] };
}
function order({ columns, routes }) {
  const at = new Map();
  const before = new Map();
  const link = (from, to) => before.set(to, [...(before.get(to) || []), from]);
  for (const route of routes) {
    const stops = [route.from, ...route.via.map(it => it.id), route.to];
    for (let stop = 1; stop < stops.length; stop++) link(stops[stop - 1], stops[stop]);
  }
  columns.forEach(column => {
    const middle = place => {
      const from = (before.get(place.id) || []).map(id => at.get(id));
      return from.length ? from.reduce((a, b) => a + b) / from.length : 0;
    };
    column.map((place, index) => [middle(place), index, place]).sort((a, b) => a[0] - b[0] || a[1] - b[1])
      .forEach(([, , place], index) => { column[index] = place; });
    column.forEach((place, index) => at.set(place.id, (index + 0.5) / column.length));
  });
}
function showGraph(status) {
  const { nodes, edges } = status.pipeline;
  const flow = rates(status);
  const plan = layers(nodes, edges);
  order(plan);
  // What does not fit, as on a phone, is reached by moving the drawing sideways.
  const width = Math.max($('room').clientWidth, plan.columns.length * (BOX.width + 108) - 108);
  const height = Math.max(...plan.columns.map(it => it.length)) * 84;
  const spots = new Map();
  plan.columns.forEach((column, depth) => column.forEach((place, index) => spots.set(place.id, {
    x: plan.columns.length === 1 ? width / 2
      : BOX.width / 2 + 2 + depth * (width - BOX.width - 4) / (plan.columns.length - 1),
    y: (index + 0.5) * height / column.length,
  })));
  const graph = $('graph');
  for (const [name, value] of Object.entries({ width, height, viewBox: `0 0 ${width} ${height}` })) graph.setAttribute(name, value);
  graph.replaceChildren();
  const labels = plan.routes.map(route => drawRoute(graph, route, spots));
  spread(labels);
  for (const [at, route] of labels) drawLabel(graph, at, route, flow);
  for (const node of nodes) drawNode(graph, node, spots.get(node.id));
}
function drawRoute(graph, route, spots) {
  const from = spots.get(route.from), to = spots.get(route.to), half = BOX.width / 2;
  const stops = [{ x: from.x + half, y: from.y }, ...route.via.map(it => spots.get(it.id)), { x: to.x - half, y: to.y }];
  let line = `M${stops[0].x} ${stops[0].y}`;
  for (let stop = 1; stop < stops.length; stop++) {
    const [a, b] = [stops[stop - 1], stops[stop]];
    const middle = (a.x + b.x) / 2;
    line += ` C${middle} ${a.y} ${middle} ${b.y} ${b.x} ${b.y}`;
  }
  graph.append(drawn('path', { d: line }));
  if (route.via.length) return [{ ...spots.get(route.via[Math.floor((route.via.length - 1) / 2)].id) }, route];
  return [{ x: (stops[0].x + stops[1].x) / 2, y: (stops[0].y + stops[1].y) / 2 }, route];
}
// A line for each kind that flows, and one for those that wait.
const tall = route => 15 * route.lanes.length + 15;
// Labels in the same gap must not cover each other.
function spread(labels) {
  labels.sort(([a], [b]) => a.x - b.x || a.y - b.y);
  for (let at = 1; at < labels.length; at++) {
    const [last, next] = [labels[at - 1][0], labels[at][0]];
    const room = 8 + (tall(labels[at - 1][1]) + tall(labels[at][1])) / 2;
    if (next.x - last.x < 30 && next.y - last.y < room) next.y = last.y + room;
  }
}
function drawLabel(graph, at, route, flow) {
  const rows = route.lanes.map(edge => {
    const now = flow(edge);
    // What is being handled waits no more, and between files marks wait as well.
    const waiting = Math.min(edge.depth, edge.in_flight, edge.capacity);
    return [`${edge.kind} ${rate(now.flow)}`.trim(), `${waiting}/${edge.capacity}`, edge.dropped];
  });
  const [first] = rows;
  const height = tall(route), top = at.y - height / 2;
  graph.append(drawn('rect', { class: 'plate', x: at.x - 46, y: top - 2, width: 92, height: height + 4 }));
  rows.forEach((it, line) => graph.append(drawn('text', { x: at.x, y: top + 12 + 15 * line }, it[0])));
  const lost = rows.reduce((sum, it) => sum + it[2], 0);
  const lower = drawn('text', { x: at.x, y: top + height - 3, class: lost ? 'lost' : 'faint' }, first[1] + (lost ? ' · −' + count(lost) : ''));
  lower.append(drawn('title', {}, `${first[1]} waiting; ${count(lost)} dropped so far`));
  graph.append(lower);
}
function drawNode(graph, node, at) {
  const { width, height } = BOX;
  const group = drawn('g', {});
  group.append(drawn('rect', { class: 'node', x: at.x - width / 2, y: at.y - height / 2, width, height, rx: 8 }));
  const state = { running: 'ok', ended: 'idle', opening: 'idle' }[node.state] || 'ill';
  group.append(drawn('circle', { class: state, cx: at.x - width / 2 + 12, cy: at.y - height / 2 + 12, r: 4.5 }));
  group.append(drawn('text', { class: 'name', x: at.x, y: at.y - 2 }, node.id), drawn('text', { class: 'faint', x: at.x, y: at.y + 15 }, node.type));
  group.append(drawn('title', {}, `${node.id} is ${node.state}`));
  graph.append(group);
}
