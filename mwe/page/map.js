// The map: tracks as dots, tags as diamonds with their names. `element` and `trigger` are given by Gradio.
const canvas = element.querySelector("canvas");
const tip = element.querySelector(".mwe-tip");
const pen = canvas.getContext("2d");
const LIGHT = ["#0072B2", "#D55E00", "#009E73", "#AA4499", "#B07800", "#2A8FC4"];
const DARK = ["#56B4E9", "#FF8A4C", "#35C99B", "#E29BC4", "#E9B33B", "#8FD0F5"];
const LEAST = 0.9, MOST = 40; // zoom
let points = [], groups = [], labels = [];
let view = { x: 0, y: 0, zoom: 1 };
let hits = new Set(), opened = null, hovered = null, cursor = null;

const dark = () => document.body.classList.contains("dark");
// the map fills its frame: both ways go from -1 to 1, whatever the shape
const wide = () => (canvas.clientWidth / 2 - 26) * view.zoom;
const high = () => (canvas.clientHeight / 2 - 26) * view.zoom;
const onScreen = (point) => ({
  x: canvas.clientWidth / 2 + (point.x - view.x) * wide(),
  y: canvas.clientHeight / 2 - (point.y - view.y) * high(),
});
const colour = (group) => (dark() ? DARK : LIGHT)[groups.indexOf(group) % LIGHT.length];
const style = (name) => getComputedStyle(element).getPropertyValue(name).trim();

function draw() {
  const { clientWidth: width, clientHeight: height } = canvas;
  const ratio = window.devicePixelRatio || 1;
  canvas.width = width * ratio;
  canvas.height = height * ratio;
  pen.scale(ratio, ratio);
  const text = style("--body-text-color"), ground = style("--mwe-ground"), grey = style("--mwe-dot");
  const tracks = points.filter((point) => point.row !== undefined);
  for (const point of tracks.filter((one) => !hits.has(one.row))) dot(point, 3, grey);
  for (const point of tracks.filter((one) => hits.has(one.row))) dot(point, 5, text, ground);
  for (const point of tracks.filter((one) => one.row === opened)) ring(point, style("--mwe-accent"));
  labels = [];
  pen.font = "12px system-ui, sans-serif";
  pen.textBaseline = "middle";
  const tags = points.filter((point) => point.row === undefined);
  for (const point of tags) diamond(point);
  for (const point of tags) label(point, ground, width, height);
  for (const point of [hovered, cursor]) if (point) ring(point, text);
  showTip(hovered || cursor);
}

function dot(point, radius, fill, rim) {
  const { x, y } = onScreen(point);
  pen.beginPath();
  pen.arc(x, y, radius, 0, 7);
  pen.fillStyle = fill;
  pen.fill();
  if (rim) {
    pen.lineWidth = 1.5;
    pen.strokeStyle = rim;
    pen.stroke();
  }
}

function diamond(point) {
  const { x, y } = onScreen(point);
  pen.fillStyle = colour(point.group);
  pen.beginPath();
  for (const [dx, dy] of [[0, -6], [6, 0], [0, 6], [-6, 0]]) pen.lineTo(x + dx, y + dy);
  pen.fill();
}

// Names that would cover each other wait until there is room: zooming in brings them out.
function label(point, ground, width, height) {
  const { x, y } = onScreen(point);
  if (x < 0 || y < 0 || x > width || y > height) return;
  const long = pen.measureText(point.name).width;
  const left = x + 10 + long > width ? x - 10 - long : x + 10;
  const box = { left: left - 2, right: left + long + 2, top: y - 9, bottom: y + 9, point };
  const covered = labels.some(
    (one) => box.left < one.right && box.right > one.left && box.top < one.bottom && box.bottom > one.top,
  );
  if (covered) return;
  labels.push(box);
  pen.lineWidth = 3;
  pen.strokeStyle = ground;
  pen.strokeText(point.name, left, y);
  pen.fillStyle = colour(point.group);
  pen.fillText(point.name, left, y);
}

function ring(point, fill) {
  const { x, y } = onScreen(point);
  pen.beginPath();
  pen.arc(x, y, 10, 0, 7);
  pen.lineWidth = 2.5;
  pen.strokeStyle = fill;
  pen.stroke();
}

const told = (point) =>
  point.row === undefined ? `${point.name}, ${point.group || "tag"}` : [point.name, point.artist].filter(Boolean).join(", ");

function showTip(point) {
  tip.hidden = !point;
  if (!point) return;
  const { x, y } = onScreen(point);
  tip.textContent = told(point);
  const left = Math.min(Math.max(x - tip.offsetWidth / 2, 4), canvas.clientWidth - tip.offsetWidth - 4);
  tip.style.left = `${left}px`;
  tip.style.top = `${y > 44 ? y - 40 : y + 16}px`;
}

// The nearest point within reach; of a tag also its name.
function at(x, y, reach) {
  const named = labels.find((one) => x > one.left && x < one.right && y > one.top && y < one.bottom);
  let best = null, least = reach;
  for (const point of points) {
    const place = onScreen(point);
    const away = Math.hypot(place.x - x, place.y - y) - (point.row === undefined ? 3 : 0);
    if (away < least) [best, least] = [point, away];
  }
  return best || (named ? named.point : null);
}

function choose(point) {
  if (point.row === undefined) trigger("ask", { tag: point.name });
  else trigger("ask", { track: point.row, play: true });
}

