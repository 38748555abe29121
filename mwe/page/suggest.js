// Suggestions below the query box: the down arrow leads to them, left and right go along. From Gradio: `element`, `trigger`.
const box = () => document.querySelector("#mwe-query :is(input, textarea)");
element.addEventListener("click", (event) => {
  const chip = event.target.closest("button");
  if (!chip) return;
  trigger("pick", { query: chip.dataset.query });
  box().focus();
});
// Gradio's own event of the box is heard at letter keys alone: not when one pastes, deletes or types on a phone
let waiting = 0;
document.addEventListener("input", (event) => {
  if (event.target !== box()) return;
  clearTimeout(waiting);
  waiting = setTimeout(() => trigger("typed", { text: box().value }), 60);
});
// the box may come later than the suggestions, so its keys are heard from above
document.addEventListener("keydown", (event) => {
  if (event.target !== box()) return;
  if (event.key === "Enter") clearTimeout(waiting); // the answer brings suggestions of its own
  if (event.key !== "ArrowDown") return;
  element.querySelector("button")?.focus();
  event.preventDefault();
});
element.addEventListener("keydown", (event) => {
  const chips = [...element.querySelectorAll("button")];
  const next = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (next) chips[(chips.indexOf(document.activeElement) + next + chips.length) % chips.length].focus();
  else if (event.key === "ArrowUp" || event.key === "Escape") box().focus();
  else return;
  event.preventDefault();
});
