// Keys for the queue. Every page works without this.
"use strict";
(() => {
  const form = document.querySelector("[data-queue]");
  if (!form) return;
  const rows = [...form.querySelectorAll("[data-row]")];
  const keys = document.querySelector("[data-keys]");
  const help = document.querySelector("[data-help]");
  const box = (row) => row.querySelector("[name=pick]");
  let at = 0;

  const focus = (to) => {
    if (!rows.length) return;
    at = Math.min(Math.max(to, 0), rows.length - 1);
    rows.forEach((row, place) => { row.tabIndex = place === at ? 0 : -1; });
    rows[at].focus();
    rows[at].scrollIntoView({ block: "nearest" });
  };
  rows.forEach((row, place) => row.addEventListener("focusin", () => { at = place; }));

  const decide = (command) => {
    const button = form.querySelector(`button[value=${command}]`);
    if (!button || !rows.length) return;
    // Without a selection the row at hand is meant.
    if (!rows.some((row) => box(row).checked)) box(rows[at]).checked = true;
    form.requestSubmit(button);
  };
  const all = form.querySelector("[data-all]");
  if (all) all.addEventListener("change", () => rows.forEach((row) => { box(row).checked = all.checked; }));
  const show = () => keys.showModal();
  if (help) { help.hidden = false; help.addEventListener("click", show); }

  const press = {
    j: () => focus(document.activeElement === rows[at] ? at + 1 : at),
    k: () => focus(at - 1),
    x: () => { const one = rows[at] && box(rows[at]); if (one) one.checked = !one.checked; },
    a: () => decide("accept"),
    d: () => decide("dismiss"),
    t: () => decide("take"),
    u: () => { const undo = document.querySelector("[data-undo]"); if (undo) undo.requestSubmit(); },
    n: () => { const next = document.querySelector("[data-next]"); if (next) next.click(); },
    "/": () => document.querySelector("[data-find]").focus(),
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
})();
