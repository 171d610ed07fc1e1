// Files that sinks have written, as both pages show them: straight from their address, which is read in parts; where that needs the token, whole.
async function load(into, path) {
  if (!sessionStorage.getItem('token')) { into.src = path; return; }
  const answer = await ask(path);
  if (!answer.ok) { into.dispatchEvent(new Event('error')); return; }
  into.src = URL.createObjectURL(await answer.blob());
}
// Only what somebody sees, or is about to, is asked for.
const near = new IntersectionObserver(seen => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) { near.unobserve(target); load(target, target.dataset.path); }
}, { rootMargin: '300px' });
function small(path, words) {
  const image = element('img', { class: 'thumb', alt: words, loading: 'lazy', 'data-path': path });
  image.addEventListener('load', () => URL.revokeObjectURL(image.src));
  near.observe(image);
  return image;
}
