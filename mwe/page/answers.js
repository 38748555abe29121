// The answers: buttons ask on, one track is open and one plays at a time. `element`, `trigger`, `watch`: from Gradio.
const tell = (name, detail) => window.dispatchEvent(new CustomEvent(name, { detail }));
const row = (track) => (track && track.dataset.row !== undefined ? Number(track.dataset.row) : null);

// What the playlist needs to know of a track.
const shown = ({ dataset }) => ({ ...dataset, row: Number(dataset.row), seconds: Number(dataset.seconds) });

element.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.matches(".mwe-add")) tell("mwe-add", { tracks: [shown(button)], toggle: true });
  else if (button.matches(".mwe-add-all")) {
    const listed = button.closest(".mwe-heading").parentElement.querySelectorAll(".mwe-heading ~ .mwe-item .mwe-add");
    tell("mwe-add", { tracks: [...listed].map(shown), toggle: false });
  } else if (button.dataset.why !== undefined) {
    const why = button.closest(".mwe-inside").querySelector(".mwe-why");
    why.hidden = !why.hidden;
    button.setAttribute("aria-expanded", String(!why.hidden));
  } else if (button.dataset.tag !== undefined) trigger("ask", { tag: button.dataset.tag });
  else if (button.dataset.track !== undefined) trigger("ask", { track: Number(button.dataset.track) });
  else if (button.dataset.artist !== undefined) trigger("ask", { artist: Number(button.dataset.artist) });
});
element.addEventListener(
  "toggle",
  (event) => {
    const track = event.target;
    if (track.open) tell("mwe-open", row(track));
    else track.querySelector("audio")?.pause();
  },
  true,
);
element.addEventListener(
  "play",
  (event) => {
    for (const sound of element.querySelectorAll("audio")) if (sound !== event.target) sound.pause();
  },
  true,
);
element.addEventListener(
  "error",
  (event) => {
    const note = event.target.parentElement?.querySelector(".mwe-silent");
    if (note && event.target.tagName === "AUDIO") note.hidden = false;
    if (event.target.tagName === "IMG") event.target.remove(); // below a cover lies its stand-in
  },
  true,
);
let listed = new Set();
const mark = () => {
  for (const button of element.querySelectorAll(".mwe-add")) {
    const pressed = listed.has(button.dataset.id);
    button.setAttribute("aria-pressed", String(pressed));
    button.title = pressed ? "Remove from the playlist" : "Add to the playlist";
  }
};
window.addEventListener("mwe-playlist", (event) => {
  listed = new Set(event.detail);
  mark();
});
watch("value", () => {
  mark();
  const tracks = [...element.querySelectorAll(".mwe-track")];
  tell("mwe-answer", { rows: tracks.map(row).filter((one) => one !== null), opened: row(tracks.find((one) => one.open)) });
  element.querySelector("audio[data-play]")?.play().catch(() => {});
  // who asked from further down the page is brought to the answer, by eye and by keyboard
  const top = element.getBoundingClientRect().top;
  if (top < 0 || top > window.innerHeight - 80) element.scrollIntoView({ block: "start" });
  if (document.activeElement === document.body || element.contains(document.activeElement))
    element.querySelector("summary")?.focus({ preventScroll: true });
});
