// The requests that Colab's page makes to a local runtime, in the same order. connect
// returns a list of {step, ok, got}. Steps that need the result of a failed step are
// left out.
"use strict";

const prefix = ")]}'\n"; // precedes the JSON in responses of Colab's own API
const patience = 60_000; // ms, for one step

async function connect(base, token, {socketToken = token} = {}) {
  const results = [];
  const step = async (name, act) => {
    try {
      const [ok, got, value] = await act();
      results.push({step: name, ok, got: String(got)});
      return value;
    } catch (error) {
      results.push({step: name, ok: false, got: String(error)});
    }
  };

  // The Content-Type makes the browser send a preflight, as for Colab's own requests.
  const ask = (path, options = {}) => fetch(`${base}${path}?token=${token}`, {
    credentials: "include",
    headers: {"Content-Type": "application/json"},
    signal: AbortSignal.timeout(patience),
    ...options,
  });
  const json = async (path, check) => {
    const response = await ask(path);
    if (!response.ok) return [false, response.status];
    const value = await response.json();
    return [check(value), response.status, value];
  };

  await step("build-info", async () => {
    const response = await ask("/api/colab/build-info");
    const text = await response.text();
    if (!response.ok) return [false, response.status];
    return [text.startsWith(prefix) && "release_tag" in JSON.parse(text.slice(prefix.length)), text];
  });
  await step("kernelspecs", () => json("/api/kernelspecs", v => v.default in v.kernelspecs));
  await step("sessions", () => json("/api/sessions", Array.isArray));
  await step("kernels", () => json("/api/kernels", Array.isArray));
  await step("contents", () => json("/api/contents/content", v => v.type === "directory"));
  const kernel = await step("kernel", async () => {
    const response = await ask("/api/kernels", {method: "POST", body: "{}"});
    const made = await response.json();
    return [response.status === 201, response.status, made.id];
  });

  const session = crypto.randomUUID();
  const address = `${base.replace("http:", "ws:")}/api/kernels/${kernel ?? session}/channels?session_id=${session}&token=${socketToken}`;
  const socket = await step("websocket", async () => {
    const opened = await open(address);
    return [true, "open", opened];
  });
  if (kernel && socket) {
    await step("cell", async () => {
      const output = await run(socket, session, "%%bash\necho ${HOSTNAME}");
      return [true, output.trim()];
    });
  }
  socket?.close();
  if (kernel) {
    await step("shutdown", async () => {
      const response = await ask(`/api/kernels/${kernel}`, {method: "DELETE"});
      return [response.status === 204, response.status];
    });
  }
  return results;
}

// linger does once what a page that is left open is assumed to repeat when its runtime is
// gone: what Colab's own page then asks nobody has recorded. It returns a list as connect
// does.
async function linger(base, token) {
  const results = [];
  for (const path of ["sessions", "kernels", "contents/content"]) {
    try {
      const response = await fetch(`${base}/api/${path}?token=${token}`, {
        credentials: "include", headers: {"Content-Type": "application/json"}, signal: AbortSignal.timeout(patience),
      });
      results.push({step: path, ok: response.ok, got: `${response.status} ${(await response.text()).trim()}`});
    } catch (error) {
      results.push({step: path, ok: false, got: String(error)});
    }
  }
  try {
    await open(`${base.replace("http:", "ws:")}/api/kernels/${crypto.randomUUID()}/channels?session_id=1&token=${token}`);
    results.push({step: "websocket", ok: true, got: "open"});
  } catch (error) {
    results.push({step: "websocket", ok: false, got: String(error)});
  }
  return results;
}

let held; // the kernel of begin

// begin makes a kernel and runs code in it, by a WebSocket that stays open.
async function begin(base, token, code) {
  const response = await fetch(`${base}/api/kernels?token=${token}`, {
    method: "POST", body: "{}", credentials: "include", headers: {"Content-Type": "application/json"},
  });
  const {id} = await response.json();
  const session = crypto.randomUUID();
  held = {session, address: `${base.replace("http:", "ws:")}/api/kernels/${id}/channels?session_id=${session}&token=${token}`};
  return openAndRun(code);
}

// resume waits until the WebSocket is closed, and runs code in that kernel by another one.
async function resume(code) {
  await held.closed;
  return openAndRun(code);
}

async function openAndRun(code) {
  try {
    const socket = await open(held.address);
    held.closed = new Promise(resolve => socket.addEventListener("close", resolve));
    return [{step: "cell", ok: true, got: (await run(socket, held.session, code)).trim()}];
  } catch (error) {
    return [{step: "cell", ok: false, got: String(error)}];
  }
}

function open(address) {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(address);
    socket.onopen = () => resolve(socket);
    socket.onerror = () => reject("the WebSocket could not be opened");
    setTimeout(() => reject("the WebSocket does not open"), patience);
  });
}

// run runs code in the kernel and returns what it prints.
function run(socket, session, code) {
  const id = crypto.randomUUID();
  let output = "";
  return new Promise((resolve, reject) => {
    socket.onmessage = event => {
      const {parent_header: parent, msg_type: type, content} = JSON.parse(event.data);
      if (parent?.msg_id !== id) return;
      if (type === "stream" && content.name === "stdout") output += content.text;
      if (type === "error") reject(content.evalue);
      if (type === "status" && content.execution_state === "idle") resolve(output);
    };
    socket.onclose = () => reject("the WebSocket was closed");
    setTimeout(() => reject("the cell does not end"), patience);
    socket.send(JSON.stringify({
      channel: "shell",
      header: {msg_id: id, session, username: "", date: new Date().toISOString(), msg_type: "execute_request", version: "5.3"},
      parent_header: {}, metadata: {},
      content: {code, silent: false, store_history: false, user_expressions: {}, allow_stdin: false, stop_on_error: true},
      buffers: [],
    }));
  });
}
