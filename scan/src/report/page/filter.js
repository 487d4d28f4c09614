const find = document.getElementById("find"), boxes = [...document.querySelectorAll("form input[type=checkbox]")];
const rows = [...document.querySelectorAll("tbody tr")], count = document.getElementById("count");
const more = document.getElementById("more"), PART = 200;
let most = PART;
const texts = rows.map(row => row.textContent.toLowerCase());
function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const levels = new Set(boxes.filter(box => box.checked && box.name === "level").map(box => box.value));
  const exploited = boxes.some(box => box.checked && box.name === "exploited");
  let shown = 0;
  rows.forEach((row, at) => {
    const fits = levels.has(row.dataset.level) && (!exploited || row.dataset.exploited === "yes") && words.every(word => texts[at].includes(word));
    if (fits) shown++;
    row.hidden = !fits || shown > most;
  });
  count.textContent = shown + " of " + rows.length;
  more.hidden = shown <= most;
  more.textContent = "Show " + (shown - most) + " more";
}
const again = () => { most = PART; filter(); };
more.addEventListener("click", () => {
  const next = rows.filter(row => !row.hidden).length;
  most = Infinity;
  filter();
  // Who came by keyboard goes on where the list went on.
  const link = rows.filter(row => !row.hidden)[next]?.querySelector("a, summary");
  if (link) link.focus();
});
find.addEventListener("input", again);
boxes.forEach(box => box.addEventListener("change", again));
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
document.querySelector("form").hidden = false;
filter();
