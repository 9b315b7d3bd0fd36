const name = svg => `${svg.getAttribute('aria-label')} in ${svg.parentElement.className}`;
const box = element => element.getBoundingClientRect();
const isSeen = element => box(element).width > 0 && box(element).height > 0;
const meet = (a, b) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
const isInside = (a, b) => a.left >= b.left - 1 && a.right <= b.right + 1 && a.top >= b.top - 1 && a.bottom <= b.bottom + 1;
const pictures = [...document.querySelectorAll('svg')];
// A single dot is a step of no length with round ends.
const isDrawn = mark => isSeen(mark) || (mark.classList.contains('dots') && mark.getAttribute('d'));
const marks = svg => [...svg.querySelectorAll('rect, circle, path, polyline')];
const covered = [];
for (const svg of pictures) {
  const words = [...svg.querySelectorAll('text')];
  words.forEach((word, place) => {
    if (!isInside(box(word), box(svg))) covered.push(`${name(svg)}: "${word.textContent}" reaches out`);
    const other = words.slice(place + 1).find(other => meet(box(word), box(other)));
    if (other) covered.push(`${name(svg)}: "${word.textContent}" on "${other.textContent}"`);
  });
}
document.querySelectorAll('details').forEach(part => part.open = true);
const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/\d+/g).map(Number);
const seen = {
  dark: matchMedia('(prefers-color-scheme: dark)').matches,
  light: (red + green + blue) / 3,
  pictures: pictures.length,
  empty: pictures.filter(svg => !isSeen(svg) || !marks(svg).some(isDrawn)).map(name),
  covered,
  is_cut: document.documentElement.scrollWidth > innerWidth,
  requests: [
    ...performance.getEntriesByType('resource').map(entry => entry.name),
    ...[...document.querySelectorAll('[src], [href]')].map(element => element.outerHTML),
  ],
  text: document.body.innerText,
};
document.body.append(Object.assign(document.createElement('output'), { textContent: JSON.stringify(seen) }));
