// Keys for lists of suggestions; the size of a file. Every page works without this.
"use strict";
(() => {
  let form, rows = [], keys, at = 0;
  const box = (row) => row.querySelector("[name=pick]");

  const focus = (to) => {
    if (!rows.length) return;
    at = Math.min(Math.max(to, 0), rows.length - 1);
    rows.forEach((row, place) => { row.tabIndex = place === at ? 0 : -1; });
    rows[at].focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };
  const decide = (command) => {
    const button = form && form.querySelector(`button[value=${command}]`);
    if (!button || !rows.length) return;
    // Without a selection the row at hand is meant.
    if (!rows.some((row) => box(row).checked)) box(rows[at]).checked = true;
    // A click, so that htmx knows which button it was.
    button.click();
  };
  const show = () => keys && keys.showModal();

  // What the page holds, at first and after htmx has put other rows in its place.
  const begin = () => {
    form = document.querySelector("[data-queue]");
    keys = document.querySelector("[data-keys]");
    rows = [...document.querySelectorAll("[data-row]")];
    rows.forEach((row, place) => row.addEventListener("focusin", () => { at = place; }));
    const all = form && form.querySelector("[data-all]");
    if (all) all.addEventListener("change", () => rows.forEach((row) => { box(row).checked = all.checked; }));
    const help = document.querySelector("[data-help]");
    if (help) { help.hidden = false; help.addEventListener("click", show); }
  };
  document.addEventListener("htmx:afterSettle", () => {
    const lost = document.activeElement === document.body;
    begin();
    if (lost) focus(at);
  });
  // Nobody answered: the browser says so better than we can.
  document.addEventListener("htmx:sendError", (event) => {
    if (event.detail.requestConfig.verb === "get") window.location.assign(event.detail.pathInfo.finalRequestPath);
    else window.alert("The tracker did not answer. Look at the queue again to see what was decided.");
  });

  const press = {
    j: () => focus(document.activeElement === rows[at] ? at + 1 : at),
    k: () => focus(at - 1),
    x: () => { const one = rows[at] && box(rows[at]); if (one) one.checked = !one.checked; },
    a: () => decide("accept"),
    d: () => decide("dismiss"),
    t: () => decide("take"),
    u: () => { const undo = document.querySelector("[data-undo]"); if (undo) undo.requestSubmit(); },
    n: () => { const next = document.querySelector("[data-next]"); if (next) next.click(); },
    "/": () => { const find = document.querySelector("[data-find]"); if (find) find.focus(); },
    "?": show,
    Enter: () => { if (document.activeElement === rows[at]) rows[at].querySelector("[data-open]").click(); },
  };
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, dialog");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    const act = press[event.key];
    if (!act) return;
    if (event.key !== "Enter") event.preventDefault();
    act();
  });
  begin();

  // A file that is too large is not sent to be told so.
  document.querySelectorAll("[data-file]").forEach((file) => file.addEventListener("change", () => {
    const fits = !file.files[0] || file.files[0].size <= 1 << 20;
    file.setCustomValidity(fits ? "" : "Lists are no larger than 1 MiB.");
    if (!fits) file.reportValidity();
  }));
})();
