"use strict";
(() => {
  // The data is computed by the package from its table of rules; nothing is decided here.
  const byId = (id) => document.getElementById(id);
  const data = JSON.parse(byId("data").textContent);
  const NEW = "new";
  const controls = byId("controls");

  // What the table says. `null` is the status of no campaign yet, and what is unknown of its start.

  function decide(status, action, { channel = "message", started = null, strict = false } = {}) {
    const known = status === null || data.statuses.includes(status) ? status : "unknown";
    return { ...data.decisions[data.cells[channel][strict][started][known][action]], status: known, action, channel, started, strict };
  }

  function route(start, goal, { channel = "message", strict = false } = {}) {
    return data.routes[channel][strict][start][goal];
  }

  const irreversible = new Set(data.rules.filter((rule) => !rule.undoable && rule.actor !== "platform").map((rule) => rule.trigger));

  // The state of the page: where a campaign began, what was played since, and the step of the recording that is shown

  const STARTED = { no: false, yes: true, unknown: null };
  const steps = data.history ? data.history.steps : [];
  const fresh = () => ({ ...data.begin, strict: false, play: [], goal: "archived" });
  let state = fresh();
  let routeWanted = false;
  let lastStep = 0;

  const ask = (here, name) => decide(here.status, name, { channel: state.channel, started: STARTED[here.started], strict: state.strict });
  const way = (status) => route(status, state.goal, { channel: state.channel, strict: state.strict });
  const events = (status) => data.rules.filter(
    (rule) => rule.actor === "platform" && rule.from === status && rule.channels.includes(state.channel));

  function run() {
    // Every status on the way; stops at what is not legal.
    const path = [{ status: state.status, started: state.started }];
    for (const name of state.play) {
      const move = step(path.at(-1), name);
      if (move.refusal) return { path, name, ...move };
      path.push(move);
    }
    return { path };
  }

  function step(from, name) {
    const event = events(from.status).find((rule) => rule.trigger === name);
    const one = event || (data.actions.includes(name) ? ask(from, name) : { reason: `${name} is not possible here.` });
    if (!event && !one.allowed) return { refusal: one.reason };
    const status = event ? event.to : one.destination;
    const shown = data.started[status];
    return { status, started: shown === "unknown" ? from.started : shown, name, code: one.code, undoable: one.undoable };
  }

  // The link

  function toHash() {
    const parts = [`channel=${state.channel}`, `started=${state.started}`, ...(state.strict ? ["strict=yes"] : []), `at=${state.status ?? NEW}`];
    if (state.play.length) parts.push(`play=${state.play.join(".")}`);
    if (state.step !== null) parts.push(`step=${state.step}`);
    if (state.goal !== "archived") parts.push(`goal=${state.goal}`);
    return `#${parts.join("&")}`;
  }

  function fromHash() {
    const next = fresh();
    const wrong = [];
    const given = new URLSearchParams(location.hash.slice(1));
    const words = (names) => Object.fromEntries(names.map((name) => [name, name]));
    const take = (name, choices, key = name) => {
      const word = given.get(name);
      if (word === null) return;
      if (Object.hasOwn(choices, word)) next[key] = choices[word];
      else wrong.push(name);
    };
    take("channel", words(Object.keys(data.cells)));
    // A recording may show a status that is on no list.
    take("at", { ...words([...data.statuses, "unknown"]), [NEW]: null }, "status");
    next.started = data.started[next.status];
    take("started", words(Object.keys(STARTED)));
    take("goal", words(data.statuses));
    routeWanted = given.has("goal");
    next.strict = given.get("strict") === "yes";
    next.play = given.get("play")?.split(".") ?? [];
    if (next.play.length > 1000) {
      next.play.length = 1000;
      wrong.push("more than 1000 plays");
    }
    const odd = next.play.findIndex((name) => !data.actions.includes(name) && !data.events.includes(name));
    if (odd >= 0) {
      next.play.length = odd;
      wrong.push("play");
    }
    const number = given.get("step");
    const known = steps.length > 0 && /^\d{1,6}$/.test(number) && Number(number) <= steps.length;
    if (number !== null && !known) wrong.push("step");
    if (known) next.step = Number(number);
    else if (location.hash.length > 1) next.step = null;
    state = next;
    const { path, refusal, name } = run();
    let text = wrong.length ? `The link says something about ${wrong.join(", ")} that this page does not know; it was left out.` : "";
    if (refusal) {
      text = `The link plays ${name} while ${path.at(-1).status ?? NEW}, which is refused: ${refusal} Stopped there.`;
      state.play.length = path.length - 1;
    }
    notice(text);
    if (state.step !== null) showStep(state.step);
  }

  function notice(text) {
    const box = byId("notice");
    box.textContent = text;
    box.hidden = !text;
  }

  let written = "";
  function save() {
    written = toHash();
    if (location.hash !== written) {
      try { history.replaceState(null, "", written); } catch { location.hash = written; }
    }
  }

  // Drawing

  function element(name, text, className) {
    const made = document.createElement(name);
    if (text !== undefined) made.textContent = text;
    if (className) made.className = className;
    return made;
  }

  const marked = (name) => (irreversible.has(name) ? `▲ ${name}` : name);
  const named = (names) => names.map(marked).join(", then ");
  const nodeId = (status) => (status ?? NEW).replace(/-/g, "_");

  function draw(announcement) {
    const { path } = run();
    const here = path.at(-1);
    for (const input of controls.elements.channel) input.checked = input.value === state.channel;
    controls.elements.started.value = state.started;
    controls.elements.strict.checked = state.strict;
    byId("where").textContent = here.status === null ? "No campaign yet" : here.status === "unknown" ? "The status is on no list" : `The campaign is ${here.status}`;
    const asked = data.actions.map((name) => ask(here, name));
    const legal = asked.filter((decision) => decision.allowed);
    const possible = events(here.status);
    fill(byId("legal"), legal.map((one) => moveRow(one, one.action, one.destination, here.status)));
    fill(byId("platform"), possible.map((one) => moveRow(one, one.trigger, one.to, here.status, "platform")));
    drawRefused(asked.filter((decision) => !decision.allowed), here.status);
    drawRoute(here.status);
    drawPlayed(path);
    drawPictures(here.status, new Set([...legal, ...possible].map((one) => one.code)));
    if (announcement !== undefined) byId("announcement").textContent = announcement;
    save();
  }

  function fill(list, items) {
    list.replaceChildren(...(items.length ? items : [element("li", "nothing", "small")]));
  }

  function moveRow(one, name, to, here, look = "") {
    const row = element("li");
    const contested = one.standing === "contested";
    const text = `${one.undoable ? "" : "▲ "}${name}${contested ? " †" : ""}${to === here ? `: stays ${to}` : ` → ${to}`}`;
    const button = element("button", text, `${look} ${one.undoable ? "" : "irreversible"}`);
    button.type = "button";
    button.dataset.play = name;
    button.addEventListener("click", () => play(name));
    row.append(button, element("div", `${one.code}: ${one.effect}${contested ? " † contested." : ""}`, "small"), sources(one.sources));
    return row;
  }

  function drawRefused(decisions, status) {
    byId("refused").replaceChildren(...decisions.map((decision) => {
      const row = element("details");
      row.dataset.action = decision.action;
      const head = element("summary");
      head.append(element("b", `× ${decision.action}`), ` ${decision.code}`);
      row.append(head, element("div", decision.reason, "small"));
      if (decision.route?.length && status !== null) {
        row.append(element("div", `The way there: ${named(decision.route)}.`, "small"));
      }
      if (decision.sources.length) row.append(sources(decision.sources));
      return row;
    }));
  }

  function sources(list) {
    const box = element("details", undefined, "small");
    box.append(element("summary", list.length === 1 ? "1 source" : `${list.length} sources`));
    for (const source of list) {
      const line = element("div");
      if (/^https:\/\//.test(source.url)) {
        const link = element("a", source.title);
        link.href = source.url;
        link.rel = "noreferrer noopener";
        link.target = "_blank";
        line.append(link);
      } else {
        line.append(source.title);
      }
      line.append(`: ${source.says}`);
      box.append(line);
    }
    return box;
  }

  function drawRoute(status) {
    byId("goal").value = state.goal;
    const names = way(status);
    byId("way").textContent =
      names === null ? "No legal action leads there; only waiting may." : names.length ? named(names) : "The campaign is there.";
  }

  function drawPlayed(path) {
    fill(byId("played"), path.slice(1).map((move) => element("li", `${move.undoable ? "" : "▲ "}${move.name} (${move.code}) → ${move.status}`)));
    byId("undo").disabled = !state.play.length;
    byId("reset").disabled = !state.play.length && state.step === data.begin.step && state.status === data.begin.status;
  }

  function drawPictures(here, possible) {
    const strong = routeWanted ? wayCodes(here) : new Set();
    const current = steps[state.step - 1];
    if (current) strong.add(current.code);
    for (const picture of document.querySelectorAll(".picture")) {
      picture.hidden = picture.dataset.channel !== state.channel;
      for (const node of picture.querySelectorAll(".node")) {
        const on = node.dataset.node === nodeId(here);
        node.classList.toggle("here", on);
        node.setAttribute("aria-pressed", String(on));
      }
      for (const edge of picture.querySelectorAll(".edge")) {
        const codes = edge.dataset.rules.split(" ");
        const on = codes.some((code) => strong.has(code));
        edge.classList.toggle("faint", !on && !codes.some((code) => possible.has(code)));
        edge.classList.toggle("way", on);
      }
    }
    scroll();
  }

  function wayCodes(status) {
    const codes = new Set();
    let at = status;
    for (const name of way(status) ?? []) {
      const rule = data.rules.find((one) => one.trigger === name && one.from === at && one.channels.includes(state.channel));
      codes.add(rule.code);
      at = rule.to;
    }
    return codes;
  }

  function scroll() {
    // Where the picture is wider than the screen: shows where the campaign is, and on which sides there is more.
    const scroller = document.querySelector(".picture:not([hidden]) .scroller");
    const seen = scroller.getBoundingClientRect();
    const node = scroller.querySelector(".here")?.getBoundingClientRect();
    const margin = 48;
    if (node && (node.left < seen.left + margin || node.right > seen.right - margin)) {
      scroller.scrollLeft += (node.left + node.right - seen.left - seen.right) / 2;
    }
    byId("wider").hidden = scroller.scrollWidth <= scroller.clientWidth;
    fade(scroller);
  }

  function fade(scroller) {
    scroller.classList.toggle("more-left", scroller.scrollLeft > 1);
    scroller.classList.toggle("more-right", scroller.scrollLeft + scroller.clientWidth < scroller.scrollWidth - 1);
  }

  for (const scroller of document.querySelectorAll(".scroller")) scroller.addEventListener("scroll", () => fade(scroller));
  window.addEventListener("resize", scroll);

  // What one can do

  function play(name) {
    const move = step(run().path.at(-1), name);
    if (move.refusal) { draw(`${name} is refused: ${move.refusal}`); return; }
    leaveStep();
    notice("");
    state.play.push(name);
    draw(`${name}: now ${move.status}.`);
    // The button that was pressed is gone, and the focus must not be lost with it.
    document.querySelector("#legal button, #platform button, #undo").focus({ preventScroll: true });
  }

  function leaveStep() {
    // What is played from here on begins where the recording was.
    state.step = null;
    drawStep();
  }

  function select(status) {
    notice("");
    leaveStep();
    routeWanted = false;
    Object.assign(state, { status, started: data.started[status], play: [] });
    draw(status === null ? "No campaign yet." : `Now looking at ${status}.`);
  }

  for (const node of document.querySelectorAll(".picture .node")) {
    const status = data.statuses.find((one) => nodeId(one) === node.dataset.node) ?? null;
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", status ?? "no campaign yet");
    node.closest("svg").setAttribute("role", "group");
    // A finger needs more room than the box.
    const target = node.querySelector("rect, circle").cloneNode();
    target.setAttribute("class", "target");
    node.prepend(target);
    node.addEventListener("click", () => select(status));
    node.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); select(status); }
    });
  }

  controls.addEventListener("submit", (event) => event.preventDefault());
  controls.addEventListener("change", (event) => {
    const input = event.target;
    if (input.name === "theme") {
      if (input.value) document.documentElement.dataset.theme = input.value;
      else delete document.documentElement.dataset.theme;
      return;
    }
    // What is asked from here on is no step of the recording any more.
    leaveStep();
    if (input.name === "strict") state.strict = input.checked;
    else state[input.name] = input.value;
    const { path, refusal, name } = run();
    if (refusal) state.play.length = path.length - 1;
    notice(refusal ? `${name} is refused now, so what was played ends before it: ${refusal}` : "");
    draw("");
  });
  byId("goal").append(...data.statuses.map((name) => element("option", name)));
  byId("goal").addEventListener("change", (event) => { state.goal = event.target.value; routeWanted = true; draw(""); });

  function press(id, act, otherwise) {
    // A button that is disabled by its own press hands the focus on.
    byId(id).addEventListener("click", () => {
      act();
      if (byId(id).disabled) document.querySelector(otherwise).focus({ preventScroll: true });
    });
  }
  press("undo", () => draw(`${state.play.pop()} undone, on this page only: a real campaign has no undo.`), "#legal button, #goal");
  press("reset", () => {
    const { channel, strict, goal } = state;
    state = { ...fresh(), strict, goal };
    if (state.step === null) state.channel = channel;
    routeWanted = false;
    notice("");
    drawStep();
    draw("Back at the beginning.");
  }, "#legal button, #goal");
  byId("share").addEventListener("click", async () => {
    const link = location.href;
    try {
      await navigator.clipboard.writeText(link);
      byId("announcement").textContent = "The link is on the clipboard.";
    } catch {
      byId("announcement").textContent = `The link is in the address bar: ${link}`;
    }
  });
  window.addEventListener("hashchange", () => { if (location.hash !== written) { fromHash(); drawStep(); draw(); } });

  // A recorded history

  function showStep(number) {
    const { channel, status, started } = number ? steps[number - 1] : data.begin;
    Object.assign(state, { channel, status, started, play: [], step: number });
  }

  function drawStep() {
    if (!data.history) return;
    byId("recorded").hidden = false;
    const left = data.history.total > steps.length ? `, the first ${steps.length} of ${data.history.total} steps` : "";
    byId("recorded-title").textContent = `${data.history.title}${left}`;
    lastStep = state.step ?? lastStep;
    byId("stepping").hidden = !steps.length;
    const one = steps[state.step - 1];
    const otherwise = !steps.length ? "The recording has no step, only a status." : state.step === 0 ? "Before the first step." : "No step of the recording is shown now.";
    const text = byId("step-text");
    text.replaceChildren(...(one ? told(one) : [otherwise]));
    byId("step-number").textContent = `${lastStep} of ${steps.length}`;
    const range = byId("step");
    range.max = String(steps.length);
    range.value = String(lastStep);
    range.setAttribute("aria-valuetext", text.textContent);
    byId("earlier").disabled = lastStep === 0;
    byId("later").disabled = lastStep === steps.length;
    const first = Math.max(0, Math.min(lastStep - 5, steps.length - 10));
    const near = steps.slice(first, first + 10);
    byId("steps").replaceChildren(...near.map((one, place) => {
      const item = element("li", undefined, `${one.taken ? "" : "no"} ${first + place + 1 === state.step ? "now" : ""}`);
      item.append(...told(one));
      return item;
    }));
    byId("inferred").hidden = !near.some((one) => one.inferred);
  }

  const told = (one) => [one.text, ...one.details.flatMap((detail) => [" ", element("span", detail, "small")])];

  function goTo(number) {
    notice("");
    showStep(number);
    drawStep();
    draw("");
  }
  press("earlier", () => goTo(lastStep - 1), "#later");
  press("later", () => goTo(lastStep + 1), "#earlier");
  byId("step").addEventListener("input", (event) => goTo(Number(event.target.value)));

  controls.elements.theme.value = document.documentElement.dataset.theme || "";
  window.campaignFsm = { decide, route };
  fromHash();
  drawStep();
  draw("");
})();
