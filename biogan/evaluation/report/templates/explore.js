"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const { columns, ids, sequences } = data;
  const at = (id) => document.getElementById(id);
  const PAGE = 100;
  const LONGEST = 4000; // beyond it an alignment is not worth its time
  let shown = [], first = 0, current = 0;
  const chosen = new Set();

  const element = (name, text, className) => {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text; // never as HTML
    if (className) made.className = className;
    return made;
  };

  // A motif in the codes of the alphabet; any other character stands for itself.
  const motif = () => {
    const text = at("motif").value.trim().toUpperCase();
    if (!text) return null;
    const parts = [...text].map((letter) => {
      const letters = data.ambiguity[letter];
      return letters ? `[${letters}]` : letter.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    });
    return new RegExp(parts.join(""), "g");
  };

  const number = (input) => (input.value.trim() === "" ? null : Number(input.value));

  const select = () => {
    const found = motif(), name = at("name").value.trim().toLowerCase();
    const lows = [...document.querySelectorAll("[data-low]")].map((i) => [columns[i.dataset.low].values, number(i), 1]);
    const highs = [...document.querySelectorAll("[data-high]")].map((i) => [columns[i.dataset.high].values, number(i), -1]);
    const bounds = [...lows, ...highs].filter(([, bound]) => bound !== null && !Number.isNaN(bound));
    const choices = [...document.querySelectorAll("[data-choice]")].filter((s) => s.value !== "")
      .map((s) => [columns[s.dataset.choice].values, s.value]);
    shown = [];
    for (let i = 0; i < ids.length; i++) {
      if (found) { found.lastIndex = 0; if (!found.test(sequences[i])) continue; }
      if (name && !ids[i].toLowerCase().includes(name)) continue;
      if (bounds.some(([values, bound, sign]) => sign * (values[i] - bound) < 0)) continue;
      if (choices.some(([values, value]) => values[i] !== value)) continue;
      shown.push(i);
    }
    const by = at("sort").value;
    if (by !== "") {
      const { values, number: numeric } = columns[by];
      const sign = at("ascending").checked ? 1 : -1;
      const order = numeric ? (a, b) => values[a] - values[b] : (a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : 0);
      shown.sort((a, b) => sign * order(a, b) || a - b);
    }
    first = 0; current = 0;
    draw();
  };

  const facts = (i) => columns.map((c) => `${c.title} ${c.values[i]}`).join(", ");

  const marked = (text, found) => {
    const line = element("span", undefined, "seq");
    if (!found) { line.textContent = text; return line; }
    let end = 0;
    for (const hit of text.matchAll(found)) {
      if (!hit[0]) break;
      line.append(text.slice(end, hit.index), element("mark", hit[0]));
      end = hit.index + hit[0].length;
    }
    line.append(text.slice(end));
    return line;
  };

  const draw = () => {
    const found = motif(), rows = shown.slice(first, first + PAGE);
    at("list").replaceChildren(...rows.map((i, k) => {
      const row = element("li");
      row.id = `row-${k}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", chosen.has(i));
      row.append(element("span", ids[i], "name"), " ", element("span", facts(i), "facts"), marked(sequences[i], found));
      row.addEventListener("click", () => { current = first + k; point(); });
      row.addEventListener("dblclick", () => choose(i));
      return row;
    }));
    at("count").textContent = `${shown.length.toLocaleString("en")} of ${ids.length.toLocaleString("en")} sequences`;
    at("where").textContent = shown.length ? `${(first + 1).toLocaleString("en")}-${(first + rows.length).toLocaleString("en")}` : "none";
    at("before").disabled = first === 0;
    at("after").disabled = first + PAGE >= shown.length;
    at("fasta").disabled = !shown.length;
    point();
  };

  const point = () => {
    const list = at("list");
    for (const row of list.children) row.removeAttribute("aria-current");
    const row = list.children[current - first];
    if (row) {
      row.setAttribute("aria-current", "true");
      list.setAttribute("aria-activedescendant", row.id);
      const top = row.offsetTop - list.offsetTop;
      if (top < list.scrollTop) list.scrollTop = top;
      if (top + row.offsetHeight > list.scrollTop + list.clientHeight) list.scrollTop = top + row.offsetHeight - list.clientHeight;
    }
    detail(shown[current]);
  };

  const choose = (i) => {
    chosen.has(i) ? chosen.delete(i) : chosen.add(i);
    at("chosen-count").textContent = chosen.size;
    at("chosen").disabled = !chosen.size;
    const row = at("list").children[shown.indexOf(i) - first];
    if (row) row.setAttribute("aria-selected", chosen.has(i));
  };

  const move = (by) => {
    if (!shown.length) return;
    current = Math.min(Math.max(current + by, 0), shown.length - 1);
    const page = Math.floor(current / PAGE) * PAGE;
    if (page !== first) { first = page; draw(); } else point();
  };

  // Needleman & Wunsch 1970 with the costs of an edit distance, as the identity has them.
  const aligned = (a, b) => {
    if (a.length === b.length) return [a, b];
    if (a.length > LONGEST || b.length > LONGEST) return null;
    const width = b.length + 1, cost = new Uint32Array((a.length + 1) * width);
    for (let j = 0; j <= b.length; j++) cost[j] = j;
    for (let i = 1; i <= a.length; i++) {
      cost[i * width] = i;
      for (let j = 1; j <= b.length; j++) {
        const k = i * width + j;
        cost[k] = Math.min(cost[k - width - 1] + (a[i - 1] !== b[j - 1]), cost[k - width] + 1, cost[k - 1] + 1);
      }
    }
    let i = a.length, j = b.length, x = "", y = "";
    while (i || j) {
      const k = i * width + j;
      if (i && j && cost[k] === cost[k - width - 1] + (a[i - 1] !== b[j - 1])) { x = a[--i] + x; y = b[--j] + y; }
      else if (i && cost[k] === cost[k - width] + 1) { x = a[--i] + x; y = "-" + y; }
      else { x = "-" + x; y = b[--j] + y; }
    }
    return [x, y];
  };

  const detail = (i) => {
    const place = at("detail");
    if (i === undefined) { place.replaceChildren(element("p", "No sequence is left: widen the filters.", "soft")); return; }
    const parts = [element("h3", ids[i]), element("p", facts(i), "soft")];
    const near = data.nearest;
    if (near) {
      const k = near.of[i], pair = aligned(sequences[i], near.sequences[k]);
      parts.push(element("p", `beside the nearest real record, ${near.ids[k]}`));
      const text = element("pre");
      text.tabIndex = 0;
      if (!pair) text.textContent = `${sequences[i]}\n${near.sequences[k]}`;
      else for (let start = 0; start < pair[0].length; start += 60) {
        for (const [line, other] of [[pair[0], pair[1]], [pair[1], pair[0]]]) {
          for (let c = start; c < Math.min(start + 60, line.length); c++) text.append(line[c] === other[c] ? line[c] : element("i", line[c]));
          text.append("\n");
        }
        text.append("\n");
      }
      parts.push(text);
    } else {
      const text = element("pre", sequences[i]);
      text.tabIndex = 0;
      parts.push(text);
    }
    place.replaceChildren(...parts);
  };

  const download = (rows, name) => {
    const lines = rows.map((i) => `>${[ids[i], ...columns.map((c) => `${c.title}=${c.values[i]}`)].join(" ")}\n${sequences[i]}\n`);
    const link = element("a");
    link.href = URL.createObjectURL(new Blob(lines, { type: "text/plain" }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  at("filters").addEventListener("input", select);
  at("filters").addEventListener("reset", () => setTimeout(select));
  at("before").addEventListener("click", () => { first -= PAGE; current = first; draw(); });
  at("after").addEventListener("click", () => { first += PAGE; current = first; draw(); });
  at("fasta").addEventListener("click", () => download(shown, "selection.fasta"));
  at("chosen").addEventListener("click", () => download([...chosen].sort((a, b) => a - b), "chosen.fasta"));
  at("list").addEventListener("keydown", (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity }[event.key];
    if (by !== undefined) move(by);
    else if ((event.key === " " || event.key === "Enter") && shown.length) choose(shown[current]);
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "/" && !/INPUT|SELECT/.test(document.activeElement.tagName)) { at("motif").focus(); event.preventDefault(); }
  });
  at("chosen").disabled = true;
  select();
})();
