"use strict";
const find = (selector, within = document) => within.querySelector(selector);
const all = (selector, within = document) => [...within.querySelectorAll(selector)];
function on(selector, events, act) {
  for (const part of all(selector)) for (const event of events.split(" ")) part.addEventListener(event, act);
}
const data = JSON.parse(find("#data").textContent);
const sounds = JSON.parse(find("#sounds").textContent);
const root = document.documentElement;

// Light and dark: as the system, until it is chosen.
const themeButton = find("#theme");
const systemIsDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => (root.dataset.theme ?? (systemIsDark.matches ? "dark" : "light")) === "dark";
const showTheme = () => themeButton.setAttribute("aria-pressed", isDark());
function remembered(value) {
  try { // a page from the disk may have no storage
    if (value) localStorage.setItem("skxai-theme", value);
    return localStorage.getItem("skxai-theme");
  } catch { return null; }
}
const chosenTheme = remembered();
if (chosenTheme === "dark" || chosenTheme === "light") root.dataset.theme = chosenTheme;
on("#theme", "click", () => {
  root.dataset.theme = isDark() ? "light" : "dark";
  remembered(root.dataset.theme);
  showTheme();
});
systemIsDark.addEventListener("change", showTheme);
showTheme();

// The table: a column's button sorts by it, the best first; once more the other way. What has no value comes last.
function sortBy(header) {
  const orders = header.dataset.greater === "true" ? ["descending", "ascending"] : ["ascending", "descending"];
  const order = orders[header.getAttribute("aria-sort") === orders[0] ? 1 : 0];
  all("th[aria-sort]", header.parentElement).forEach(other => other.removeAttribute("aria-sort"));
  header.setAttribute("aria-sort", order);
  const value = row => row.cells[header.cellIndex].dataset.value, sign = order === "ascending" ? 1 : -1;
  const body = find("tbody", header.closest("table"));
  body.append(...[...body.rows].sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    return x === "" || y === "" ? (x === "") - (y === "") : sign * (x - y);
  }));
}
on(".sort", "click", event => sortBy(event.currentTarget.closest("th")));

// What a metric measures, above its header
const tip = find("#tip");
function showTip({currentTarget: button}) {
  tip.textContent = button.dataset.tip;
  tip.hidden = false;
  const box = button.getBoundingClientRect();
  const left = Math.min(box.left, innerWidth - tip.offsetWidth - 8);
  tip.style.left = `${Math.max(8, left)}px`;
  tip.style.top = box.top > tip.offsetHeight + 12 ? `${box.top - tip.offsetHeight - 6}px` : `${box.bottom + 6}px`;
  button.setAttribute("aria-describedby", "tip");
}
function hideTip({currentTarget: button}) {
  tip.hidden = true;
  button.removeAttribute("aria-describedby");
}
on("[data-tip]", "mouseenter focus", showTip);
on("[data-tip]", "mouseleave blur", hideTip);

