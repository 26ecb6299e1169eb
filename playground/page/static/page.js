// Small things that only the browser can do: focus, scrolling, links into this Slack, and what it prefers.

function side(id) {
  return document.getElementById("c" + id);
}

function soon(act) {
  setTimeout(act, 60);
}

function focusInside(id, selector) {
  soon(() => [...(side(id)?.querySelectorAll(selector) ?? [])].find((found) => found.offsetParent)?.focus());
}

const FIELDS = "input:not([type=hidden]):not([disabled]), textarea, select, [role=combobox], [role=radio], [role=checkbox], button.b-button";

function modalOpened(id) {
  const root = side(id);
  if (!root) return;
  if (!root.contains(document.activeElement) || !document.activeElement.closest(".modal")) root.openedBy ??= document.activeElement;
  soon(() => {
    const modal = root.querySelector(".modal");
    const here = document.activeElement;
    const types = modal?.querySelector(".modal-scroll")?.contains(here) ? FIELDS : root.contains(here) ? null : "input, textarea";
    if (types && here?.matches(types)) return; // somebody types already, here or elsewhere
    const first = modal && [...modal.querySelectorAll(FIELDS)].find((field) => field.offsetParent && field.closest(".modal-scroll"));
    (first ?? modal)?.focus({ preventScroll: true });
    modal?.querySelector(".modal-scroll")?.scrollTo(0, 0);
  });
}

function modalClosed(id) {
  const root = side(id);
  const opener = root?.openedBy;
  if (root) root.openedBy = undefined;
  soon(() => {
    if (root?.querySelector(".modal")) return; // the next one is open already
    if (!root || (document.activeElement && document.activeElement !== document.body && !root.contains(document.activeElement))) return;
    (opener?.isConnected && opener !== document.body ? opener : root.querySelector(".scroll"))?.focus({ preventScroll: true });
  });
}

function focusError(id) {
  soon(() => {
    const modal = side(id)?.querySelector(".modal");
    const alert = [...(modal?.querySelectorAll("[role=alert]") ?? [])].find((found) => found.offsetParent);
    const field = modal?.querySelector("[aria-invalid=true]");
    (field?.matches(FIELDS) ? field : field?.querySelector(FIELDS))?.focus({ preventScroll: true });
    alert?.scrollIntoView({ block: "center" });
  });
}

function messageIn(root, ts) {
  return [...(root?.querySelectorAll(`[data-ts="${ts}"]`) ?? [])].filter((message) => message.offsetParent).pop();
}

function bring(message, block, behavior = "auto") {
  const tall = message.offsetHeight > message.closest(".scroll").clientHeight;
  message.scrollIntoView({ block: tall && block === "center" ? "start" : block, behavior });
}

function flash(message) {
  message.classList.remove("looked-for");
  message.getBoundingClientRect(); // so that it begins anew
  message.classList.add("looked-for");
  clearTimeout(message.flashing);
  message.flashing = setTimeout(() => message.classList.remove("looked-for"), 1600);
}

function showMessage(id, ts, block = "center") {
  soon(() => {
    const found = messageIn(side(id), ts);
    if (!found) return;
    bring(found, block);
    flash(found);
  });
}

function showBeginning(id, ts) {
  soon(() => {
    const found = messageIn(side(id), ts);
    if (found) bring(found, "start");
  });
}

function showButton(id, ts) {
  soon(() => {
    const found = messageIn(side(id), ts);
    if (!found) return;
    const button = found.querySelector(".b-button.b-primary") ?? found.querySelector("button.b-button");
    bring(found, "end");
    button?.scrollIntoView({ block: "nearest" });
    button?.focus({ preventScroll: true });
    flash(found);
  });
}

// Who scrolled by hand reads there, until the next press anywhere; who fills in a control of a message stays at it.
const SCROLLED_BY = { wheel: () => true, touchmove: () => true, keydown: (event) => /^(Page|Arrow|Home|End)/.test(event.key) };

for (const [name, meant] of Object.entries(SCROLLED_BY)) {
  document.addEventListener(name, (event) => {
    const scroll = event.target.closest?.(".side .scroll");
    if (scroll && meant(event)) scroll.closest(".side").reading = true;
  }, { passive: true });
}

