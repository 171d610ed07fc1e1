// Pictures, as fast as they come and while somebody looks; boxes are those of the detection nearest in time.
const boxes = new Map();
const cameras = new Set();
function showPictures(nodes) {
  for (const node of nodes) {
    if (!node.pictures || cameras.has(node.id)) continue;
    cameras.add(node.id);
    $('seen').hidden = false;
    const canvas = element('canvas', { role: 'img', 'aria-label': 'What ' + node.id + ' sees', width: 640, height: 480 });
    const caption = element('figcaption', {}, node.id);
    const [frame, ...tools] = easel(node.id, canvas);
    frame.append(element('p', { class: 'word', hidden: '' }));
    $('pictures').append(element('figure', { 'data-node': node.id }, frame, caption, ...tools));
    watch(node.id, canvas, caption);
  }
}
// Why a node gives nothing now; nothing if it gives something.
function outage(status, node) {
  if (!node) return '';
  const finding = status.findings.find(it => it.node === node.id && it.severity !== 'note');
  const text = finding ? finding.text : 'no reason given';
  switch (node.state) {
    case 'opening': return 'is being opened';
    case 'ended': return 'has ended';
    // How often it was tried stands above; on a telephone there is room for the reason alone.
    case 'retrying': case 'degraded': return 'is away: ' + text.replace(/^failed .*? and is being reopened: /, '');
    case 'failed': return text;
    default: return node.role === 'source' && finding && finding.severity === 'error' ? text : '';
  }
}
// It stands on the last picture.
function showOutages(status) {
  const by = name => status.pipeline.nodes.find(it => it.id === name);
  for (const figure of $('pictures').children) {
    const { node } = figure.dataset;
    const silent = [by(node), by(cameraOf(node))].find(it => outage(status, it));
    figure.classList.toggle('still', Boolean(silent));
    const word = figure.querySelector('.word');
    word.hidden = !silent;
    word.textContent = silent ? `${silent.id} ${outage(status, silent)}` : '';
  }
  $('said').hidden = !status.pipeline.nodes.some(it => it.type === 'transcribe');
  $('silent').textContent = silence(status);
}
// Why there are no words: that nobody speaks is not known where nobody can be heard.
function silence(status) {
  const { nodes, edges } = status.pipeline;
  const ears = nodes.filter(it => it.role === 'source' && edges.some(edge => edge.from === it.id && edge.kind === 'audio'));
  const deaf = ears.find(it => it.state !== 'ended' && outage(status, it));
  if (deaf) return deaf.state === 'opening' ? `${deaf.id} is being opened.` : `${deaf.id} cannot be heard.`;
  return ears.length && ears.every(it => it.state === 'ended') ? 'Nothing was said.' : 'Nothing has been said yet.';
}
// What the numbers in pictures are.
function showKey(nodes) {
  const areas = nodes.flatMap(it => it.areas || []);
  const has = what => areas.some(it => (it.inside === undefined) === (what === 'line'));
  const words = [];
  if (nodes.some(it => it.type === 'detect')) words.push('On boxes: how sure the model is.');
  if (has('zone')) words.push('On zones: how many are inside now.');
  if (has('line')) words.push('On lines: how many have crossed to the left and to the right.');
  $('key').textContent = words.join(' ');
}
async function watch(id, canvas, caption) {
  let near = true;
  new IntersectionObserver(seen => { near = seen.at(-1).isIntersecting; }).observe(canvas);
  for (;;) {
    await visible();
    if (!near) { await wait(500); continue; }
    try {
      const answer = await ask('/nodes/' + encodeURIComponent(id) + '/frame.jpg');
      if (!answer.ok) {
        const why = (await answer.text()).trim();
        caption.textContent = canvas.closest('.still') ? id : id + ': ' + why;
        await wait(2000);
        continue;
      }
      const picture = await createImageBitmap(await answer.blob());
      const seconds = Number(answer.headers.get('X-Otus-Time'));
      caption.textContent = id + ' · ' + paint(canvas, picture, id, seconds);
      picture.close();
      await wait(150);
    } catch { await wait(2000); }
  }
}
// Those of its camera; none where they are drawn already.
function boxesOf(id) {
  const node = latest.pipeline.nodes.find(it => it.id === id);
  return node && node.type !== 'annotate' && boxes.get(cameraOf(id)) || new Map();
}
function paint(canvas, picture, id, seconds) {
  if (canvas.width !== picture.width || canvas.height !== picture.height) {
    canvas.width = picture.width;
    canvas.height = picture.height;
    canvas.style.aspectRatio = picture.width + ' / ' + picture.height;
    showAreas();
  }
  const context = canvas.getContext('2d');
  context.drawImage(picture, 0, 0);
  const unit = picture.width / 640;
  context.lineWidth = 2 * unit;
  context.font = `600 ${13 * unit}px system-ui, sans-serif`;
  const found = new Map();
  let late = 0;
  const distance = event => Math.abs(seconds - event.t);
  for (const events of boxesOf(id).values()) {
    const event = events.reduce((best, it) => distance(it) < distance(best) ? it : best);
    // Nothing was seen since: the boxes of long ago are not where things are now.
    if (distance(event) > 3) continue;
    late = Math.max(late, seconds - event.t);
    const scale = picture.width / event.frame[0];
    for (const object of event.objects) {
      const [x, y, width, height] = object.box.map(side => side * scale);
      found.set(object.label, (found.get(object.label) || 0) + 1);
      context.strokeStyle = context.fillStyle = '#ffd60a';
      context.strokeRect(x, y, width, height);
      const text = object.label + ' ' + (100 * object.score).toFixed(0) + ' %';
      const wide = context.measureText(text).width + 8 * unit;
      const top = Math.max(y - 18 * unit, 0);
      const left = Math.min(Math.max(x - unit, 0), picture.width - wide);
      context.fillRect(left, top, wide, 18 * unit);
      context.fillStyle = '#14171a';
      context.fillText(text, left + 4 * unit, top + 13.5 * unit);
    }
  }
  const text = [...found].map(([label, n]) => n + ' × ' + label).join(', ');
  return (text || 'nothing found') + (late > 0.5 ? `, ${late.toFixed(1)} s before this picture` : '');
}