// Curves
const dashes = ["", "6 3", "8 3 2 3", "2 3", "10 3", "4 2 1 2"];
function styleOf(method) {
  const number = data.methods[method];
  const control = data.controls.indexOf(method);
  if (control >= 0) return {colour: "var(--no-model)", dash: ["1 3", "4 4", "7 3 1 3"][control % 3]};
  return {colour: `var(--c${number % data.palette})`, dash: dashes[number % dashes.length]};
}
const kinds = Object.keys(data.curves);
const off = new Set(), hiddenMethods = new Set();
let pointedAt = null;
function toggle(set, value) {
  if (!set.delete(value)) set.add(value);
}
const chosen = name => find(`input[name="${name}"]:checked`)?.value;
const by = () => chosen("by") ?? "probability";
const escaped = text => String(text).replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`);

function area(fractions, values) {
  let sum = 0;
  for (let i = 1; i < values.length; i++) sum += (fractions[i] - fractions[i - 1]) * (values[i] + values[i - 1]) / 2;
  return sum;
}
function at(fractions, values, x) {
  const i = Math.max(1, fractions.findIndex(fraction => fraction >= x - 1e-9));
  const share = (x - fractions[i - 1]) / (fractions[i] - fractions[i - 1]);
  return values[i - 1] + Math.min(1, Math.max(0, share)) * (values[i] - values[i - 1]);
}
function drawChart(figure, label, fraction) {
  const canvas = find(".canvas", figure), of = data.curves[figure.dataset.kind];
  const width = canvas.clientWidth, height = canvas.clientHeight;
  const [left, right, top, bottom] = [34, width - 8, 10, height - 38];
  const x = fraction => left + fraction * (right - left), y = value => bottom - value * (bottom - top);
  const point = (f, v) => `${x(f).toFixed(1)},${y(v).toFixed(1)}`;
  const parts = [0, .25, .5, .75, 1].map(v =>
    `<line class="grid" x1="${left}" x2="${right}" y1="${y(v)}" y2="${y(v)}"/><text x="${left - 6}" y="${y(v) + 4}" text-anchor="end">${v}</text>` +
    `<text x="${x(v)}" y="${bottom + 16}" text-anchor="middle">${100 * v}</text>`);
  parts.push(`<text x="${(left + right) / 2}" y="${height - 4}" text-anchor="middle">Cells ${figure.dataset.kind === "insertion" ? "inserted" : "deleted"} (%)</text>`);
  const words = [];
  for (const [method, curve] of Object.entries(of[by()])) {
    const values = curve.mean[label];
    if (!values || off.has(method)) continue;
    const style = styleOf(method), faded = pointedAt && pointedAt !== method ? " faded" : "";
    if (pointedAt === method && curve.error && !label) {
      const upper = values.map((v, i) => point(of.fractions[i], Math.min(1, v + curve.error[i])));
      const lower = values.map((v, i) => point(of.fractions[i], Math.max(0, v - curve.error[i]))).reverse();
      parts.push(`<polygon class="band" points="${[...upper, ...lower].join(" ")}" style="fill:${style.colour}"/>`);
    }
    const points = values.map((v, i) => point(of.fractions[i], v)).join(" ");
    parts.push(`<polyline class="curve${faded}" points="${points}" style="stroke:${style.colour}" stroke-dasharray="${style.dash}"/>`);
    parts.push(`<circle class="${faded}" cx="${x(fraction)}" cy="${y(at(of.fractions, values, fraction))}" r="3" style="fill:${style.colour}"/>`);
    words.push(`${method} ${area(of.fractions, values).toFixed(3)}`);
  }
  parts.push(`<line class="cursor" x1="${x(fraction)}" x2="${x(fraction)}" y1="${top}" y2="${bottom}"/>`);
  canvas.innerHTML = `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`${figure.dataset.kind} by ${by()}; areas: ${words.join(", ")}`)}">${parts.join("")}</svg>`;
  canvas.scale = {left, right};
}
function drawReadings(label, fraction) {
  all("#fraction-out, .at").forEach(place => { place.textContent = `${find("#fraction").value} %`; });
  for (const row of find("#readings").rows) {
    kinds.forEach((kind, i) => {
      const of = data.curves[kind], values = of[by()][row.dataset.method]?.mean[label];
      row.cells[1 + 2 * i].textContent = values ? area(of.fractions, values).toFixed(3) : "–";
      row.cells[2 + 2 * i].textContent = values ? at(of.fractions, values, fraction).toFixed(3) : "–";
    });
    find("button", row).setAttribute("aria-pressed", !off.has(row.dataset.method));
  }
}
function drawCurves() {
  const label = find("#curve-class").value, fraction = find("#fraction").value / 100;
  all(".chart").forEach(figure => drawChart(figure, label, fraction));
  drawReadings(label, fraction);
}
function addReadings() {
  for (const method of Object.keys(data.curves[kinds[0]][by()])) {
    const style = styleOf(method), row = find("#readings").insertRow();
    row.dataset.method = method;
    row.innerHTML = `<th scope="row"><button type="button"><svg viewBox="0 0 36 12" aria-hidden="true"><line x1="1" x2="35" y1="6" y2="6" stroke-width="2.2" style="stroke:${style.colour}" stroke-dasharray="${style.dash}"/></svg>${escaped(method)}</button></th>` + "<td></td><td></td>".repeat(kinds.length);
    find("button", row).addEventListener("click", () => { toggle(off, method); drawCurves(); });
    for (const event of ["mouseenter", "focusin"]) row.addEventListener(event, () => { pointedAt = method; drawCurves(); });
    for (const event of ["mouseleave", "focusout"]) row.addEventListener(event, () => { pointedAt = null; drawCurves(); });
  }
}
const byLabel = new Intl.Collator(undefined, {numeric: true}).compare; // class 10 after class 2
function offer(select, labels) {
  for (const label of [...new Set(labels)].sort(byLabel)) select.append(new Option(label, label));
}
if (kinds.length) {
  const labels = Object.values(data.curves[kinds[0]].probability).flatMap(curve => Object.keys(curve.mean));
  offer(find("#curve-class"), labels.filter(label => label)); // "" is all classes
  addReadings();
  on('#curve-class, input[name="by"]', "change", drawCurves);
  on("#fraction", "input", drawCurves);
  on(".canvas", "pointermove", ({currentTarget: canvas, clientX}) => {
    const {left, right} = canvas.scale, x = clientX - canvas.getBoundingClientRect().left;
    find("#fraction").value = Math.round(100 * Math.min(1, Math.max(0, (x - left) / (right - left))));
    drawCurves();
  });
  new ResizeObserver(drawCurves).observe(find(".charts"));
}

