// SPDX-License-Identifier: EUPL-1.2
// Keys, zoom, split view, live sums, upload progress. Every page works without this file.
"use strict";
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const one = (selector, root = document) => root.querySelector(selector);
  const visible = (element) => element.offsetParent !== null || element.closest("dialog[open]");

  // What needs script is hidden until script is there.
  const show = (root) => all(".nur-skript[hidden]", root).forEach((e) => { e.hidden = false; });
  show(document);

  // Settings that only concern this browser.
  const remember = (key, value) => { try { localStorage.setItem(key, value); } catch { /* private mode */ } };
  const recall = (key) => { try { return localStorage.getItem(key); } catch { return null; } };

  // Dialogs: focus goes in and comes back.
  let opener = null;
  const openDialog = (id) => {
    const dialog = document.getElementById(id);
    if (!dialog || dialog.open) return;
    opener = document.activeElement;
    dialog.showModal();
    one("[tabindex='-1'], button", dialog)?.focus();
    dialog.addEventListener("close", () => opener?.focus(), { once: true });
  };
  document.addEventListener("click", (event) => {
    const trigger = event.target.closest("[data-dialog]");
    if (trigger) openDialog(trigger.dataset.dialog);
    event.target.closest("[data-schliessen]")?.closest("dialog")?.close();
  });

  // Page image: zoom in steps, kept while leafing.
  let zoom = 100;
  const applyZoom = () => all(".seitenbild").forEach((box) => box.style.setProperty("--zoom", `${zoom}%`));
  document.addEventListener("click", (event) => {
    const what = event.target.closest("[data-zoom]")?.dataset.zoom;
    if (!what) return;
    const step = { kleiner: zoom - 25, groesser: zoom + 25, normal: 150, breite: 100 }[what];
    zoom = Math.min(400, Math.max(25, step));
    applyZoom();
  });

  // Keys: an element with data-taste is its own key; the card on the page is drawn from the same table.
  const typing = (target) => target.closest("input, textarea, select, [contenteditable]");
  const rows = () => all("[data-liste] tbody a, ol[data-liste] > li a").filter(visible);
  const act = (element) => {
    if (element.matches("h2")) {
      (one("input:not([type=hidden]), select, textarea", element.closest("form")) ?? element).focus();
    } else if (element.matches("input")) {
      element.focus();
      element.select?.();
    } else {
      element.click();
    }
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (typing(event.target) || one("dialog[open]")) return;
    const list = rows();
    const at = list.indexOf(document.activeElement);
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (move && at >= 0) {
      event.preventDefault();
      list[Math.min(list.length - 1, Math.max(0, at + move))].focus();
      return;
    }
    if (document.body.dataset.tasten === "aus" && event.key !== "Escape") return;
    const key = { Escape: "esc" }[event.key] ?? event.key.toLowerCase();
    const hit = all("[data-taste]").find((e) => e.dataset.taste === key && visible(e));
    if (hit) {
      event.preventDefault();
      act(hit);
    } else if ((key === "j" || key === "k") && list.length) {
      event.preventDefault();
      const next = at < 0 ? 0 : at + (key === "j" ? 1 : -1);
      list[Math.min(list.length - 1, Math.max(0, next))].focus();
    }
  });
  // A list is one stop for Tab; arrows move inside.
  const rove = () => all("[data-liste]").forEach((list) => {
    const links = all("tbody a, :scope > li a", list);
    links.forEach((link, i) => { link.tabIndex = i === 0 ? 0 : -1; });
    list.addEventListener("focusin", (event) => {
      if (links.includes(event.target)) links.forEach((link) => { link.tabIndex = link === event.target ? 0 : -1; });
    });
  });
  rove();

  // Split view: the divider moves by arrows and by dragging.
  all("[data-teilung]").forEach((split) => {
    const bar = one(".teiler", split);
    if (!bar) return;
    const set = (percent) => {
      const value = Math.min(70, Math.max(30, Math.round(percent)));
      split.style.setProperty("--links", `${value / (100 - value)}fr`);
      bar.setAttribute("aria-valuenow", String(value));
      remember("eakte-teilung", String(value));
    };
    const saved = Number(recall("eakte-teilung"));
    if (saved) set(saved);
    bar.addEventListener("keydown", (event) => {
      const now = Number(bar.getAttribute("aria-valuenow"));
      const to = { ArrowLeft: now - 5, ArrowRight: now + 5, Home: 30, End: 70 }[event.key];
      if (to === undefined) return;
      event.preventDefault();
      set(to);
    });
    bar.addEventListener("pointerdown", (event) => {
      bar.setPointerCapture(event.pointerId);
      const drag = (e) => {
        const box = split.getBoundingClientRect();
        set(((e.clientX - box.left) / box.width) * 100);
      };
      bar.addEventListener("pointermove", drag);
      bar.addEventListener("pointerup", () => bar.removeEventListener("pointermove", drag), { once: true });
    });
  });

  // Account lines: the difference while typing, in cents so that nothing is rounded.
  const cents = (text) => {
    const plain = text.replace(/[\s€]/g, "");
    const normal = plain.includes(",") ? plain.replaceAll(".", "").replace(",", ".") : /\.\d{3}$/.test(plain) ? plain.replaceAll(".", "") : plain;
    return /^-?\d+(\.\d{0,2})?$/.test(normal) ? Math.round(Number(normal) * 100) : null;
  };
  const euro = (n) => `${(n / 100).toLocaleString("de-DE", { minimumFractionDigits: 2 })}\u00a0€`;
  const rest = (box) => {
    const goal = cents(box.dataset.summe.replace(".", ","));
    if (goal === null || box.dataset.summe === "") return;
    const sum = all("[data-betrag]", box).reduce((total, input) => total + (cents(input.value) ?? 0), 0);
    const missing = goal - sum;
    const tail = Math.sign(missing) === Math.sign(goal) ? `Es fehlen ${euro(Math.abs(missing))}.` : `Es sind zu viel ${euro(Math.abs(missing))}.`;
    one("[data-rest]", box).textContent = missing === 0
      ? "Die Aufteilung stimmt mit der Rechnung überein."
      : `Die Aufteilung ergibt ${euro(sum)}. Die Rechnung hat ${euro(goal)}. ${tail}`;
  };
  document.addEventListener("input", (event) => {
    const box = event.target.closest("[data-summe]");
    if (box) rest(box);
  });

  // Upload with progress; the answer of the server is the page to go to.
  all("form[data-hochladen]").forEach((form) => form.addEventListener("submit", (event) => {
    event.preventDefault();
    const area = one("[data-fortschritt]", form);
    const bar = one("progress", area);
    const words = one("[data-fortschritt-text]", area);
    const request = new XMLHttpRequest();
    area.hidden = false;
    words.textContent = "Die Übertragung beginnt.";
    request.upload.addEventListener("progress", (e) => {
      if (!e.lengthComputable) return;
      bar.value = Math.round((e.loaded / e.total) * 100);
      words.textContent = e.loaded < e.total ? `${bar.value} Prozent übertragen` : "Übertragen. Die Datei wird geprüft.";
    });
    request.addEventListener("load", () => {
      if (request.status < 400) {
        location.assign(request.responseURL);
        return;
      }
      const page = new DOMParser().parseFromString(request.responseText, "text/html");
      words.textContent = one(".kern-alert--danger .kern-title", page)?.textContent ?? "Die Datei wurde nicht angenommen.";
      bar.value = 0;
    });
    request.addEventListener("error", () => { words.textContent = "Die Verbindung ist abgebrochen. Es wurde nichts gespeichert."; });
    request.open("POST", form.action);
    request.send(new FormData(form));
  }));

  // Display switch without loading the page again.
  all("form.anzeige").forEach((form) => form.addEventListener("submit", (event) => {
    const value = event.submitter?.value;
    if (!value) return;
    event.preventDefault();
    const data = new FormData(form);
    data.set("anzeige", value);
    fetch(form.action, { method: "POST", body: new URLSearchParams(data), redirect: "manual" });
    if (value === "system") delete document.documentElement.dataset.kernTheme;
    else document.documentElement.dataset.kernTheme = value;
    all("button", form).forEach((b) => b.setAttribute("aria-pressed", String(b.value === value)));
  }));

  // Pictures of a process: what stands out comes into view; a pair of them is scrolled together, place by place.
  const standsOut = ".bild-stoerung, .bild-jetzt, .bild-neu, .bild-entfallen, .bild-geaendert";
  const place = (box) => one("svg", box).viewBox.baseVal;
  const inView = (box) => {
    const mark = one(standsOut, box);
    if (!mark) return;
    const [at, frame] = [mark.getBoundingClientRect(), box.getBoundingClientRect()];
    box.scrollLeft += at.left + at.width / 2 - frame.left - frame.width / 2;
    box.scrollTop += at.top + at.height / 2 - frame.top - frame.height / 2;
  };
  all(".ablaufbild").forEach(inView);
  all(".bilderpaar").forEach((pair) => {
    const boxes = all(".ablaufbild", pair);
    if (boxes.length !== 2) return;
    let led = null;
    const follow = (from, to) => {
      const [a, b] = [place(from), place(to)];
      to.scrollLeft = from.scrollLeft + a.x - b.x;
      to.scrollTop = from.scrollTop + a.y - b.y;
    };
    boxes.forEach((box, i) => box.addEventListener("scroll", () => {
      // What we moved ourselves leads nobody.
      if (led === box) led = null;
      else {
        led = boxes[1 - i];
        follow(box, led);
        requestAnimationFrame(() => requestAnimationFrame(() => { led = null; }));
      }
    }, { passive: true }));
    const first = boxes.find((box) => one(standsOut, box));
    if (first) follow(first, boxes[1 - boxes.indexOf(first)]);
  });

  // Errors first: the summary gets the focus, as after every failed check.
  one("#fehlerliste")?.focus();
  // After "weiter" the next item's heading has it.
  if (/[?&]meldung=erledigt/.test(location.search)) one("#titel")?.focus();

  // Partial updates bring new pieces; they get what the page got.
  document.addEventListener("htmx:after:swap", () => { show(document); applyZoom(); rove(); });
})();
