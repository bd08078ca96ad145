/** Real servers, whose requests are seen as they read them from their sockets. */

import { assertEquals } from "../assert.ts";
import { BINARY, Running } from "../gimlet.ts";
import { jsonRecords, ofType } from "../records.ts";
import { binary, capabilities, needsProgram, test } from "../support.ts";

const needs = [capabilities, binary];
const node = needsProgram("node");

/** Answers each request with its method and path once it has all of its body; reads a file in between, if one is given. */
const NODE_SERVER = `
const file = process.argv[1];
const server = require("node:http").createServer((request, response) => {
  request.resume();
  request.on("end", () => {
    if (file) require("node:fs").readFileSync(file);
    response.end(request.method + " " + request.url);
  });
});
server.keepAliveTimeout = 0;
server.listen(0, "::", () => console.log("port " + server.address().port + " ready"));
`;

const DENO_SERVER = `
Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => console.log("port " + port + " ready"),
}, async (request) => {
  await request.arrayBuffer();
  return new Response(request.method + " " + new URL(request.url).pathname);
});
`;

interface Traced {
  readonly port: number;
  readonly pid: number;
}

/** Runs a server, traces it while something is done, and gives method and path of each event. */
async function traced(
  server: readonly string[],
  action: (server: Traced) => Promise<void>,
): Promise<string[]> {
  const serving = new Running(server);
  const { pid } = serving;
  try {
    const port = Number(/port (\d+) ready/.exec(await serving.until(" ready\n"))![1]);
    const gimlet = new Running([BINARY, "nodejs_http_server", "--json", String(pid)]);
    try {
      await gimlet.until('"type":"attached"');
      await action({ port, pid });
    } finally {
      gimlet.kill("SIGINT");
    }
    const { status, stdout } = await gimlet.finished();
    const records = jsonRecords(stdout);
    assertEquals([status, ofType(records, "header")[0]!.plan], [0, "raw_syscalls"]);
    assertEquals(ofType(records, "summary")[0]!.lost, 0);
    const events = ofType(records, "event");
    assertEquals(events.filter((event) => event.tgid !== pid), []);
    return events.map(({ method, path }) => `${method} ${path}`);
  } finally {
    serving.kill("SIGTERM");
    await serving.finished();
  }
}

/** A connection whose bytes are cut as the test wants it. */
class Client implements AsyncDisposable {
  readonly #connection: Deno.TcpConn;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();
  #text = "";

  constructor(connection: Deno.TcpConn) {
    connection.setNoDelay(true);
    this.#connection = connection;
  }

  static async connect({ port }: Traced, hostname = "127.0.0.1"): Promise<Client> {
    return new Client(await Deno.connect({ hostname, port }));
  }

  async send(text: string): Promise<void> {
    const bytes = this.#encoder.encode(text);
    for (let at = 0; at < bytes.length;) at += await this.#connection.write(bytes.subarray(at));
  }

  /** Waits until the server has answered with this. */
  async answer(text: string): Promise<void> {
    const buffer = new Uint8Array(4096);
    while (!this.#text.includes(text)) {
      const size = await this.#connection.read(buffer);
      if (size === null) throw new Error(`The server closed, after ${JSON.stringify(this.#text)}`);
      this.#text += this.#decoder.decode(buffer.subarray(0, size));
    }
    this.#text = this.#text.slice(this.#text.indexOf(text) + text.length);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#connection.close();
    return Promise.resolve();
  }
}

const HOST = "Host: localhost\r\n";

function get(path: string, headers = ""): string {
  return `GET ${path} HTTP/1.1\r\n${HOST}${headers}\r\n`;
}

function post(path: string, body: string): string {
  return `POST ${path} HTTP/1.1\r\n${HOST}Content-Length: ${body.length}\r\n\r\n${body}`;
}

/** What an unsuspecting eye takes for a request. */
const LOOKALIKE = get("/not-a-request");

const NODE = ["node", "-e", NODE_SERVER];

test(
  "Node.js: a request of each method, by IPv4 and IPv6",
  { needs: [...needs, node] },
  async () => {
    const methods = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "M-SEARCH", "UNSUBSCRIBE"];
    const seen = await traced(NODE, async (server) => {
      for (const hostname of ["127.0.0.1", "::1"]) {
        for (const method of methods) {
          await using client = await Client.connect(server, hostname);
          await client.send(`${method} /${method}?from=${hostname} HTTP/1.1\r\n${HOST}\r\n`);
          await client.answer(`${method} /${method}`);
        }
      }
    });
    assertEquals(
      seen,
      ["127.0.0.1", "::1"].flatMap((from) =>
        methods.map((method) => `${method} /${method}?from=${from}`)
      ),
    );
  },
);

test(
  "Node.js: keep-alive, and many requests in one read",
  { needs: [...needs, node] },
  async () => {
    const paths = Array.from({ length: 61 }, (_, i) => `/pipelined/${i}`);
    const seen = await traced(NODE, async (server) => {
      await using client = await Client.connect(server);
      for (const path of ["/first", "/second"]) {
        await client.send(get(path));
        await client.answer(`GET ${path}`);
      }
      await client.send(paths.map((path) => get(path)).join(""));
      await client.answer(`GET ${paths.at(-1)}`);
      await client.send(get("/last"));
      await client.answer("GET /last");
    });
    assertEquals(seen, ["/first", "/second", ...paths, "/last"].map((path) => `GET ${path}`));
  },
);