// Filters
const cards = all(".card");
function filter() {
  const label = find("#filter-class")?.value ?? "", right = chosen("right") ?? "";
  let shown = 0;
  for (const card of cards) {
    card.hidden = Boolean((label && card.dataset.class !== label) || (right && !card.dataset.right.split(" ").includes(right)));
    shown += !card.hidden;
  }
  const told = all(".class");
  told.forEach(article => { article.hidden = Boolean(label && article.dataset.class !== label); });
  if (told.length) find("#where-empty").hidden = told.some(article => !article.hidden);
  all("#examples [data-method], #where [data-method]").forEach(part => { part.hidden = hiddenMethods.has(part.dataset.method); });
  if (!cards.length) return;
  const examples = `${cards.length} example${cards.length === 1 ? "" : "s"}`;
  find("#count").textContent = shown === cards.length ? examples : `${shown} of ${examples}`;
  find("#empty").hidden = shown > 0;
  if (playing?.closest("[hidden]")) player.pause();
}
function order() {
  const how = find("#order").value, sure = card => Number(card.dataset.sure);
  const compare = {class: () => 0, surest: (a, b) => sure(b) - sure(a), unsure: (a, b) => sure(a) - sure(b)}[how];
  find("#cards").append(...[...cards].sort(compare));
}
const filterClass = find("#filter-class");
if (filterClass) offer(filterClass, [...cards, ...all(".class")].map(part => part.dataset.class));
on('#filter-class, input[name="right"]', "change", filter);
on("[data-filter-method]", "click", ({currentTarget: button}) => {
  toggle(hiddenMethods, button.dataset.filterMethod);
  button.setAttribute("aria-pressed", !hiddenMethods.has(button.dataset.filterMethod));
  filter();
});
on("#reset", "click", () => {
  const every = find('input[name="right"][value=""]');
  if (every) every.checked = true;
  if (filterClass) filterClass.value = "";
  filter();
  (filterClass ?? every).focus();
});
const events = find("#events"), overlay = find("#overlay");
const fade = () => root.style.setProperty("--overlay", overlay.value / 100);
const showEvents = () => root.classList.toggle("no-events", !events.checked);
on("#order", "change", order);
on("#overlay", "input", fade);
on("#events", "change", showEvents);

// Sounds: one player for all; its place is shown on the picture of the sound that plays.
const player = find("#player");
let playing = null, moving = 0;
function move() {
  if (!playing) return;
  const frame = find(".frame", playing.closest(".panel")), head = find(".playhead", frame);
  const [left, right] = [Number(frame.dataset.left), Number(frame.dataset.right)];
  head.hidden = false;
  head.style.left = `${100 * (player.currentTime - left) / (right - left)}%`;
  moving = requestAnimationFrame(move);
}
function stopped() {
  if (!playing) return;
  cancelAnimationFrame(moving);
  find(".playhead", playing.closest(".panel")).hidden = true;
  playing.setAttribute("aria-pressed", "false");
  playing = null;
}
async function play({currentTarget: button}) {
  const again = playing === button;
  player.pause();
  stopped();
  if (again) return;
  playing = button;
  button.setAttribute("aria-pressed", "true");
  player.src = sounds[button.dataset.sound];
  try {
    await player.play();
    move();
  } catch (error) {
    if (error.name !== "AbortError") stopped(); // another sound was chosen before this one began
  }
}
on("#player", "ended pause", stopped);
on("button.play", "click", play);
document.addEventListener("keydown", event => {
  if (event.key === "Escape") {
    player.pause();
    tip.hidden = true;
  }
});

// What was chosen before the page was loaded again, some browsers keep.
filter();
if (cards.length) {
  order();
  fade();
}
if (events) showEvents();
