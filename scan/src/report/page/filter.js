const find = document.getElementById("find"), boxes = [...document.querySelectorAll("form input[type=checkbox]")];
const rows = [...document.querySelectorAll("tbody tr")], count = document.getElementById("count");
const texts = rows.map(row => row.textContent.toLowerCase());
function filter() {
  const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
  const levels = new Set(boxes.filter(box => box.checked && box.name === "level").map(box => box.value));
  const exploited = boxes.some(box => box.checked && box.name === "exploited");
  let shown = 0;
  rows.forEach((row, at) => {
    const fits = levels.has(row.dataset.level) && (!exploited || row.dataset.exploited === "yes") && words.every(word => texts[at].includes(word));
    row.hidden = !fits;
    if (fits) shown++;
  });
  count.textContent = shown + " of " + rows.length;
}
find.addEventListener("input", filter);
boxes.forEach(box => box.addEventListener("change", filter));
document.querySelector("form").addEventListener("submit", event => event.preventDefault());
document.querySelector("form").hidden = false;
filter();
