import { filesOf, findProgram, programFiles } from "../../../../cmd/vm/host_files.ts";
import { assertEquals } from "../../../assert.ts";

function inFolder(use: (folder: string) => void): void {
  const folder = Deno.makeTempDirSync({ prefix: "gimlet-test-" });
  try {
    use(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

Deno.test("filesOf() reads SRC[:DST], and takes a folder for the files in it", () => {
  inFolder((folder) => {
    Deno.mkdirSync(`${folder}/a/b`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/a/b/one`, "");
    Deno.writeTextFileSync(`${folder}/two`, "");
    Deno.symlinkSync("../two", `${folder}/a/link`);
    Deno.symlinkSync("nowhere", `${folder}/a/dead`);
    Deno.symlinkSync("..", `${folder}/a/up`);
    const byTarget = (spec: string) =>
      filesOf(spec).toSorted((a, b) => a.source < b.source ? -1 : 1);
    assertEquals(byTarget(`${folder}/a:/x/./y`), [
      { source: `${folder}/a/b/one`, target: "/x/y/b/one" },
      { source: `${folder}/a/link`, target: "/x/y/link" },
    ]);
    assertEquals(byTarget(`${folder}/two`), [
      { source: `${folder}/two`, target: `${folder}/two` },
    ]);
    assertEquals(filesOf("/nonexistent"), [{ source: "/nonexistent", target: "/nonexistent" }]);
  });
});

Deno.test("programFiles() adds the interpreters of scripts", () => {
  inFolder((folder) => {
    const script = (name: string, text: string) => {
      Deno.writeTextFileSync(`${folder}/${name}`, text);
      return `${folder}/${name}`;
    };
    const sources = (path: string) => programFiles(path).map(({ source }) => source);
    assertEquals(sources(script("plain", "echo")), [`${folder}/plain`]);
    assertEquals(sources(script("a", "#! /bin/sh -e\n")), [`${folder}/a`, "/bin/sh"]);
    const sh = findProgram("sh")!;
    assertEquals(sources(script("b", "#!/usr/bin/env sh\n")), [
      `${folder}/b`,
      "/usr/bin/env",
      sh,
    ]);
    assertEquals(sources(script("c", `#!${folder}/a x\n`)), [
      `${folder}/c`,
      `${folder}/a`,
      "/bin/sh",
    ]);
  });
});