test(
  "Node.js: reads that are full of small requests with bodies",
  { needs: [...needs, node] },
  async () => {
    const paths = Array.from({ length: 3001 }, (_, i) => `/small/${i}`);
    const seen = await traced(NODE, async (server) => {
      await using client = await Client.connect(server);
      await client.send(paths.map((path) => post(path, "x")).join(""));
      await client.answer(`POST ${paths.at(-1)}`);
    });
    assertEquals(seen, paths.map((path) => `POST ${path}`));
  },
);

test("Node.js: bodies are no requests, and those behind them are", {
  needs: [...needs, node],
}, async () => {
  const large = LOOKALIKE.repeat(4999);
  const seen = await traced(NODE, async (server) => {
    await using client = await Client.connect(server);
    await client.send(post("/a", LOOKALIKE) + get("/b") + post("/c", `\r\n\r\n${LOOKALIKE}`));
    await client.answer("POST /c");
    // The body comes when the server asks for it: in a read of its own.
    await client.send(
      `PUT /d HTTP/1.1\r\n${HOST}Expect: 100-continue\r\ncontent-LENGTH:  ${LOOKALIKE.length}\r\n\r\n`,
    );
    await client.answer("100 Continue\r\n\r\n");
    await client.send(LOOKALIKE);
    await client.answer("PUT /d");
    await client.send(post("/e", large) + get("/f"));
    await client.answer("GET /f");
  });
  assertEquals(seen, ["POST /a", "GET /b", "POST /c", "PUT /d", "POST /e", "GET /f"]);
});

test("Node.js: bodies in chunks are no requests, nor are trailers", {
  needs: [...needs, node],
}, async () => {
  const chunk = (text: string) => `${text.length.toString(16)};name=value\r\n${text}\r\n`;
  const seen = await traced(NODE, async (server) => {
    await using client = await Client.connect(server);
    await client.send(
      `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n${chunk(LOOKALIKE)}` +
        `${chunk("x".repeat(1000))}0\r\nTrailer: GET /x HTTP/1.1\r\n\r\n${get("/b")}`,
    );
    await client.answer("GET /b");
    await client.send(`POST /c HTTP/1.1\r\n${HOST}TRANSFER-encoding:chunked\r\n\r\n0\r\n\r\n`);
    await client.answer("POST /c");
    await client.send(get("/d"));
    await client.answer("GET /d");
  });
  assertEquals(seen, ["POST /a", "GET /b", "POST /c", "GET /d"]);
});

test("Node.js: request lines and headers that come in pieces", {
  needs: [...needs, node],
}, async () => {
  const request = post("/in/pieces", "0123456789");
  const expected: string[] = [];
  const seen = await traced(NODE, async (server) => {
    await using client = await Client.connect(server);
    // The answer to what comes before a piece says that the piece was read, without the rest.
    for (let cut = 1; cut < request.length; cut += 7) {
      await client.send(get(`/before/${cut}`) + request.slice(0, cut));
      await client.answer(`GET /before/${cut}`);
      await client.send(request.slice(cut));
      await client.answer("POST /in/pieces");
      expected.push(`GET /before/${cut}`, "POST /in/pieces");
    }
  });
  assertEquals(seen, expected);
});

test("Node.js: long headers, long paths, and a connection that talks of something else", {
  needs: [...needs, node],
}, async () => {
  const path = `/${"long".repeat(500)}`;
  const headers = `Content-Lengthy: 7\r\nX-Content-Length: 7\r\nCookie: ${"x".repeat(9000)}\r\n`;
  const seen = await traced(NODE, async (server) => {
    await using client = await Client.connect(server);
    await client.send(get("/headers", headers) + get(path) + get("/after"));
    await client.answer("GET /after");
    await using other = await Client.connect(server);
    await other.send("HELO GET /x HTTP/1.1\r\n\r\n");
    await other.answer("400 Bad Request");
  });
  assertEquals(seen, ["GET /headers", `GET ${path.slice(0, 127)}`, "GET /after"]);
});

test("a server that receives by recvfrom, as Deno's, is seen as well", { needs }, async () => {
  const file = await Deno.makeTempFile({ suffix: ".js" });
  await Deno.writeTextFile(file, DENO_SERVER);
  try {
    const command = [Deno.execPath(), "run", "--allow-net", "--no-config", file];
    const seen = await traced(command, async (server) => {
      await using client = await Client.connect(server);
      await client.send(post("/a", LOOKALIKE) + get("/b"));
      await client.answer("GET /b");
    });
    assertEquals(seen, ["POST /a", "GET /b"]);
  } finally {
    await Deno.remove(file);
  }
});

test("Node.js: what it reads from files is no request", { needs: [...needs, node] }, async () => {
  const file = await Deno.makeTempFile();
  await Deno.writeTextFile(file, LOOKALIKE.repeat(3));
  try {
    const seen = await traced([...NODE, file], async (server) => {
      await using client = await Client.connect(server);
      await client.send(get("/a") + get("/b"));
      await client.answer("GET /b");
    });
    assertEquals(seen, ["GET /a", "GET /b"]);
  } finally {
    await Deno.remove(file);
  }
});