document.addEventListener("click", () => document.querySelectorAll(".side").forEach((side) => (side.reading = false)));

function staysWhereItIs(root) {
  return root.reading || held_down || root.querySelector(".modal") || document.activeElement.closest?.(".scroll :is(input, textarea, select)");
}

// A message that changed is scrolled to, and flashes once when it is in sight; the focus stays where it is.
function showChange(id, ts) {
  soon(() => {
    const root = side(id);
    const found = messageIn(root, ts);
    const tell = (name) => root?.dispatchEvent(new CustomEvent(name, { detail: ts }));
    if (!found) return tell("changeunseen");
    const shownHalf = (entry) => entry.intersectionRatio >= 0.5 || entry.intersectionRect.height >= entry.rootBounds.height / 2;
    let first = true;
    const watching = new IntersectionObserver((entries) => {
      if (entries.some(shownHalf)) {
        watching.disconnect();
        flash(found);
        if (!first) tell("changeseen");
      } else if (first && staysWhereItIs(root)) {
        tell("changeunseen");
      } else if (first) {
        const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
        bring(found, "center", calm ? "auto" : "smooth");
      }
      first = false;
    }, { root: found.closest(".scroll"), threshold: [0, 0.1, 0.2, 0.3, 0.4, 0.5] });
    watching.observe(found);
  });
}

// The name of the button that was pressed, for the frame that it is drawn in.
function pressed(event) {
  const button = event.target.closest("[data-press]");
  return button && button.closest("[data-frame]") === event.currentTarget ? button.dataset.press : null;
}

// A button that is drawn anew under the finger, or scrolled away from it, is pressed all the same: the press ends on what has its name now.
let held_down = null;
const STAYED_PX = 5;

document.addEventListener("mousedown", (event) => {
  const button = event.target.closest("[data-press]");
  const [frame, name] = [button?.closest("[data-frame]")?.id, button?.dataset.press];
  held_down = button && { button, frame, name, x: event.clientX, y: event.clientY };
});

document.addEventListener("mouseup", (event) => {
  const button = event.target.closest("[data-press]");
  const began = held_down;
  held_down = null;
  if (!began || button === began.button) return;
  const stayed = Math.hypot(event.clientX - began.x, event.clientY - began.y) < STAYED_PX;
  if (began.button.isConnected) {
    if (stayed) began.button.click();
  } else if (button?.dataset.press === began.name && button.closest("[data-frame]")?.id === began.frame) button.click();
});

// A permalink leads to the message in this page: there is no Slack behind it.
function permalink(event) {
  const link = event.target.closest("a[href]");
  const found = link && /^https:\/\/[^/]+\.slack\.com\/archives\/(\w+)(?:\/p(\d+)(\d{6}))?/.exec(link.href);
  if (!found) return null;
  event.preventDefault();
  return [found[1], found[2] ? `${found[2]}.${found[3]}` : ""];
}

// The strip of things to try is open until it is closed; the browser remembers.
const TRY = "playground-try";

function showTry(open) {
  localStorage.setItem(TRY, open ? "open" : "closed");
  dressTry();
}

function dressTry() {
  const open = localStorage.getItem(TRY) !== "closed";
  document.documentElement.classList.toggle("try-closed", !open);
  document.querySelector(".try-switch")?.setAttribute("aria-expanded", String(open));
}

function closeTry() {
  showTry(false);
  document.querySelector(".try-switch")?.focus();
}

dressTry();

// As the machine prefers, until the switch says otherwise; the browser remembers. It works before and without the server.
const DARK = "playground-dark";

function tellDark() {
  document.querySelector(".dark-switch")?.setAttribute("aria-checked", String(document.body.classList.contains("body--dark")));
}

function switchDark() {
  const dark = !document.body.classList.contains("body--dark");
  localStorage.setItem(DARK, String(dark));
  setDark(dark);
}

function dressAsRemembered() {
  const chosen = localStorage.getItem(DARK);
  if (chosen !== null) setDark(chosen === "true");
  tellDark();
  dressTry();
}

