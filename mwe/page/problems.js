// Broken files of the library, asked for when they are first seen. From Gradio: `element`, `trigger`.
const box = element.querySelector("input");
const [told, rows] = [element.querySelector(".mwe-counts"), element.querySelector("ul")];
let latest = 0;

function made(name, style, text = "") {
  const part = document.createElement(name);
  if (style) part.className = style;
  part.textContent = text;
  return part;
}

function item(file) {
  const row = made("li"), name = made(file.row === null ? "span" : "button", "mwe-name", file.track_id);
  if (file.row !== null) {
    name.type = "button";
    name.title = "Show the part that is in the library";
    name.addEventListener("click", () => trigger("ask", { track: file.row }));
  }
  const seconds = file.seconds === null ? "not in the library" : `${file.seconds.toFixed(1)} s in the library`;
  row.append(made("span", "mwe-reason", file.reason), name, made("span", "mwe-artist", [file.detail, seconds].filter(Boolean).join(" · ")));
  return row;
}

async function ask() {
  const number = ++latest;
  const answer = await fetch(`library/problems.json?q=${encodeURIComponent(box.value)}`).catch(() => null);
  const content = answer && (await answer.json());
  if (number !== latest) return; // a later letter was faster
  if (!answer?.ok) {
    told.textContent = content?.error || "The list could not be loaded.";
    return;
  }
  const reasons = content.reasons.map(({ reason, count }) => `${count.toLocaleString("en")} ${reason}`).join(", ");
  const shown = content.files.length < content.matching ? ` The first ${content.files.length} are shown.` : "";
  const of = content.matching < content.total ? ` of ${content.total.toLocaleString("en")}` : "";
  told.textContent = `${content.matching.toLocaleString("en")}${of} files${reasons && `: ${reasons}`}.${shown}`;
  rows.replaceChildren(...content.files.map(item));
}

let waiting = 0;
box.addEventListener("input", () => {
  clearTimeout(waiting);
  waiting = setTimeout(ask, 120);
});
const seen = new IntersectionObserver(([entry]) => {
  if (!entry.isIntersecting) return;
  seen.disconnect();
  ask();
});
seen.observe(box);
