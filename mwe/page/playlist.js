// The playlist: kept in this browser, saved as a file by the server. From Gradio: `element`, `trigger`.
const panel = element.querySelector(".mwe-list");
const [list, sum, said, jump, save] = ["ol", ".mwe-sum", ".mwe-said", ".mwe-jump", ".mwe-save"].map((part) => panel.querySelector(part));
const key = `mwe-playlist ${panel.dataset.library}`;
const most = Number(panel.dataset.most);
const PLACEHOLDER = { name: "", artist: "", seconds: 0, cover: "", row: null };
let tracks = kept(), cleared = [];

function kept() {
  try {
    const stored = JSON.parse(localStorage.getItem(key));
    const texts = (track) => track && typeof track.id === "string" && typeof track.name === "string";
    return Array.isArray(stored) ? stored.filter(texts).slice(0, most).map((track) => ({ ...PLACEHOLDER, ...track })) : [];
  } catch {
    return [];
  }
}

function keep() {
  try {
    localStorage.setItem(key, JSON.stringify(tracks.map(({ id, name, artist, seconds }) => ({ id, name, artist, seconds }))));
  } catch {
    say("This browser keeps nothing. Save the playlist before you leave.");
  }
  show();
}

function say(text, undo) {
  said.textContent = text;
  if (!undo) return;
  const button = made("button", "mwe-clear", "Undo");
  button.type = "button";
  button.addEventListener("click", undo);
  said.append(" ", button);
}

function made(name, style, text = "") {
  const part = document.createElement(name);
  if (style) part.className = style;
  part.textContent = text;
  return part;
}

const length = (seconds) => {
  const minutes = Math.round(seconds / 60);
  if (minutes >= 60) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return seconds >= 60 ? `${minutes} min` : `${Math.round(seconds)} s`;
};
const clock = (seconds) => `${Math.floor(Math.round(seconds) / 60)}:${String(Math.round(seconds) % 60).padStart(2, "0")}`;
const total = () => length(tracks.reduce((seconds, track) => seconds + (Number(track.seconds) || 0), 0));
const count = (number) => `${number} track${number === 1 ? "" : "s"}`;

function show() {
  list.replaceChildren(...tracks.map(item));
  const any = tracks.length > 0;
  panel.classList.toggle("mwe-any", any);
  panel.querySelector(".mwe-empty").hidden = any;
  save.hidden = !any;
  sum.textContent = any ? `${count(tracks.length)}, ${total()}` : "";
  jump.textContent = any ? `Playlist: ${count(tracks.length)}, ${total()}` : "";
  jump.hidden = !any || inView;
  window.dispatchEvent(new CustomEvent("mwe-playlist", { detail: tracks.map((track) => track.id) }));
}

function item(track, position) {
  const row = made("li", track.gone ? "mwe-gone" : "");
  const cover = made("span", "mwe-cover");
  if (track.cover) {
    const picture = made("img");
    picture.alt = "";
    picture.loading = "lazy";
    picture.src = track.cover;
    picture.addEventListener("error", () => picture.remove());
    cover.append(picture);
  }
  const names = made("button", "mwe-listed");
  names.type = "button";
  names.dataset.act = "open";
  names.disabled = Boolean(track.gone);
  names.append(made("span", "mwe-name", track.name), made("span", "mwe-artist", track.gone ? "no longer in the library" : track.artist));
  row.append(made("span", "mwe-rank", String(position + 1)), cover, names, made("span", "mwe-clock", clock(Number(track.seconds) || 0)));
  const acts = made("span", "mwe-acts");
  for (const [act, sign, told] of [["up", "↑", "Move up"], ["down", "↓", "Move down"], ["remove", "×", "Remove"]]) {
    const button = made("button", "", sign);
    button.type = "button";
    button.dataset.act = act;
    button.title = told;
    button.setAttribute("aria-label", `${told}: ${track.name}`);
    button.disabled = (act === "up" && position === 0) || (act === "down" && position === tracks.length - 1);
    acts.append(button);
  }
  row.append(acts);
  return row;
}