// Escape leaves the form on top or the unfolded list of channels, unless it is meant for a list or a dialog over it.
function leaves(event) {
  return event.key === "Escape" && event.target.closest(".modal, .sidebar, .places") && !document.querySelector(".q-menu, .q-dialog");
}

// What is drawn again under the reader's hands keeps the focus: the same control in the same message or form.
let held = null;

function nameOf(control) {
  return control.getAttribute("aria-label") ?? control.labels?.[0]?.innerText ?? control.innerText;
}

function placeOf(control) {
  const place = control.closest("[data-ts], .modal, .home");
  return place && { side: place.closest(".side")?.id, mark: place.dataset.ts ?? place.className.split(" ")[0] };
}

document.addEventListener("focusin", (event) => {
  if (event.target.dataset.ts) return; // in place of what is gone
  const place = placeOf(event.target);
  held = place && { place, node: event.target, tag: event.target.tagName, name: nameOf(event.target) };
});

// What is gone for good leaves the focus to its message.
function regain() {
  const here = document.activeElement;
  if (!held || held.node.isConnected || (here !== document.body && !here.dataset.ts)) return;
  const { place, node, tag, name } = held;
  const root = document.getElementById(place.side);
  const places = [...(root?.querySelectorAll(`[data-ts="${place.mark}"], .${CSS.escape(place.mark)}`) ?? [])];
  const again = places.flatMap((found) => [...found.querySelectorAll(tag)]);
  const control = again.find((found) => found.offsetParent && nameOf(found) === name);
  if (!control) {
    const message = places.find((found) => found.offsetParent && found.dataset.ts);
    message?.setAttribute("tabindex", "-1");
    message?.focus({ preventScroll: true });
    return;
  }
  control.focus({ preventScroll: true });
  if (typeof node.selectionStart === "number") control.setSelectionRange?.(node.selectionStart, node.selectionEnd);
}

// A table of Slack's: sorted by a press on a column's name, the other way round by a second one; its pages are turned.
function showRows(frame, page) {
  const rows = [...frame.querySelectorAll("tbody tr")];
  const size = Number(frame.dataset.pageSize);
  rows.forEach((row, at) => (row.hidden = Math.floor(at / size) !== page));
  frame.dataset.page = page;
  const status = frame.querySelector(".b-table-pages [role=status]");
  if (!status) return;
  const shown = { first: page * size + 1, last: Math.min((page + 1) * size, rows.length), all: rows.length };
  status.textContent = status.dataset.form.replace(/\{(\w+)\}/g, (_, name) => shown[name]);
  frame.querySelector('[data-turn="-1"]').disabled = page === 0;
  frame.querySelector('[data-turn="1"]').disabled = (page + 1) * size >= rows.length;
}

function sortRows(frame, button) {
  const head = button.closest("th");
  const down = head.getAttribute("aria-sort") === "ascending";
  frame.querySelectorAll("th").forEach((other) => other.setAttribute("aria-sort", "none"));
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = frame.querySelector("tbody");
  const rows = [...body.rows];
  const cell = (row) => row.cells[Number(button.dataset.column)];
  const numbers = rows.every((row) => cell(row).dataset.value !== undefined);
  const value = (row) => (numbers ? Number(cell(row).dataset.value) : cell(row).innerText || cell(row).textContent);
  const order = (one, other) => (numbers ? value(one) - value(other) : value(one).localeCompare(value(other)));
  rows.sort((one, other) => (down ? order(other, one) : order(one, other))).forEach((row) => body.append(row));
  showRows(frame, 0);
}

document.addEventListener("click", (event) => {
  const frame = event.target.closest("[data-page-size]");
  const column = event.target.closest("[data-column]");
  const turn = event.target.closest("[data-turn]");
  if (frame && column) sortRows(frame, column);
  if (frame && turn) showRows(frame, Number(frame.dataset.page ?? 0) + Number(turn.dataset.turn));
});

document.addEventListener("DOMContentLoaded", () => {
  let dressed = false;
  new MutationObserver(() => {
    if (!dressed && document.querySelector(".dark-switch")) {
      dressed = true;
      dressAsRemembered();
    }
    regain();
  }).observe(document.body, { childList: true, subtree: true });
  new MutationObserver(tellDark).observe(document.body, { attributes: true, attributeFilter: ["class"] });
});