function zoom(factor, x = canvas.clientWidth / 2, y = canvas.clientHeight / 2) {
  const inMap = () => ({ x: (x - canvas.clientWidth / 2) / wide(), y: (canvas.clientHeight / 2 - y) / high() });
  const before = inMap();
  view.zoom = Math.min(Math.max(view.zoom * factor, LEAST), MOST);
  const after = inMap();
  moveTo(view.x + before.x - after.x, view.y + before.y - after.y);
}

function moveTo(x, y) {
  view.x = Math.min(Math.max(x, -1), 1);
  view.y = Math.min(Math.max(y, -1), 1);
  // one finger scrolls the page up and down until the map is zoomed
  canvas.style.touchAction = view.zoom > 1.05 ? "none" : "pan-y";
  draw();
}

function reset() {
  view = { x: 0, y: 0, zoom: 1 };
  moveTo(0, 0);
}

const fingers = new Map();
let moved = 0, apart = 0;
const place = (event) => ({ x: event.offsetX, y: event.offsetY });
const spread = () => {
  const [one, other] = [...fingers.values()];
  return { apart: Math.hypot(one.x - other.x, one.y - other.y), x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
};
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, place(event));
  if (fingers.size === 1) moved = 0;
  if (fingers.size === 2) apart = spread().apart;
});
canvas.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId), now = place(event);
  if (!before) {
    const found = at(now.x, now.y, 10);
    canvas.style.cursor = found ? "pointer" : "grab";
    if (found !== hovered) {
      hovered = found;
      draw();
    }
    return;
  }
  fingers.set(event.pointerId, now);
  moved += Math.hypot(now.x - before.x, now.y - before.y);
  if (fingers.size === 2) {
    const { apart: now, x, y } = spread();
    zoom(now / apart, x, y);
    apart = now;
  } else if (moved > 6) moveTo(view.x - (now.x - before.x) / wide(), view.y + (now.y - before.y) / high());
});
canvas.addEventListener("pointerup", (event) => {
  const { x, y } = place(event);
  const alone = fingers.size === 1;
  fingers.delete(event.pointerId);
  if (!alone || moved > 6) return;
  const found = at(x, y, event.pointerType === "touch" ? 20 : 10);
  if (found) choose(found);
});
canvas.addEventListener("pointercancel", (event) => fingers.delete(event.pointerId));
canvas.addEventListener("pointerleave", () => {
  hovered = null;
  draw();
});
canvas.addEventListener(
  "wheel",
  (event) => {
    event.preventDefault();
    zoom(Math.exp(-event.deltaY / 400), event.offsetX, event.offsetY);
  },
  { passive: false },
);

// Arrow keys go to the nearest point that way, seen from where the keyboard is.
const WAYS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
function step([dx, dy]) {
  const from = cursor || { x: view.x, y: view.y };
  let best = null, least = Infinity;
  for (const point of points) {
    const x = point.x - from.x, y = point.y - from.y, away = Math.hypot(x, y), along = x * dx + y * dy;
    if (point === cursor || along < 0.6 * away || away * away >= least * along) continue;
    [best, least] = [point, (away * away) / along];
  }
  if (!best) return;
  cursor = best;
  element.querySelector(".mwe-live").textContent = told(best);
  const { x, y } = onScreen(best);
  const out = x < 20 || y < 20 || x > canvas.clientWidth - 20 || y > canvas.clientHeight - 20;
  if (out) moveTo(best.x, best.y);
  else draw();
}
canvas.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (WAYS[event.key]) step(WAYS[event.key]);
  else if (event.key === "+" || event.key === "=") zoom(1.4);
  else if (event.key === "-") zoom(1 / 1.4);
  else if (event.key === "0") reset();
  else if ((event.key === "Enter" || event.key === " ") && cursor) choose(cursor);
  else return;
  event.preventDefault();
});
canvas.addEventListener("blur", () => {
  cursor = null;
  draw();
});
element.querySelector(".mwe-in").addEventListener("click", () => zoom(1.4));
element.querySelector(".mwe-out").addEventListener("click", () => zoom(1 / 1.4));
element.querySelector(".mwe-all").addEventListener("click", reset);

window.addEventListener("mwe-answer", (event) => {
  hits = new Set(event.detail.rows);
  opened = event.detail.opened;
  draw();
});
window.addEventListener("mwe-open", (event) => {
  opened = event.detail;
  draw();
});
new ResizeObserver(draw).observe(canvas);
new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["class"] });

// Where a point lies on the screen: for programs that steer the page.
canvas.placeOf = (wanted) => {
  const point = points.find((one) => (wanted.tag === undefined ? one.row === wanted.track : one.name === wanted.tag && one.row === undefined));
  return point && onScreen(point);
};

fetch("library/map.json")
  .then((answer) => answer.json())
  .then((map) => {
    groups = [...new Set(map.tags.map((tag) => tag.group))].sort();
    points = [...map.tracks, ...map.tags];
    const shown = map.tracks.length < map.of ? `${map.tracks.length.toLocaleString("en")} of ${map.of.toLocaleString("en")}` : map.of.toLocaleString("en");
    const legend = element.querySelector(".mwe-legend");
    const entry = (kind, tint, name) => {
      const one = document.createElement("span");
      one.className = kind;
      one.style.setProperty("--tint", tint);
      one.textContent = name;
      legend.append(one);
    };
    entry("mwe-round", "var(--mwe-dot)", `${shown} tracks${map.tracks.length < map.of ? ", an even sample" : ""}`);
    for (const group of groups) entry("mwe-diamond", colour(group), group || "tags");
    entry("mwe-method", "none", `laid out by ${map.method}: near means alike, distances across the map mean little`);
    canvas.dataset.ready = "yes";
    draw();
  })
  .catch(() => {
    tip.hidden = false;
    tip.textContent = "The map could not be loaded.";
  });
