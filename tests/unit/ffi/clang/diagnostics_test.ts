import { missingHeader, parseDiagnostics } from "../../../../ffi/clang/diagnostics.ts";
import { bpfArch, bpfFlags, majorVersion } from "../../../../ffi/clang/flags.ts";
import { assertEquals } from "../../../assert.ts";

const TEXT = `In file included from tracer.bpf.c:1:
/usr/include/bpf/bpf_tracing.h:9:2: warning: something: else [-Wx]
tracer.bpf.c:4:9: error: use of undeclared identifier 'foo'; did you mean 'for'?
        return foo + 1;
               ^~~
               for
tracer.bpf.c:1:10: fatal error: 'nonono.h' file not found
#include "nonono.h"
         ^~~~~~~~~~
1 warning and 2 errors generated.
`;

Deno.test("clang's words are taken apart, with the lines and carets below each", () => {
  const [warning, error, header, ...more] = parseDiagnostics(TEXT);
  assertEquals(more, []);
  assertEquals(warning, {
    file: "/usr/include/bpf/bpf_tracing.h",
    line: 9,
    column: 2,
    severity: "warning",
    message: "something: else [-Wx]",
    source: [],
  });
  assertEquals(error, {
    file: "tracer.bpf.c",
    line: 4,
    column: 9,
    severity: "error",
    message: "use of undeclared identifier 'foo'; did you mean 'for'?",
    source: ["        return foo + 1;", "               ^~~", "               for"],
  });
  assertEquals([missingHeader(error!), missingHeader(header!)], [undefined, "nonono.h"]);
  assertEquals(header!.source, ['#include "nonono.h"', "         ^~~~~~~~~~"]);
  assertEquals(parseDiagnostics(""), []);
});

Deno.test("the flags name the processor, and look into folders in their order", () => {
  const flags = bpfFlags({ arch: bpfArch("aarch64"), include: ["/a", "/b"], root: "/src" });
  assertEquals(flags.slice(-7), [
    ...["-I", "/a", "-I", "/b"],
    ...["-D__TARGET_ARCH_arm64", "-ffile-prefix-map=/src=.", "-c"],
  ]);
  assertEquals(bpfArch("x86_64"), "x86");
  assertEquals(majorVersion("Debian clang version 14.0.6\nTarget: x86_64"), 14);
  assertEquals(majorVersion("gcc"), NaN);
});