// The keyboard stays where it was: at the moved track, or at the one that took a removed one's place.
function focus(position, act) {
  const row = list.children[Math.min(position, tracks.length - 1)];
  const button = row?.querySelector(`[data-act=${act}]:not(:disabled)`) || row?.querySelector(".mwe-acts button:not(:disabled)");
  button?.focus();
  row?.scrollIntoView({ block: "nearest" });
}

list.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  const position = [...list.children].indexOf(button.closest("li")), { act } = button.dataset;
  if (act === "open") return trigger("ask", { id: tracks[position].id });
  const [track] = tracks.splice(position, 1);
  const to = { up: position - 1, down: position + 1 }[act];
  if (to !== undefined) tracks.splice(to, 0, track);
  keep();
  say(to === undefined ? `${track.name} removed.` : `${track.name} is number ${to + 1}.`);
  focus(to ?? position, act);
});

window.addEventListener("mwe-add", (event) => {
  const { tracks: given, toggle } = event.detail, before = tracks.length;
  const inList = (track) => tracks.findIndex((one) => one.id === track.id);
  for (const track of given) {
    if (toggle && inList(track) >= 0) tracks.splice(inList(track), 1);
    else if (inList(track) < 0 && tracks.length < most) tracks.push(track);
  }
  keep();
  const added = tracks.length - before;
  if (added < 0) say(`${given[0].name} removed.`);
  else say(added ? `${added === 1 ? tracks.at(-1).name : count(added)} added.` : tracks.length < most ? "All of them are in the list." : `The list is full: ${most} tracks.`);
  if (added > 0) list.scrollTop = list.scrollHeight;
});
window.addEventListener("mwe-answer", show); // new answers have buttons to mark
window.addEventListener("storage", (event) => {
  if (event.key !== key) return; // changed in another window
  tracks = kept();
  refresh();
});

const post = (where, names) => fetch(`library/playlist${where}`, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ tracks: names }) });

// Names, covers and rows of today; what the library no longer has is marked.
async function refresh() {
  show();
  if (!tracks.length) return;
  const asked = tracks.map((track) => track.id);
  const answer = await post("/tracks", asked).catch(() => null);
  if (!answer?.ok) return;
  const told = new Map((await answer.json()).map((track, position) => [asked[position], track]));
  tracks = tracks.map((track) => (told.has(track.id) ? told.get(track.id) || { ...track, gone: true, cover: "" } : track));
  show();
}

panel.addEventListener("click", async (event) => {
  const button = event.target.closest("button");
  if (button?.matches(".mwe-save .mwe-clear")) {
    [cleared, tracks] = [tracks, []];
    keep();
    say(`${count(cleared.length)} removed.`, () => {
      tracks = [...cleared, ...tracks];
      keep();
      say("They are back.");
    });
    said.querySelector("button").focus();
  }
  const form = button?.dataset.form;
  if (!form) return;
  const there = tracks.filter((track) => !track.gone), gone = tracks.length - there.length;
  if (!there.length) return say("The library no longer has any of these tracks.");
  const answer = await post(`.${form}`, there.map((track) => track.id)).catch(() => null);
  if (!answer?.ok) return say(`It cannot be saved: ${answer ? await answer.text() : "the page is no longer served"}.`);
  const link = made("a");
  link.href = URL.createObjectURL(await answer.blob());
  link.download = `playlist.${form}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  const missing = Number(answer.headers.get("X-Missing"));
  const notes = [gone && `${count(gone)} left out: no longer in the library`, missing && `${count(missing)} whose files have moved`];
  say(`Saved ${count(there.length)}${notes.filter(Boolean).map((note) => `; ${note}`).join("")}.`);
});

// On a narrow screen the list is below the answers: a bar leads to it.
let inView = true;
new IntersectionObserver(([entry]) => {
  inView = entry.isIntersecting;
  jump.hidden = inView || !tracks.length;
}).observe(panel.querySelector(".mwe-heading"));
refresh();
