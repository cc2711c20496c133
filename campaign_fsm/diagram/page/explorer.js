"use strict";
(() => {
  // The data is computed by the package from its table of rules; nothing is decided here.
  const data = JSON.parse(document.getElementById("data").textContent);
  const NEW = "new";
  const byId = (id) => document.getElementById(id);
  const controls = byId("controls");

  // What the table says

  function decide(status, action, { channel = "message", started = null, strict = false } = {}) {
    const known = status === null ? NEW : data.statuses.includes(status) ? status : "unknown";
    const row = data.cells[channel][strict ? "yes" : "no"][started === null ? "unknown" : started ? "yes" : "no"][known];
    return {
      ...data.decisions[row[action]],
      status: known === NEW ? null : known,
      action, channel, started, strict,
    };
  }

  function route(start, goal, { channel = "message", strict = false } = {}) {
    return data.routes[channel][strict ? "yes" : "no"][start === null ? NEW : start][goal];
  }

  function events(status, channel) {
    return data.rules.filter(
      (rule) => rule.actor === "platform" && rule.from === status && rule.channels.includes(channel));
  }

  const irreversible = new Set(data.rules.filter((rule) => !rule.undoable && rule.actor !== "platform").map((rule) => rule.trigger));

  // The state of the page: where a campaign began, and what was played since

  // A created campaign has not started; of any other one it is unknown, unless it is given.
  const startedAt = (status) => (status === NEW || status === null || status === "created" ? "no" : "unknown");

  const STARTED = { no: false, yes: true, unknown: null };
  const fresh = () => ({
    channel: data.begin.channel, started: startedAt(data.begin.status), strict: false, at: data.begin.status, play: [], step: null, goal: "archived",
  });
  let state = fresh();
  let routeWanted = false;

  function run() {
    // Every status on the way; stops at what is not legal.
    const path = [{ status: state.at === NEW ? null : state.at, started: STARTED[state.started] }];
    for (const name of state.play) {
      const last = path[path.length - 1];
      const move = step(last, name);
      if (move.refusal) return { path, refusal: move.refusal, name };
      path.push(move);
    }
    return { path, refusal: null };
  }

  function step(from, name) {
    const event = events(from.status, state.channel).find((rule) => rule.trigger === name);
    if (event) return after(from, event.to, name, event.code, event.undoable);
    if (!data.actions.includes(name)) return { refusal: { code: "", reason: `${name} is not possible here.` } };
    const decision = decide(from.status, name, { channel: state.channel, started: from.started, strict: state.strict });
    if (!decision.allowed) return { refusal: decision };
    return after(from, decision.destination, name, decision.code, decision.undoable);
  }

  function after(from, status, name, code, undoable) {
    const started = status === "in-progress" ? true : from.started;
    return { status, started, name, code, undoable };
  }

  // The link

  function toHash() {
    const parts = [`channel=${state.channel}`, `started=${state.started}`, ...(state.strict ? ["strict=yes"] : []), `at=${state.at}`];
    if (state.play.length) parts.push(`play=${state.play.join(".")}`);
    if (state.step !== null) parts.push(`step=${state.step}`);
    if (state.goal !== "archived") parts.push(`goal=${state.goal}`);
    return `#${parts.join("&")}`;
  }

  function fromHash() {
    const next = fresh();
    const wrong = [];
    const given = new URLSearchParams(location.hash.slice(1));
    const take = (name, allowed) => {
      const value = given.get(name);
      if (value === null) return;
      if (allowed.includes(value)) next[name] = value;
      else wrong.push(name);
    };
    take("channel", Object.keys(data.cells));
    take("started", Object.keys(STARTED));
    take("at", [NEW, ...data.statuses]);
    if (!given.has("started")) next.started = startedAt(next.at);
    take("goal", data.statuses);
    routeWanted = given.has("goal");
    next.strict = given.get("strict") === "yes";
    const play = given.get("play");
    if (play) {
      next.play = play.split(".");
      if (next.play.length > 1000) {
        next.play = next.play.slice(0, 1000);
        wrong.push("more than 1000 plays");
      }
      const known = [...data.actions, ...data.events];
      if (!next.play.every((name) => known.includes(name))) {
        next.play = next.play.slice(0, next.play.findIndex((name) => !known.includes(name)));
        wrong.push("play");
      }
    }
    const number = given.get("step");
    if (number !== null) {
      if (data.history?.steps.length && /^\d{1,6}$/.test(number) && Number(number) <= data.history.steps.length) next.step = Number(number);
      else wrong.push("step");
    }
    state = next;
    const { path, refusal, name } = run();
    let text = wrong.length ? `The link says something about ${wrong.join(", ")} that this page does not know; it was left out.` : "";
    if (refusal) {
      const here = path[path.length - 1].status || "new";
      text = `The link plays ${name} while ${here}, which is refused: ${refusal.reason} Stopped there.`;
      state.play = state.play.slice(0, path.length - 1);
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
  const nodeId = (status) => (status === null ? NEW : status.replace(/-/g, "_"));

  function draw(announcement) {
    const { path } = run();
    const here = path[path.length - 1];
    for (const input of controls.elements.channel) input.checked = input.value === state.channel;
    controls.elements.started.value = state.started;
    controls.elements.strict.checked = state.strict;
    byId("where").textContent = here.status === null ? "No campaign yet" : `The campaign is ${here.status}`;
    const asked = data.actions.map((name) => decide(here.status, name, { channel: state.channel, started: here.started, strict: state.strict }));
    drawLegal(asked.filter((decision) => decision.allowed));
    drawPlatform(here.status);
    drawRefused(asked.filter((decision) => !decision.allowed), here.status);
    drawRoute(here.status);
    drawPlayed(path);
    drawPictures(here, asked);
    if (announcement !== undefined) byId("announcement").textContent = announcement;
    save();
  }

  function fill(list, items, otherwise) {
    list.replaceChildren(...(items.length ? items : [element("li", otherwise, "small")]));
  }

  function moveButton(text, className, name) {
    const button = element("button", text, className);
    button.type = "button";
    button.dataset.play = name;
    button.addEventListener("click", () => play(name));
    return button;
  }

  function drawLegal(decisions) {
    fill(byId("legal"), decisions.map((decision) => {
      const row = element("li");
      const leads = decision.destination === decision.status ? `: stays ${decision.status}` : ` → ${decision.destination}`;
      row.append(moveButton(`${marked(decision.action)}${leads}`, decision.undoable ? "" : "irreversible", decision.action));
      const contested = decision.standing === "contested" ? " † contested." : "";
      row.append(element("div", `${decision.code}: ${decision.effect}${contested}`, "small"), sources(decision.sources));
      return row;
    }), "nothing");
  }

  function drawPlatform(status) {
    fill(byId("platform"), events(status, state.channel).map((rule) => {
      const row = element("li");
      row.append(moveButton(`${rule.undoable ? "" : "▲ "}${rule.trigger} → ${rule.to}`, rule.undoable ? "platform" : "platform irreversible", rule.trigger));
      row.append(element("div", `${rule.code}: ${rule.effect}`, "small"), sources(rule.sources));
      return row;
    }), "do nothing");
  }

  function drawRefused(decisions, status) {
    byId("refused").replaceChildren(...decisions.map((decision) => {
      const row = element("details");
      row.dataset.action = decision.action;
      const head = element("summary");
      head.append(element("b", `× ${decision.action}`), ` ${decision.code}`);
      row.append(head, element("div", decision.reason, "small"));
      if (decision.route && decision.route.length && status !== null) {
        row.append(element("div", `The way there: ${decision.route.map(marked).join(", then ")}.`, "small"));
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
    const goal = byId("goal");
    if (!goal.children.length) {
      goal.append(...data.statuses.map((name) => { const option = element("option", name); option.value = name; return option; }));
    }
    goal.value = state.goal;
    const way = route(status, state.goal, { channel: state.channel, strict: state.strict });
    byId("way").textContent =
      way === null ? "There is none, or none but waiting." : way.length ? way.map(marked).join(", then ") : "It is there.";
  }

  function drawPlayed(path) {
    fill(byId("played"), path.slice(1).map((move) => element("li", `${move.undoable ? "" : "▲ "}${move.name} (${move.code}) → ${move.status}`)), "nothing");
    byId("undo").disabled = !state.play.length;
    byId("reset").disabled = !state.play.length && state.step === null && state.at === data.begin.status;
  }

  function drawPictures(here, asked) {
    const legal = new Set(asked.filter((decision) => decision.allowed).map((decision) => decision.code));
    for (const rule of events(here.status, state.channel)) legal.add(rule.code);
    const way = wayCodes(here.status);
    const current = state.step ? data.history.steps[state.step - 1] : null;
    for (const picture of document.querySelectorAll(".picture")) {
      picture.hidden = picture.dataset.channel !== state.channel;
      for (const node of picture.querySelectorAll(".node")) {
        const on = node.dataset.node === nodeId(here.status);
        node.classList.toggle("here", on);
        if (node.hasAttribute("tabindex")) node.setAttribute("aria-pressed", String(on));
      }
      for (const edge of picture.querySelectorAll(".edge")) {
        const codes = edge.dataset.rules.split(" ");
        const taken = current && codes.includes(current.code);
        edge.classList.toggle("off", !codes.some((code) => legal.has(code) || way.has(code)) && !taken);
        edge.classList.toggle("way", codes.some((code) => way.has(code)) || Boolean(taken));
      }
    }
  }

  function wayCodes(status) {
    const codes = new Set();
    if (!routeWanted) return codes;
    let at = status;
    for (const name of route(status, state.goal, { channel: state.channel, strict: state.strict }) || []) {
      const rule = data.rules.find((one) => one.trigger === name && one.from === at && one.channels.includes(state.channel));
      codes.add(rule.code);
      at = rule.to;
    }
    return codes;
  }

  // What one can do

  function play(name) {
    const { path } = run();
    const move = step(path[path.length - 1], name);
    if (move.refusal) { draw(`${name} is refused: ${move.refusal.reason}`); return; }
    leaveStep();
    notice("");
    state.play.push(name);
    draw(`${name}: now ${move.status}.`);
    // The button that was pressed is gone, and the focus must not be lost with it.
    const next = document.querySelector("#legal button, #platform button, #undo");
    if (next) next.focus({ preventScroll: true });
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
    state.at = status === null ? NEW : status;
    state.started = startedAt(status);
    state.play = [];
    draw(status === null ? "No campaign yet." : `Now looking at ${status}.`);
  }

  for (const node of document.querySelectorAll(".picture .node")) {
    const name = node.dataset.node;
    const status = name === NEW ? null : data.statuses.find((one) => nodeId(one) === name);
    node.setAttribute("tabindex", "0");
    node.setAttribute("role", "button");
    node.setAttribute("aria-label", status === null ? "no campaign yet" : status);
    node.closest("svg").setAttribute("role", "group");
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
    if (refusal) {
      state.play = state.play.slice(0, path.length - 1);
      notice(`${name} is refused now, so what was played ends before it: ${refusal.reason}`);
    } else {
      notice("");
    }
    draw("");
  });
  byId("goal").addEventListener("change", (event) => { state.goal = event.target.value; routeWanted = true; draw(""); });
  byId("undo").addEventListener("click", () => {
    const name = state.play.pop();
    draw(`${name} undone, here only: a real campaign knows no undo.`);
    if (!state.play.length) byId("legal").querySelector("button")?.focus({ preventScroll: true });
  });
  byId("reset").addEventListener("click", () => {
    const { channel, strict, goal } = state;
    state = { ...fresh(), channel, strict, goal };
    routeWanted = false;
    notice("");
    drawStep();
    draw("Begun again.");
  });
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

  function stepText(number) {
    const one = data.history.steps[number - 1];
    const where = [one.campaign, one.at, one.place ? `place ${one.place}` : ""].filter(Boolean).join(", ");
    const from = one.from === null ? NEW : one.from;
    let text;
    if (one.outcome === "taken") {
      text = one.trigger === null ? `a reading shows ${one.to} after ${from}, which nothing explains` : `${one.trigger}: ${from} → ${one.to}`;
    } else if (one.outcome === "refused") {
      text = `× ${one.trigger} while ${from}: refused before it was sent`;
    } else if (one.outcome === "answer lost") {
      text = `? ${one.trigger} while ${from}: sent, and the answer was lost`;
    } else {
      text = `× ${one.trigger} while ${from}: illegal, and sent`;
    }
    return `${number}. ${text}${one.code ? ` (${one.code})` : ""}${one.inferred ? ", inferred" : ""}${where ? ` [${where}]` : ""}`;
  }

  function showStep(number) {
    const one = number ? data.history.steps[number - 1] : data.history.steps[0];
    const status = number ? one.to : one.from;
    state.step = number;
    state.channel = one.channel;
    state.at = status === null ? NEW : status;
    state.play = [];
    // After its start a campaign stays started.
    const before = data.history.steps.slice(0, number).filter((past) => past.campaign === one.campaign && past.channel === one.channel);
    state.started = before.some((past) => past.to === "in-progress" || past.from === "in-progress") ? "yes" : "unknown";
  }

  function drawStep() {
    const recorded = byId("recorded");
    if (!data.history || !data.history.steps.length) return;
    const steps = data.history.steps;
    recorded.hidden = false;
    const left = data.history.total > steps.length ? `, the first ${steps.length} of ${data.history.total} steps` : "";
    byId("recorded-title").textContent = `${data.history.title}${left}`;
    const range = byId("step");
    const number = state.step || 0;
    range.max = String(steps.length);
    range.value = String(number);
    byId("step-number").textContent = `${number} of ${steps.length}`;
    byId("step-text").textContent = number ? stepText(number) : "Before the first step.";
    byId("earlier").disabled = number === 0;
    byId("later").disabled = number === steps.length;
    const first = Math.max(1, number - 4);
    const near = [];
    for (let one = first; one <= Math.min(steps.length, first + 9); one += 1) {
      const item = element("li", stepText(one), steps[one - 1].outcome === "taken" ? "" : "no");
      if (one === number) item.classList.add("now");
      near.push(item);
    }
    byId("steps").replaceChildren(...near);
  }

  function goTo(number) {
    notice("");
    showStep(number);
    drawStep();
    draw("");
  }
  byId("earlier").addEventListener("click", () => goTo(Math.max(0, (state.step || 0) - 1)));
  byId("later").addEventListener("click", () => goTo(Math.min(data.history.steps.length, (state.step || 0) + 1)));
  byId("step").addEventListener("input", (event) => goTo(Number(event.target.value)));

  controls.elements.theme.value = document.documentElement.dataset.theme || "";
  window.campaignFsm = { decide, route, data };
  fromHash();
  drawStep();
  draw("");
})();
